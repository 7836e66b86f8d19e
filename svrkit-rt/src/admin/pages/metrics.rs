//! `/metrics`: every series as OpenMetrics.

use crate::admin::state::State;
use crate::http::{PageRequest, PageResponse};
use crate::monitor;

pub(super) fn page(_: &State, _: &PageRequest) -> PageResponse {
    // No labels beside the series' own: whoever collects adds where they are from.
    let text = monitor::snapshot().to_openmetrics(&[]);
    PageResponse::new(monitor::CONTENT_TYPE, text)
}
