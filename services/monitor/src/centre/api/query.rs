//! `/api/query`: curves.

use super::{Site, json, labels, number};
use crate::centre::curves::{self, Ask, Curves, Overlay};
use crate::centre::service::aside;
use serde::Serialize;
use svrkit_rt::{PageRequest, PageResponse, Status};

#[derive(Serialize)]
struct Answer<'a> {
    t: &'a [u64],
    lines: Vec<Line<'a>>,
    unit: &'a str,
    kind: &'a str,
    help: &'a str,
    dropped: usize,
}

#[derive(Serialize)]
struct Line<'a> {
    title: &'a str,
    overlay: Option<&'static str>,
    v: &'a [Option<f64>],
}

pub(super) async fn query(site: Site, request: PageRequest) -> Result<PageResponse, Status> {
    let text = |name| request.query().get(name).unwrap_or_default().to_owned();
    let overlays = text("overlay");
    let overlay = |name: &str| {
        Overlay::ALL
            .into_iter()
            .find(|overlay| overlay.name() == name)
    };
    let ask = Ask {
        name: text("name"),
        labels: labels::parse(&text("labels")),
        value: text("value"),
        by: text("by"),
        from_s: number(&request, "from", 0)?,
        to_s: number(&request, "to", 0)?,
        step_s: number(&request, "step", 0)?,
        overlays: overlays.split(',').filter_map(overlay).collect(),
    };
    let past = site.past;
    let curves = aside(move || curves::draw(&past, &ask)).await??;
    json(&answer(&curves))
}

fn answer(curves: &Curves) -> Answer<'_> {
    let lines = curves.lines.iter().map(|line| Line {
        title: &line.title,
        overlay: line.overlay.map(Overlay::name),
        v: &line.values,
    });
    let metric = curves.metric.as_deref();
    Answer {
        t: &curves.at_s,
        lines: lines.collect(),
        unit: metric.map_or("", |metric| &metric.unit),
        kind: metric.map_or("", |metric| metric.kind.name()),
        help: metric.map_or("", |metric| &metric.help),
        dropped: curves.dropped,
    }
}
