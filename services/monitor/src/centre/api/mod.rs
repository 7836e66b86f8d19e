//! The centre over HTTP: JSON for the page and for tools, the page itself, and `/metrics`.
//!
//! What is asked for is read on threads that may block. Whatever agents said of themselves leaves as JSON strings and nothing else: what
//! a page makes of them is text.

mod alarms;
mod assets;
mod graph;
mod instances;
mod labels;
mod live;
mod methods;
mod openmetrics;
mod overview;
mod query;
mod recent;
mod series;
mod tiles;

use crate::config::Config;
use crate::keeper::AlarmsHandle;
use crate::plan::Plans;
use crate::store::Past;
use live::Live;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{PageRequest, PageResponse, Pages, Status};

/// What the pages are made of.
#[derive(Clone)]
pub(super) struct Site {
    past: Past,
    alarms: AlarmsHandle,
    plans: Plans,
    live: Arc<Live>,
    token: Arc<str>,
}

impl Site {
    pub(super) fn new(config: &Config, past: Past, alarms: AlarmsHandle, plans: Plans) -> Site {
        let every = Duration::from_millis(config.live_ms.max(1_000));
        let live = Live::new(past.clone(), alarms.clone(), plans.clone(), every);
        Site {
            past,
            alarms,
            plans,
            live: Arc::new(live),
            token: config.token.as_str().into(),
        }
    }

    /// Every page.
    pub(super) fn pages(&self) -> Pages {
        let page = |answer: fn(Site, PageRequest) -> Answering| {
            let site = self.clone();
            move |request| answer(site.clone(), request)
        };
        let pages = Pages::new()
            .get(
                "/api/overview",
                page(|site, request| Box::pin(live::overview(site, request))),
            )
            .get(
                "/api/live",
                page(|site, request| Box::pin(live::live(site, request))),
            )
            .get(
                "/api/series",
                page(|site, request| Box::pin(series::list(site, request))),
            )
            .get(
                "/api/query",
                page(|site, request| Box::pin(query::query(site, request))),
            )
            .get(
                "/api/alarms",
                page(|site, request| Box::pin(alarms::list(site, request))),
            )
            .post(
                "/api/silences",
                page(|site, request| Box::pin(alarms::silence(site, request))),
            )
            .delete(
                "/api/silences/*",
                page(|site, request| Box::pin(alarms::unsilence(site, request))),
            )
            .get(
                "/metrics",
                page(|site, _| Box::pin(openmetrics::metrics(site))),
            );
        assets::add_to(pages)
    }
}

type Answering = std::pin::Pin<Box<dyn Future<Output = Result<PageResponse, Status>> + Send>>;

/// A number of a query; `usual` when it is not there.
///
/// # Errors
/// `InvalidArgument` when it is none.
fn number(request: &PageRequest, name: &str, usual: u64) -> Result<u64, Status> {
    match request.query().get(name) {
        None | Some("") => Ok(usual),
        Some(text) => {
            let number = text.parse();
            number.map_err(|_| Status::invalid_argument(format!("{name} is no number")))
        }
    }
}

/// JSON of something that is always JSON.
fn json(of: &impl serde::Serialize) -> Result<PageResponse, Status> {
    let text = serde_json::to_vec(of);
    let text = text.map_err(|error| Status::internal(error.to_string()))?;
    Ok(PageResponse::json(text))
}
