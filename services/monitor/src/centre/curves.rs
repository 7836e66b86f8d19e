//! Curves: a question as people and tools put it, with what they leave out filled in, and its answer in columns.

use super::value;
use crate::definition::Definition;
use crate::history::{History, Selector, Value};
use crate::store::Past;
use std::sync::Arc;
use svrkit_rt::Status;

/// Lines of an answer: more than anybody tells apart. Those with the greatest values are kept.
const LINES_MAX: usize = 50;
/// Steps that an answer has when nobody says, about.
const STEPS_USUAL: u64 = 300;
/// Steps of an answer.
const STEPS_MAX: u64 = 10_000;
/// Seconds of a range that nobody gave.
const RANGE_S: u64 = 3_600;
/// Widths that steps have when nobody says.
const STEPS_S: [u64; 14] = [
    10, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400,
];
const DAY_S: u64 = 86_400;

/// What is asked. Times in seconds since 1970; 0 for what was not given.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ask {
    pub(crate) name: String,
    pub(crate) labels: Vec<(String, String)>,
    /// Empty: what suits the kind.
    pub(crate) value: String,
    /// `all`, or a label. Empty: all.
    pub(crate) by: String,
    pub(crate) from_s: u64,
    pub(crate) to_s: u64,
    pub(crate) step_s: u64,
    pub(crate) overlays: Vec<Overlay>,
}

/// An earlier time to be shown beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overlay {
    Yesterday,
    LastWeek,
}

/// Lines over common times.
#[derive(Clone, Debug)]
pub(crate) struct Curves {
    /// Beginnings of steps.
    pub(crate) at_s: Vec<u64>,
    pub(crate) lines: Vec<Line>,
    /// Lines that were too many.
    pub(crate) dropped: usize,
    /// `None` when nobody ever reported the name.
    pub(crate) metric: Option<Arc<Definition>>,
}

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The label's value; empty when everything is put together.
    pub(crate) title: String,
    pub(crate) overlay: Option<Overlay>,
    pub(crate) values: Vec<Option<f64>>,
}

impl Overlay {
    pub(crate) const ALL: [Overlay; 2] = [Overlay::Yesterday, Overlay::LastWeek];

    /// As it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Overlay::Yesterday => "yesterday",
            Overlay::LastWeek => "lastweek",
        }
    }

    /// Seconds before.
    pub(crate) fn before_s(self) -> u64 {
        match self {
            Overlay::Yesterday => DAY_S,
            Overlay::LastWeek => 7 * DAY_S,
        }
    }
}

/// Answers. Blocks, as it may read files.
///
/// # Errors
/// `InvalidArgument` for a value that is none, or a range that is.
pub(crate) fn draw(past: &Past, ask: &Ask) -> Result<Curves, Status> {
    let metric = past.metric(&ask.name);
    let value = match (ask.value.as_str(), &metric) {
        ("", None) => Value::Sum,
        ("", Some(metric)) => value::usual(metric.kind),
        (name, _) => value::parse(name)
            .ok_or_else(|| Status::invalid_argument(format!("{name:?} is no value")))?,
    };
    let (from_s, to_s, step_s) = range(ask, past.now_s())?;
    let selector = Selector {
        labels: ask.labels.clone(),
        ..Selector::named(&ask.name)
    };
    let by = match ask.by.as_str() {
        "" | "all" => Vec::new(),
        label => vec![label.to_owned()],
    };
    let mut lines = Vec::new();
    let none = [None].into_iter();
    for overlay in none.chain(ask.overlays.iter().copied().map(Some)) {
        let before_s = overlay.map_or(0, Overlay::before_s);
        let (from_s, to_s) = (
            from_s.saturating_sub(before_s),
            to_s.saturating_sub(before_s),
        );
        let answer = past.lines(&selector, &by, value, from_s, to_s, step_s);
        lines.extend(answer.into_iter().map(|(labels, values)| Line {
            title: labels.into_iter().next().unwrap_or_default(),
            overlay,
            values,
        }));
    }
    let dropped = lines.len().saturating_sub(LINES_MAX);
    if dropped > 0 {
        lines.sort_by(|a, b| f64::total_cmp(&b.peak(), &a.peak()));
        lines.truncate(LINES_MAX);
    }
    Ok(Curves {
        at_s: (from_s..to_s).step_by(step_s as usize).collect(),
        lines,
        dropped,
        metric,
    })
}

/// Beginning, end and step: whole steps, none of which is still under way. They begin at multiples of the step, so that a curve that is
/// drawn anew has the same points; a single one, for one number, begins where it is asked to.
fn range(ask: &Ask, now_s: u64) -> Result<(u64, u64, u64), Status> {
    let to_s = match ask.to_s {
        0 => now_s,
        to_s => to_s.min(now_s),
    };
    let from_s = match ask.from_s {
        0 => to_s.saturating_sub(RANGE_S),
        from_s => from_s,
    };
    if from_s >= to_s {
        return Err(Status::invalid_argument(
            "a range that ends before it begins",
        ));
    }
    let step_s = match ask.step_s {
        0 => usual_step(to_s - from_s),
        step_s => step_s,
    };
    if to_s - from_s == step_s {
        return Ok((from_s, to_s, step_s));
    }
    let (first, end) = (from_s / step_s, to_s / step_s);
    if end - first > STEPS_MAX {
        return Err(Status::invalid_argument(format!("over {STEPS_MAX} steps")));
    }
    Ok((first * step_s, end * step_s, step_s))
}

fn usual_step(range_s: u64) -> u64 {
    let wide_enough = |step_s: &&u64| range_s / **step_s <= STEPS_USUAL;
    let step_s = STEPS_S.iter().find(wide_enough);
    step_s
        .copied()
        .unwrap_or_else(|| range_s.div_ceil(STEPS_USUAL).next_multiple_of(DAY_S))
}

impl Line {
    fn peak(&self) -> f64 {
        self.values
            .iter()
            .flatten()
            .copied()
            .fold(f64::MIN, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: u64 = 1_770_000_007;

    #[test]
    fn what_is_left_out_is_filled_in() {
        let (from_s, to_s, step_s) = range(&Ask::default(), NOW_S).unwrap();
        assert_eq!((to_s, step_s), (1_770_000_000, 20));
        assert_eq!(from_s, to_s - 3_600);
        let one = Ask {
            from_s: NOW_S - 307,
            to_s: NOW_S - 7,
            step_s: 300,
            ..Ask::default()
        };
        let (from_s, to_s, step_s) = range(&one, NOW_S).unwrap();
        assert_eq!((from_s, to_s, step_s), (NOW_S - 307, NOW_S - 7, 300));
        let year = Ask {
            from_s: NOW_S - 365 * DAY_S,
            ..Ask::default()
        };
        let (from_s, to_s, step_s) = range(&year, NOW_S).unwrap();
        assert!(step_s.is_multiple_of(DAY_S) && (to_s - from_s) / step_s <= STEPS_USUAL + 1);
    }

    #[test]
    fn nonsense_is_refused() {
        let ask = |from_s, to_s, step_s| Ask {
            from_s,
            to_s,
            step_s,
            ..Ask::default()
        };
        range(&ask(NOW_S, NOW_S, 0), NOW_S).unwrap_err();
        range(&ask(NOW_S + 1, u64::MAX, 1), NOW_S).unwrap_err();
        range(&ask(1, NOW_S, 1), NOW_S).unwrap_err();
        range(&ask(1, u64::MAX, u64::MAX), NOW_S).unwrap();
    }
}
