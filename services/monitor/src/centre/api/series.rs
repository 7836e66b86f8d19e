//! `/api/series`: what there is.

use super::{Site, json, number};
use crate::centre::listing::{self, FoundSeries};
use crate::centre::service::aside;
use serde::Serialize;
use std::collections::BTreeMap;
use svrkit_rt::{PageRequest, PageResponse, Status};

#[derive(Serialize)]
struct Answer<'a> {
    series: Vec<Listed<'a>>,
    more: bool,
}

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    labels: BTreeMap<&'a str, &'a str>,
    kind: &'a str,
    unit: &'a str,
    help: &'a str,
    last: Option<f64>,
}

pub(super) async fn list(site: Site, request: PageRequest) -> Result<PageResponse, Status> {
    let text = request.query().get("match").unwrap_or_default().to_owned();
    let limit = number(&request, "limit", 0)?;
    let past = site.past;
    let found = aside(move || listing::find(&past, &text, limit as usize)).await?;
    json(&Answer {
        series: found.series.iter().map(listed).collect(),
        more: found.more,
    })
}

fn listed(found: &FoundSeries) -> Listed<'_> {
    let definition = &*found.definition;
    let labels = definition.labels.iter();
    Listed {
        name: &definition.name,
        labels: labels
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
        kind: definition.kind.name(),
        unit: &definition.unit,
        help: &definition.help,
        last: found.last,
    }
}
