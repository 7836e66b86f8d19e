//! All that fires, told again and again to an Alertmanager, which keeps nothing over its own restarts.

use super::alertmanager::alerts;
use super::error::SinkError;
use super::figures::Figures;
use super::post::post;
use super::settings::HttpPlan;
use crate::alarms::{Alarm, Ended};
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::clock;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// Seconds between two reports while nothing changes, as Prometheus has it.
pub(super) const RESEND_S: u64 = 60;
/// Seconds that an alarm's end is reported, as Prometheus has it.
pub(crate) const ENDED_S: u64 = 15 * 60;

/// What fires, and what was over within the last quarter of an hour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Current {
    /// Not muted.
    pub firing: Vec<Alarm>,
    /// The newest first.
    pub over: Vec<Ended>,
}

/// Reports for ever; it is ended by being dropped. What could not be told is told the next time.
pub(super) async fn report(
    plan: HttpPlan,
    page: String,
    mut current: watch::Receiver<Arc<Current>>,
    figures: Arc<Figures>,
) {
    let mut turns = interval(Duration::from_secs(RESEND_S));
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = turns.tick() => {}
            changed = current.changed() => if changed.is_err() { return },
        }
        let now = current.borrow_and_update().clone();
        if now.firing.is_empty() && now.over.is_empty() {
            continue;
        }
        match told(&plan, &page, &now).await {
            Ok(()) => figures.delivered(),
            Err(error) => figures.failed(&error),
        }
    }
}

async fn told(plan: &HttpPlan, page: &str, current: &Current) -> Result<(), SinkError> {
    let now_s = clock::now_ms() / 1_000;
    post(plan, &alerts(current, now_s, page)).await
}
