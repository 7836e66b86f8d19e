//! Spans of one trace, from this process and from others, and the tree they make.

use crate::spans::{Side, Span, Why};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// Levels of a tree that are told apart; calls nest a few deep.
const DEPTH_MAX: usize = 32;

/// A span as pages show it, wherever it was kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) process: String,
    pub(super) trace: String,
    pub(super) span: String,
    /// Empty for none.
    pub(super) parent: String,
    pub(super) side: String,
    pub(super) method: String,
    pub(super) started_us: u64,
    pub(super) took_us: u64,
    pub(super) queued_us: u64,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) request_bytes: u64,
    pub(super) response_bytes: u64,
    pub(super) attempt: u64,
    pub(super) why: String,
}

impl Seen {
    pub(super) fn here(process: &str, span: &Span) -> Seen {
        let id = |id: u64| match id {
            0 => String::new(),
            id => format!("{id:016x}"),
        };
        Seen {
            process: process.to_owned(),
            trace: match span.trace_id {
                0 => String::new(),
                id => format!("{id:032x}"),
            },
            span: id(span.span_id),
            parent: id(span.parent_id),
            side: side(span.side).to_owned(),
            method: span.method.full_name.to_owned(),
            started_us: span.started_us,
            took_us: span.took_us,
            queued_us: span.queued_us,
            code: span.code.name().to_owned(),
            message: span.message.clone(),
            request_bytes: span.request_bytes as u64,
            response_bytes: span.response_bytes as u64,
            attempt: span.attempt.into(),
            why: why(span.why).to_owned(),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "process": self.process,
            "trace": self.trace,
            "span": self.span,
            "parent": self.parent,
            "side": self.side,
            "method": self.method,
            "started_us": self.started_us,
            "took_us": self.took_us,
            "queued_us": self.queued_us,
            "code": self.code,
            "message": self.message,
            "request_bytes": self.request_bytes,
            "response_bytes": self.response_bytes,
            "attempt": self.attempt,
            "why": self.why,
        })
    }

    /// As another process wrote it; what it left out is empty.
    pub(super) fn from_json(value: &Value) -> Seen {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| value[name].as_u64().unwrap_or_default();
        Seen {
            process: text("process"),
            trace: text("trace"),
            span: text("span"),
            parent: text("parent"),
            side: text("side"),
            method: text("method"),
            started_us: number("started_us"),
            took_us: number("took_us"),
            queued_us: number("queued_us"),
            code: text("code"),
            message: text("message"),
            request_bytes: number("request_bytes"),
            response_bytes: number("response_bytes"),
            attempt: number("attempt"),
            why: text("why"),
        }
    }
}

/// Spans below those that caused them, with their depth; siblings by when they began. A span whose cause nobody kept stands at the top.
pub(super) fn tree(mut spans: Vec<Seen>) -> Vec<(usize, Seen)> {
    spans.sort_by_key(|span| span.started_us);
    // Two may have kept the same one.
    let mut known = HashSet::new();
    spans.retain(|span| known.insert((span.span.clone(), span.side.clone())));
    let mut below: HashMap<&str, Vec<usize>> = HashMap::new();
    let ids: HashSet<&str> = spans.iter().map(|span| span.span.as_str()).collect();
    let mut tops = Vec::new();
    for (n, span) in spans.iter().enumerate() {
        match ids.contains(span.parent.as_str()) && span.parent != span.span {
            true => below.entry(&span.parent).or_default().push(n),
            false => tops.push(n),
        }
    }
    let mut placed = vec![false; spans.len()];
    let mut order = Vec::with_capacity(spans.len());
    // What only hangs together in a circle is shown as well, in the end.
    for top in tops.into_iter().chain(0..spans.len()) {
        let mut waiting = vec![(0, top)];
        while let Some((depth, n)) = waiting.pop() {
            if std::mem::replace(&mut placed[n], true) {
                continue;
            }
            order.push((depth, n));
            let next = below.get(spans[n].span.as_str());
            let next = next.into_iter().flatten().rev();
            waiting.extend(next.map(|n| ((depth + 1).min(DEPTH_MAX), *n)));
        }
    }
    let placed = order.into_iter();
    placed.map(|(depth, n)| (depth, spans[n].clone())).collect()
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Server => "server",
        Side::Client => "client",
    }
}

fn why(why: Why) -> &'static str {
    match why {
        Why::Failed => "failed",
        Why::Slow => "slow",
        Why::Declined => "declined",
        Why::Sampled => "sampled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: &str, parent: &str, started_us: u64) -> Seen {
        Seen {
            span: id.to_owned(),
            parent: parent.to_owned(),
            started_us,
            ..Seen::default()
        }
    }

    #[test]
    fn causes_stand_above_and_nothing_is_lost() {
        let spans = vec![
            span("d", "b", 4),
            span("b", "a", 2),
            span("a", "elsewhere", 1),
            span("c", "a", 3),
            span("c", "a", 3),
            span("self", "self", 9),
            span("x", "y", 7),
            span("y", "x", 8),
        ];
        let tree = tree(spans);
        let shown: Vec<_> = tree
            .iter()
            .map(|(depth, s)| (*depth, s.span.as_str()))
            .collect();
        let expected = [
            (0, "a"),
            (1, "b"),
            (2, "d"),
            (1, "c"),
            (0, "self"),
            (0, "x"),
            (1, "y"),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_span_survives_its_json() {
        let mut seen = span("a", "b", 5);
        (seen.method, seen.took_us) = ("a.B/C".to_owned(), 7);
        assert_eq!(Seen::from_json(&seen.to_json()), seen);
        assert_eq!(Seen::from_json(&json!([1])), Seen::default());
    }
}
