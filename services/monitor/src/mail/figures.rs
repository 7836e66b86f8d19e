//! The figures of a day, from the store.

use super::subjects::{ERRORS_METRIC, OfDay, SUBJECTS, Subject};
use crate::calendar::{DAY_S, Date, Zone};
use crate::history::{History, Selector, Value};
use std::collections::BTreeMap;
use svrkit_rt::Code;

/// Seconds of a curve's step: 96 of a day.
const STEP_S: u64 = 900;
/// Days from a day to the one that it is held against: the same of the week.
const AGAINST_DAYS: u64 = 7;
/// Errors that are told.
pub(super) const ERRORS_MAX: usize = 10;
/// Labels that errors are told apart by, and their places.
const ERRORS_BY: [&str; 3] = ["service", "method", "code"];
const SERVICE: usize = 0;
const METHOD: usize = 1;
const CODE: usize = 2;

/// A day in figures.
#[derive(Clone, Debug, PartialEq)]
pub struct DailyFigures {
    /// The day, by the clocks of `zone`.
    pub date: Date,
    /// Where it is that day.
    pub zone: Zone,
    /// What the mail tells of.
    pub figures: Vec<Figure>,
    /// What failed, most often first.
    pub errors: Vec<ErrorRow>,
}

/// One figure, and its curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What people call it.
    pub title: &'static str,
    /// How its steps are one figure.
    pub how: OfDay,
    /// Of the day; nothing when nothing was reported.
    pub day: Option<f64>,
    /// Of the same day a week before.
    pub week_before: Option<f64>,
    /// The day, step by step.
    pub curve: Vec<Option<f64>>,
    /// The same day a week before.
    pub curve_before: Vec<Option<f64>>,
}

/// A kind of failure.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorRow {
    /// Whose.
    pub service: String,
    /// Of which method.
    pub method: String,
    /// Which one.
    pub code: String,
    /// How often.
    pub day: f64,
    /// How often on the same day a week before.
    pub week_before: f64,
}

/// The figures of the day before the one that `now_s` is in, by the clocks of `zone`.
pub fn figures(history: &dyn History, zone: Zone, now_s: u64) -> DailyFigures {
    let local_s = zone.local_s(now_s);
    let local_from_s = (local_s / DAY_S).saturating_sub(1) * DAY_S;
    let days = Days {
        history,
        from_s: zone.utc_s(local_from_s),
    };
    DailyFigures {
        date: Date::of(local_from_s),
        zone,
        figures: SUBJECTS
            .iter()
            .map(|subject| days.figure(subject))
            .collect(),
        errors: days.errors(),
    }
}

/// The day and the one a week before.
struct Days<'a> {
    history: &'a dyn History,
    from_s: u64,
}

impl Days<'_> {
    fn figure(&self, subject: &Subject) -> Figure {
        let selector = Selector::named(subject.metric);
        let curve = self.curve(&selector, subject.value, 0);
        let curve_before = self.curve(&selector, subject.value, AGAINST_DAYS);
        Figure {
            title: subject.title,
            how: subject.day,
            day: of_day(&curve, subject.day),
            week_before: of_day(&curve_before, subject.day),
            curve,
            curve_before,
        }
    }

    fn curve(&self, selector: &Selector, value: Value, days_before: u64) -> Vec<Option<f64>> {
        let from_s = self.from_s.saturating_sub(days_before * DAY_S);
        let to_s = from_s + DAY_S;
        self.history.series(selector, value, from_s, to_s, STEP_S)
    }

    fn errors(&self) -> Vec<ErrorRow> {
        let before = self.calls(AGAINST_DAYS);
        let calls = self.calls(0).into_iter();
        let failed = calls.filter(|(line, day)| is_fault(&line[CODE]) && *day > 0.0);
        let mut rows: Vec<ErrorRow> = failed
            .map(|(line, day)| ErrorRow {
                service: line[SERVICE].clone(),
                method: line[METHOD].clone(),
                code: line[CODE].clone(),
                day,
                week_before: before.get(&line).copied().unwrap_or(0.0),
            })
            .collect();
        rows.sort_by(|a, b| b.day.total_cmp(&a.day));
        rows.truncate(ERRORS_MAX);
        rows
    }

    /// How often each method ended with each code.
    fn calls(&self, days_before: u64) -> BTreeMap<Vec<String>, f64> {
        let from_s = self.from_s.saturating_sub(days_before * DAY_S);
        let to_s = from_s + DAY_S;
        let selector = Selector::named(ERRORS_METRIC);
        let by = ERRORS_BY.map(str::to_owned);
        let lines = self
            .history
            .lines(&selector, &by, Value::Sum, from_s, to_s, STEP_S);
        let lines = lines.into_iter();
        lines
            .map(|(line, points)| (line, points.into_iter().flatten().sum()))
            .collect()
    }
}

/// Whether a code says that the service is to blame; one that we do not know may.
fn is_fault(code: &str) -> bool {
    Code::from_name(code).is_none_or(Code::is_fault)
}

fn of_day(curve: &[Option<f64>], how: OfDay) -> Option<f64> {
    let steps = curve.iter().flatten().copied();
    steps.reduce(|a, b| match how {
        OfDay::Total => a + b,
        OfDay::Peak => a.max(b),
    })
}
