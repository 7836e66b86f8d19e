//! `/api/overview` and `/api/live`: the overview, and the overview again and again. However many look, it is made once each few seconds.

use super::overview::overview as look;
use super::{Site, number};
use crate::centre::service::aside;
use crate::keeper::AlarmsHandle;
use crate::plan::Plans;
use crate::store::Past;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{Event, PageRequest, PageResponse, Status};
use tokio::sync::Mutex;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Ranges that somebody may look at, in seconds.
const RANGE_S: std::ops::RangeInclusive<u64> = 600..=15 * 86_400;
const RANGE_USUAL_S: u64 = 3_600;
/// Ranges that are kept.
const KEPT_MAX: usize = 16;

/// The overview as JSON, by range.
pub(super) struct Live {
    past: Past,
    alarms: AlarmsHandle,
    plans: Plans,
    every: Duration,
    /// Held while one is made: whoever comes meanwhile waits for it, and does not make another.
    made: Mutex<BTreeMap<u64, (Instant, Arc<str>)>>,
}

impl Live {
    pub(super) fn new(past: Past, alarms: AlarmsHandle, plans: Plans, every: Duration) -> Live {
        Live {
            past,
            alarms,
            plans,
            every,
            made: Mutex::default(),
        }
    }

    /// One that is not older than the next one would be.
    async fn get(&self, range_s: u64) -> Result<Arc<str>, Status> {
        let mut made = self.made.lock().await;
        let now = Instant::now();
        made.retain(|_, (at, _)| now.duration_since(*at) < self.every);
        if let Some((_, json)) = made.get(&range_s) {
            return Ok(json.clone());
        }
        if made.len() >= KEPT_MAX {
            return Err(Status::overloaded("too many different ranges at once"));
        }
        let (past, shown) = (self.past.clone(), self.alarms.shown());
        let plan = self.plans.borrow().clone();
        let json = aside(move || serde_json::to_string(&look(&past, &shown, &plan, range_s)));
        let json = json
            .await?
            .map_err(|error| Status::internal(error.to_string()))?;
        let json: Arc<str> = json.into();
        made.insert(range_s, (now, json.clone()));
        Ok(json)
    }
}

fn range(request: &PageRequest) -> Result<u64, Status> {
    let range_s = number(request, "range_s", RANGE_USUAL_S)?;
    Ok(range_s.clamp(*RANGE_S.start(), *RANGE_S.end()))
}

pub(super) async fn overview(site: Site, request: PageRequest) -> Result<PageResponse, Status> {
    let json = site.live.get(range(&request)?).await?;
    Ok(PageResponse::json(json.to_string()))
}

pub(super) async fn live(site: Site, request: PageRequest) -> Result<PageResponse, Status> {
    let range_s = range(&request)?;
    Ok(PageResponse::events(move |events| async move {
        let mut looks = interval(site.live.every);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let Ok(json) = site.live.get(range_s).await else {
                // Too much at once: the next look may do.
                continue;
            };
            let event = Event::new(&json).name("overview");
            if events.send(event).await.is_err() {
                return;
            }
        }
    }))
}
