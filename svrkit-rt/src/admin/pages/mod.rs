//! The pages, one a file.

mod config;
mod connections;
mod flags;
mod fleet;
mod health;
#[cfg(feature = "hotspots")]
mod hotspots;
mod index;
mod metrics;
#[cfg(not(feature = "hotspots"))]
mod no_hotspots;
mod record;
mod rpcz;
mod services;
mod status;
mod vars;

use super::state::State;
use crate::http::{PageLimits, PageRequest, PageResponse, Pages};
use std::future::{Future, Ready, ready};
use std::sync::Arc;

/// Path and name of the pages that each page leads to.
pub(super) const NAVIGATION: [(&str, &str); 10] = [
    ("/status", "Status"),
    ("/connections", "Connections"),
    ("/fleet", "Fleet"),
    ("/vars", "Vars"),
    ("/rpcz", "Calls"),
    ("/flags", "Flags"),
    ("/config", "Config"),
    ("/hotspots", "Hotspots"),
    ("/record", "Record"),
    ("/services", "Services"),
];

/// The stylesheet of all pages.
const STYLE: &str = include_str!("../style.css");

pub(super) fn all(state: &Arc<State>) -> Pages {
    let guard = state.clone();
    #[cfg(feature = "hotspots")]
    let hotspots = waiting(state, hotspots::page);
    #[cfg(not(feature = "hotspots"))]
    let hotspots = on(state, no_hotspots::page);
    Pages::new()
        .limits(PageLimits {
            // A profile takes a minute, and finding its names some seconds.
            timeout_ms: 90_000,
            ..PageLimits::default()
        })
        .guard(move |request| guard.lock.may_look(request))
        .get("/", on(state, index::page))
        .get("/status", on(state, status::page))
        .get("/connections", on(state, connections::page))
        .get("/fleet", on(state, fleet::page))
        .get("/vars", on(state, vars::page))
        .get("/rpcz", waiting(state, rpcz::page))
        .get("/flags", on(state, flags::page))
        .post("/flags", on(state, flags::change))
        .get("/config", on(state, config::page))
        .get("/hotspots", hotspots)
        .get("/record", on(state, record::page))
        .post("/record", waiting(state, record::change))
        .get("/health", on(state, health::health))
        .get("/ready", on(state, health::ready))
        .get("/services", on(state, services::page))
        .get("/metrics", on(state, metrics::page))
        .get("/style.css", |_| {
            let style = PageResponse::new("text/css; charset=utf-8", STYLE);
            ready(style.header("cache-control", "max-age=300"))
        })
}

/// A page that waits for something.
fn waiting<Fut: Future<Output = PageResponse> + Send + 'static>(
    state: &Arc<State>,
    page: fn(Arc<State>, PageRequest) -> Fut,
) -> impl Fn(PageRequest) -> Fut + Send + Sync + 'static {
    let state = state.clone();
    move |request| page(state.clone(), request)
}

/// A page that need not wait for anything.
fn on(
    state: &Arc<State>,
    page: fn(&State, &PageRequest) -> PageResponse,
) -> impl Fn(PageRequest) -> Ready<PageResponse> + Send + Sync + 'static {
    let state = state.clone();
    move |request| ready(page(&state, &request))
}
