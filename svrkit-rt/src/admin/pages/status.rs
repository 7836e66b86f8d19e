//! `/status`: the methods of this process, worst first, those that it calls, and who is let in.

use crate::admin::admission::{self, admissions};
use crate::admin::compression;
use crate::admin::curve;
use crate::admin::doc::{Cell, Doc, Part, Table, Tone, figures, words};
use crate::admin::links::link;
use crate::admin::methods::{Method, Methods, Side};
use crate::admin::state::State;
use crate::admin::units;
use crate::http::{Form, PageRequest, PageResponse};
use crate::monitor::{self, Buckets};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Seconds between two looks of a browser that is to go on looking.
const REFRESH_S: u64 = 5;

type Row<'a> = (&'a (String, String), &'a Method);

/// Sorted by `sort`: `worst`, `calls`, `p99` or `name`; `refresh` to look again and again.
pub(super) fn page(state: &State, request: &PageRequest) -> PageResponse {
    let now = monitor::snapshot();
    let base = state.history.base(Instant::now());
    let base = base.as_ref();
    let sides = [Side::Server, Side::Client].map(|side| Methods::of(side, &now, base));
    let query = request.query();
    let sort = query.get("sort").unwrap_or("worst");
    let refresh = query.get("refresh").is_some();
    let admitting = admissions(&state.admin);
    let doc = |_: Form| {
        let mut doc = Doc::new("Status");
        doc.refresh_s = if refresh { REFRESH_S } else { 0 };
        doc.part(Part::Facts(state.facts(&sides[0], &now, base)));
        doc.part(Part::Line(views(sort, refresh)));
        for (side, title) in sides.iter().zip(["Served here", "Called from here"]) {
            doc.heading(title);
            doc.paragraph(match side.rate(0) {
                Some(_) => format!(
                    "Figures of the last {} s.",
                    side.window.unwrap_or_default().as_secs()
                ),
                None => "Figures since counting began; rates follow within seconds.".to_owned(),
            });
            doc.part(Part::Table(table(state, side, sort)));
        }
        let [served, called] = &sides;
        let compressed = compression::table(served, called);
        if !compressed.rows.is_empty() {
            doc.heading("Compression");
            doc.part(Part::Table(compressed));
        }
        if !admitting.is_empty() {
            doc.heading("Admission");
            doc.part(Part::Table(admission::table(&admitting)));
            doc.part(Part::Table(admission::refusals(served, called)));
        }
        doc
    };
    let json = || {
        let [served, called] = &sides;
        json!({
            "name": state.admin.name,
            "version": state.admin.version,
            "pid": std::process::id(),
            "up_s": state.started.elapsed().as_secs(),
            "window_s": served.window.map(|w| w.as_secs_f64()),
            "served": rows(served, sort).into_iter().map(json_of).collect::<Vec<_>>(),
            "called": rows(called, sort).into_iter().map(json_of).collect::<Vec<_>>(),
            "admission": admission::json(&admitting),
            "compressed": {
                "answers": compression::json(served),
                "requests": compression::json(called),
            },
            "refused": { "requests": served.refusals, "calls": called.refusals },
        })
    };
    state.answer(request, doc, json)
}

/// Links to the same page in another order.
fn views(sort: &str, refresh: bool) -> Vec<Cell> {
    let refreshing = if refresh { "1" } else { "" };
    let mut cells = vec![Cell::dim("sort by")];
    for by in ["worst", "calls", "p99", "name"] {
        let cell = Cell::new(by);
        cells.push(match by == sort {
            true => cell,
            false => cell.link(link("/status", &[("sort", by), ("refresh", refreshing)])),
        });
    }
    cells.push(match refresh {
        true => Cell::new("· stand still").link(link("/status", &[("sort", sort)])),
        false => {
            let to = link("/status", &[("sort", sort), ("refresh", "1")]);
            Cell::new("· look every 5 s").link(to)
        }
    });
    cells
}

fn rows<'a>(side: &'a Methods, sort: &str) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = side.methods.iter().collect();
    // Whole microseconds, because floats have no order.
    let p99 = |m: &Method| m.latency.quantile(0.99).unwrap_or(0.0) as u64;
    match sort {
        "calls" => rows.sort_by_key(|(_, m)| Reverse((m.calls, m.total))),
        "p99" => rows.sort_by_key(|(_, m)| Reverse(p99(m))),
        "name" => {}
        _ => rows.sort_by_key(|(_, m)| Reverse((m.rejections, m.failed(), m.calls, m.total))),
    }
    rows
}

fn table(state: &State, side: &Methods, sort: &str) -> Table {
    let columns = [
        words("method"),
        figures("calls/s"),
        figures("failed"),
        figures("declined"),
        figures("p50"),
        figures("p99"),
        figures("queueing p99"),
        figures("in flight"),
        figures("refused"),
        figures("repeated"),
        figures("hedged"),
        figures("all calls"),
        words("ten minutes"),
    ];
    let mut table = Table::new(columns, "None yet.");
    for ((service, name), method) in rows(side, sort) {
        let points = method.curve.as_ref();
        let points = points.and_then(|series| state.history.points(series));
        let drawing = points.and_then(|points| curve::small(points.first()));
        let rate = match side.rate(method.calls) {
            Some(rate) => units::number(rate),
            None => "–".to_owned(),
        };
        // By what the series of a method have in common.
        let labels = format!("method={name:?},service={service:?}");
        table.rows.push(vec![
            Cell::code(format!("{service}/{name}")).link(link("/vars", &[("q", &labels)])),
            rate.into(),
            share(&method.faults, method.calls, Tone::Bad),
            share(&method.declined, method.calls, Tone::Plain),
            quantile(&method.latency, 0.5),
            quantile(&method.latency, 0.99),
            quantile(&method.queueing, 0.99),
            count(method.in_flight as i128, Tone::Plain),
            count(i128::from(method.rejections), Tone::Bad),
            count(i128::from(method.retries), Tone::Plain),
            count(i128::from(method.hedges), Tone::Plain),
            units::whole(i128::from(method.total)).into(),
            match drawing {
                Some(drawing) => Cell::default().drawing(drawing),
                None => Cell::default(),
            },
        ]);
    }
    table
}

/// The share of calls that came to one of these ends, and which most of them did.
fn share(ends: &BTreeMap<String, u64>, calls: u64, tone: Tone) -> Cell {
    let most = ends.iter().max_by_key(|(_, n)| **n);
    match most {
        None => Cell::dim("0"),
        Some((code, _)) => {
            let all: u64 = ends.values().sum();
            let share = units::percent(all as f64 / calls.max(1) as f64);
            Cell::new(format!("{share} {code}")).tone(tone)
        }
    }
}

fn quantile(buckets: &Buckets, q: f64) -> Cell {
    match buckets.quantile(q) {
        Some(us) => Cell::new(units::micros(us)),
        None => Cell::dim("–"),
    }
}

fn count(n: i128, tone: Tone) -> Cell {
    match n {
        0 => Cell::dim("0"),
        n => Cell::new(units::whole(n)).tone(tone),
    }
}

fn json_of(((service, name), method): Row<'_>) -> Value {
    json!({
        "service": service,
        "method": name,
        "calls": method.calls,
        "faults": method.faults,
        "declined": method.declined,
        "p50_us": method.latency.quantile(0.5),
        "p99_us": method.latency.quantile(0.99),
        "queueing_p99_us": method.queueing.quantile(0.99),
        "in_flight": method.in_flight,
        "refused": method.rejections,
        "repeated": method.retries,
        "hedged": method.hedges,
        "all_calls": method.total,
    })
}
