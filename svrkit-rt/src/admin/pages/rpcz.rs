//! `/rpcz`: calls that failed, were slow or were sampled; and a trace, across processes.

use crate::admin::asking::ask;
use crate::admin::curve;
use crate::admin::doc::{Cell, Doc, Part, Table, Tone, figures, words};
use crate::admin::links::link;
use crate::admin::state::State;
use crate::admin::trace::{Seen, tree};
use crate::admin::units;
use crate::clock;
use crate::http::{Form, Html, PageRequest, PageResponse};
use crate::spans::{self, Why};
use crate::status::Code;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Calls of a kind on the page.
const ROWS: usize = 100;
/// Processes asked for their part of a trace.
const SIBLINGS_MAX: usize = 64;

/// Calls with `q` in their method, code or message; or those of a `trace`, of all processes unless it is to be `local`.
pub(super) async fn page(state: Arc<State>, request: PageRequest) -> PageResponse {
    let query = request.query();
    match query.get("trace").map(str::to_owned) {
        Some(trace) => one(&state, &request, &trace, query.get("local").is_some()).await,
        None => recent(&state, &request),
    }
}

fn recent(state: &State, request: &PageRequest) -> PageResponse {
    let wanted = request.query().get("q").unwrap_or_default().to_lowercase();
    let kinds = [
        (Why::Failed, "failed", "Failed"),
        (Why::Slow, "slow", "Slow"),
        (Why::Declined, "declined", "Declined"),
        (Why::Sampled, "sampled", "Sampled"),
    ];
    let found = kinds.map(|(why, key, title)| {
        let spans = spans::recent(why).into_iter();
        let seen = spans.map(|span| Seen::here(&state.admin.name, &span));
        let found = seen.filter(|seen| {
            let texts = [&seen.method, &seen.code, &seen.message];
            texts
                .iter()
                .any(|text| text.to_lowercase().contains(&wanted))
        });
        (why, key, title, found.collect::<Vec<Seen>>())
    });
    let doc = |_: Form| {
        let mut doc = Doc::new("Calls");
        doc.paragraph(format!(
            "Kept here: the last calls that failed, that took {} or more, that were declined (not found, not allowed), and one trace of {} whole. A row is a trace.",
            units::micros(spans::slow_us() as f64),
            spans::sampled_one_in()
        ));
        doc.part(Part::Figure(search(&wanted)));
        for (why, _, title, seen) in &found {
            doc.heading(*title);
            let missed = spans::missed(*why);
            if missed > 0 {
                let missed = units::whole(i128::from(missed));
                doc.paragraph(format!("{missed} more came too fast and were not kept."));
            }
            doc.part(Part::Table(table(&by_trace(seen))));
        }
        doc
    };
    let json = || {
        let kinds = found.iter().map(|(_, key, _, seen)| {
            let seen: Vec<Value> = seen.iter().map(Seen::to_json).collect();
            ((*key).to_owned(), Value::from(seen))
        });
        Value::Object(kinds.collect())
    };
    state.answer(request, doc, json)
}

fn search(wanted: &str) -> Html {
    let mut html = Html::new();
    html.raw("<form method=\"get\" action=\"/rpcz\" class=\"search\" role=\"search\">");
    html.raw("<input name=\"q\" type=\"search\" aria-label=\"search\" placeholder=\"part of a method, code or message\" value=\"");
    html.text(wanted).raw("\"> <button>search</button></form>");
    html
}

/// What is kept of a trace for one reason.
struct Row<'a> {
    /// The end that began first: where it came in.
    first: &'a Seen,
    /// The end that began last: where it happened.
    last: &'a Seen,
    ends: usize,
}

/// The newest traces. What has no trace stands alone.
fn by_trace(seen: &[Seen]) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for seen in seen {
        let place = places
            .get(seen.trace.as_str())
            .filter(|_| !seen.trace.is_empty());
        if let Some(row) = place.and_then(|place| rows.get_mut(*place)) {
            row.ends += 1;
            if seen.started_us < row.first.started_us {
                row.first = seen;
            }
            if seen.started_us > row.last.started_us {
                row.last = seen;
            }
        } else if rows.len() < ROWS {
            places.insert(&seen.trace, rows.len());
            rows.push(Row {
                first: seen,
                last: seen,
                ends: 1,
            });
        }
    }
    rows
}

