//! `/vars`: every series with its value and a curve of the last minutes.

use crate::admin::curve::{self, Line};
use crate::admin::doc::{Cell, Doc, Part, Table, Tone, figures, words};
use crate::admin::history::{PERIOD, POINTS, Points};
use crate::admin::links::link;
use crate::admin::state::State;
use crate::admin::units;
use crate::http::{Form, Html, PageRequest, PageResponse};
use crate::monitor::{self, Kind, Metric, Series, Value};
use serde_json::{Map, json};

/// Series on one page, and how many may be asked for.
const PAGE: usize = 100;
const PAGE_MAX: usize = 5_000;

/// All series, or those with `q` in their name or labels; or the one that `series` names.
pub(super) fn page(state: &State, request: &PageRequest) -> PageResponse {
    let query = request.query();
    let mut all = monitor::snapshot().series;
    if let Some(wanted) = query.get("series") {
        return match all.iter().find(|series| name(series) == wanted) {
            Some(series) => one(state, request, series),
            None => none(state, request, wanted),
        };
    }
    let wanted = query.get("q").unwrap_or_default().trim().to_lowercase();
    let number = |name| query.get(name).and_then(|n| n.parse::<usize>().ok());
    let skip = number("skip").unwrap_or(0);
    let max = number("max").map_or(PAGE, |n| n.clamp(1, PAGE_MAX));
    all.retain(|series| name(series).to_lowercase().contains(&wanted));
    all.sort_by_cached_key(name);
    let found = all.len();
    let shown: Vec<Series> = all.into_iter().skip(skip).take(max).collect();
    let doc = |_: Form| {
        let mut doc = Doc::new("Vars");
        doc.part(Part::Figure(search(&wanted)));
        let end = skip + shown.len();
        doc.paragraph(format!(
            "{found} series; these are {} to {end}.",
            (skip + 1).min(end)
        ));
        let columns = [
            words("series"),
            figures("value"),
            figures("now"),
            words("ten minutes"),
        ];
        let mut table = Table::new(columns, "No series has that in its name.");
        table.rows = shown.iter().map(|series| row(state, series)).collect();
        doc.part(Part::Table(table));
        doc.part(Part::Line(turn(&wanted, skip, max, found)));
        doc
    };
    let json = || {
        let series: Vec<_> = shown.iter().map(json_of).collect();
        json!({ "found": found, "series": series })
    };
    state.answer(request, doc, json)
}

/// The way to the page before and after.
fn turn(wanted: &str, skip: usize, max: usize, found: usize) -> Vec<Cell> {
    let to = |title: &'static str, skip: usize| {
        let (skip, max) = (skip.to_string(), max.to_string());
        let fields = [
            ("q", wanted),
            ("skip", skip.as_str()),
            ("max", max.as_str()),
        ];
        Cell::new(title).link(link("/vars", &fields))
    };
    let before = (skip > 0).then(|| to("← before", skip.saturating_sub(max)));
    let after = (skip + max < found).then(|| to("after →", skip + max));
    before.into_iter().chain(after).collect()
}

fn search(wanted: &str) -> Html {
    let mut html = Html::new();
    html.raw("<form method=\"get\" action=\"/vars\" class=\"search\" role=\"search\">");
    html.raw("<input name=\"q\" type=\"search\" aria-label=\"search\" placeholder=\"part of a name or label\" value=\"");
    html.text(wanted).raw("\"> <button>search</button></form>");
    html
}

fn row(state: &State, series: &Series) -> Vec<Cell> {
    let points = state.history.points(series);
    let drawing = points
        .as_ref()
        .and_then(|points| curve::small(points.first()));
    let curve = match drawing {
        Some(drawing) => Cell::default().drawing(drawing),
        None => Cell::dim(""),
    };
    let name = name(series);
    let to = link("/vars", &[("series", &name)]);
    vec![
        Cell::code(name).link(to),
        Cell::new(value(series)),
        Cell::dim(points.map_or(String::new(), |points| now(&series.metric, &points))),
        curve,
    ]
}

fn one(state: &State, request: &PageRequest, series: &Series) -> PageResponse {
    let metric = &series.metric;
    let doc = |_: Form| {
        let mut doc = Doc::new("Vars");
        doc.heading(name(series));
        if !metric.help.is_empty() {
            doc.paragraph(&metric.help);
        }
        let unit = match metric.unit.as_str() {
            "" => Cell::dim("none"),
            unit => Cell::new(unit),
        };
        doc.part(Part::Facts(vec![
            ("kind", metric.kind.name().into()),
            ("unit", unit),
            ("value", Cell::new(value(series))),
        ]));
        let span_s = PERIOD.as_secs() * POINTS as u64;
        match state.history.points(series) {
            None => {
                doc.paragraph("No curve yet: it begins with the next look, within seconds.");
            }
            Some(Points::Plain(points)) => {
                let title = if metric.kind == Kind::Counter {
                    "a second"
                } else {
                    "level"
                };
                let line = Line { title, points };
                let unit = |v| in_unit(metric, v);
                doc.heading(title);
                doc.part(Part::Figure(curve::large(&[line], unit, span_s)));
            }
            Some(Points::Histogram { rate, p50, p99 }) => {
                let quantiles = [
                    Line {
                        title: "p50",
                        points: p50,
                    },
                    Line {
                        title: "p99",
                        points: p99,
                    },
                ];
                doc.heading("of every five seconds");
                let unit = |v| in_unit(metric, v);
                doc.part(Part::Figure(curve::large(&quantiles, unit, span_s)));
                let rate = Line {
                    title: "a second",
                    points: rate,
                };
                doc.heading("values a second");
                doc.part(Part::Figure(curve::large(&[rate], units::number, span_s)));
            }
        }
        doc
    };
    state.answer(request, doc, || json_of(series))
}

fn none(state: &State, request: &PageRequest, wanted: &str) -> PageResponse {
    let message = format!("There is no series {wanted}.");
    let doc = |_: Form| {
        let mut doc = Doc::new("Vars");
        doc.part(Part::Paragraph(Tone::Bad, message.clone()));
        doc
    };
    state
        .answer(request, doc, || json!({ "message": message }))
        .status(404)
}

/// As OpenMetrics writes it: `rpc_server_calls{code="ok",method="Send"}`.
fn name(series: &Series) -> String {
    let mut name = series.metric.name.clone();
    for (n, (key, value)) in series.labels.iter().enumerate() {
        name.push(if n == 0 { '{' } else { ',' });
        name.push_str(&format!("{key}={value:?}"));
    }
    if !series.labels.is_empty() {
        name.push('}');
    }
    name
}

/// What it stands at.
fn value(series: &Series) -> String {
    match &series.value {
        Value::Counter(n) if series.metric.unit == "bytes" => units::bytes(*n as f64),
        Value::Counter(n) => units::whole(i128::from(*n)),
        Value::Gauge(level) => in_unit(&series.metric, *level as f64),
        Value::Max(max) => in_unit(&series.metric, *max as f64),
        Value::Histogram(buckets) => {
            let count = units::whole(i128::from(buckets.count()));
            let quantile = |q| {
                buckets
                    .quantile(q)
                    .map_or("–".to_owned(), |v| in_unit(&series.metric, v))
            };
            format!(
                "{count} values, p50 {}, p99 {}",
                quantile(0.5),
                quantile(0.99)
            )
        }
    }
}

/// What the newest points say.
fn now(metric: &Metric, points: &Points) -> String {
    let newest = |points: &[f32]| points.last().copied().filter(|p| p.is_finite());
    match points {
        Points::Plain(points) if metric.kind == Kind::Counter => {
            newest(points).map_or(String::new(), |rate| match metric.unit.as_str() {
                "bytes" => format!("{}/s", units::bytes(f64::from(rate))),
                _ => format!("{}/s", units::number(f64::from(rate))),
            })
        }
        Points::Plain(_) => String::new(),
        Points::Histogram { rate, p99, .. } => {
            let rate = newest(rate).map(|rate| format!("{}/s", units::number(f64::from(rate))));
            let p99 = newest(p99).map(|p99| format!("p99 {}", in_unit(metric, f64::from(p99))));
            let parts: Vec<String> = rate.into_iter().chain(p99).collect();
            parts.join(", ")
        }
    }
}

fn in_unit(metric: &Metric, value: f64) -> String {
    match metric.unit.as_str() {
        "bytes" => units::bytes(value),
        "microseconds" => units::micros(value),
        "milliseconds" => units::micros(value * 1e3),
        "seconds" => units::micros(value * 1e6),
        _ => units::number(value),
    }
}

fn json_of(series: &Series) -> serde_json::Value {
    let labels = series.labels.iter();
    let labels = labels.map(|(key, value)| (key.clone(), value.clone().into()));
    let value = match &series.value {
        Value::Counter(n) | Value::Max(n) => json!(n),
        Value::Gauge(level) => json!(level),
        Value::Histogram(buckets) => json!({
            "count": buckets.count(),
            "sum": buckets.sum,
            "p50": buckets.quantile(0.5),
            "p90": buckets.quantile(0.9),
            "p99": buckets.quantile(0.99),
        }),
    };
    json!({
        "name": series.metric.name,
        "labels": labels.collect::<Map<_, _>>(),
        "kind": series.metric.kind.name(),
        "unit": series.metric.unit,
        "help": series.metric.help,
        "value": value,
    })
}