fn table(rows: &[Row<'_>]) -> Table {
    let columns = [
        figures("ago"),
        words("trace"),
        figures("ends"),
        words("came in as"),
        words("happened in"),
        figures("took"),
        figures("queued"),
        words("outcome"),
        figures("request"),
        figures("answer"),
    ];
    let now_us = clock::now_us();
    let mut table = Table::new(columns, "None.");
    for Row { first, last, ends } in rows {
        let ago = Duration::from_micros(now_us.saturating_sub(first.started_us));
        let trace = match first.trace.get(..8) {
            Some(start) => Cell::code(start).link(link("/rpcz", &[("trace", &first.trace)])),
            None => Cell::dim("refused at once"),
        };
        let happened = match last.method == first.method {
            true => Cell::dim("itself"),
            false => Cell::code(&last.method),
        };
        table.rows.push(vec![
            units::age(ago).into(),
            trace,
            (*ends).into(),
            Cell::code(&first.method),
            happened,
            units::micros(first.took_us as f64).into(),
            units::micros(last.queued_us as f64).into(),
            outcome(last),
            units::bytes(first.request_bytes as f64).into(),
            units::bytes(first.response_bytes as f64).into(),
        ]);
    }
    table
}

fn outcome(seen: &Seen) -> Cell {
    let text = match seen.message.as_str() {
        "" => seen.code.clone(),
        message => format!("{}: {message}", seen.code),
    };
    Cell::new(text).tone(match Code::from_name(&seen.code) {
        Some(Code::Ok) => Tone::Dim,
        Some(code) if !code.is_fault() => Tone::Plain,
        _ => Tone::Bad,
    })
}

async fn one(state: &State, request: &PageRequest, trace: &str, local: bool) -> PageResponse {
    let id = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0);
    let Some(id) = id.filter(|_| trace.len() <= 32) else {
        let doc = |_: Form| {
            let mut doc = Doc::new("Calls");
            doc.part(Part::Paragraph(
                Tone::Bad,
                "A trace is 32 hexadecimal digits.".to_owned(),
            ));
            doc
        };
        let json = || json!({ "message": "a trace is 32 hexadecimal digits" });
        return state.answer(request, doc, json).status(400);
    };
    let own = spans::of_trace(id);
    let mut seen: Vec<Seen> = own
        .iter()
        .map(|span| Seen::here(&state.admin.name, span))
        .collect();
    let silent = match local {
        true => Vec::new(),
        false => ask_siblings(state, id, &mut seen).await,
    };
    let doc = |_: Form| trace_doc(id, &seen, &silent);
    let json = || {
        let seen: Vec<Value> = seen.iter().map(Seen::to_json).collect();
        json!({ "spans": seen, "silent": silent })
    };
    state.answer(request, doc, json)
}

/// Adds what other processes kept of the trace; returns who did not say, and why.
async fn ask_siblings(state: &State, id: u128, seen: &mut Vec<Seen>) -> Vec<String> {
    let mut asked = JoinSet::new();
    let target = format!("/rpcz?trace={id:032x}&local=1");
    for sibling in state.admin.siblings.iter().take(SIBLINGS_MAX) {
        let (sibling, token) = (sibling.clone(), state.lock.token().cloned());
        let target = target.clone();
        asked.spawn(async move {
            let (name, address) = sibling;
            let answer = ask(&address, &target, token.as_ref()).await;
            answer.map_err(|e| format!("{name} at {address}: {e}"))
        });
    }
    let mut silent = Vec::new();
    for answer in asked.join_all().await {
        match answer {
            Ok(answer) => {
                let spans = answer["spans"].as_array().into_iter().flatten();
                seen.extend(spans.map(Seen::from_json));
            }
            Err(why) => silent.push(why),
        }
    }
    silent.sort();
    silent
}

fn trace_doc(id: u128, seen: &[Seen], silent: &[String]) -> Doc {
    let mut doc = Doc::new("Trace");
    doc.heading(format!("{id:032x}"));
    let began = seen.iter().map(|s| s.started_us).min().unwrap_or(0);
    let ended = seen.iter().map(|s| s.started_us + s.took_us).max();
    let whole_us = ended.unwrap_or(0).saturating_sub(began);
    doc.paragraph(format!(
        "{} ends of calls in {}. Fast ones are kept only if the whole trace is sampled.",
        seen.len(),
        units::micros(whole_us as f64)
    ));
    let columns = [
        words("method"),
        words("side"),
        words("process"),
        figures("began"),
        figures("took"),
        figures("queued"),
        words("when"),
        words("outcome"),
    ];
    let mut table = Table::new(columns, "Nothing is kept of this trace, or not any more.");
    for (depth, span) in tree(seen.to_vec()) {
        let after_us = span.started_us.saturating_sub(began);
        let share = |us: u64| us as f32 / whole_us.max(1) as f32;
        let failed = span.code != "ok";
        let bar = curve::bar(share(after_us), share(span.took_us), failed);
        table.rows.push(vec![
            Cell::code(&span.method).depth(depth),
            Cell::new(&span.side),
            Cell::new(&span.process),
            format!("+{}", units::micros(after_us as f64)).into(),
            units::micros(span.took_us as f64).into(),
            units::micros(span.queued_us as f64).into(),
            Cell::default().drawing(bar),
            outcome(&span),
        ]);
    }
    doc.part(Part::Table(table));
    for why in silent {
        doc.part(Part::Paragraph(
            Tone::Bad,
            format!("Not asked in full: {why}"),
        ));
    }
    doc
}
