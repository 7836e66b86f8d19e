//! A rule against the store: which alarms it may have, and what the figures say of each.

use super::condition::{Condition, Figure, Within};
use super::judge::{self, Failure, Outcome, Seen, Silent};
use super::labels::Labels;
use super::rule::Rule;
use crate::history::{History, Lines};
use std::collections::{BTreeMap, BTreeSet};

/// Alarms that one rule may have. Whoever tells a thousand things apart looks at a table, not at alarms.
pub const ALARMS_OF_RULE_MAX: usize = 1_000;

/// Values of what a rule tells apart, in its order.
type Line = Vec<String>;

/// What a rule finds at `end_s`, the end of its newest window. `active` are the labels of its alarms: what they are about may not report
/// any more. `watched_since_s` is when reports began to be taken: silence before it is the watcher's own.
pub(crate) fn examine<'a>(
    rule: &Rule,
    history: &dyn History,
    active: impl Iterator<Item = &'a Labels>,
    watched_since_s: u64,
    end_s: u64,
) -> BTreeMap<Labels, Outcome> {
    let look = Look {
        rule,
        history,
        watched_since_s,
        end_s,
    };
    let known = look.known();
    if known.len() > ALARMS_OF_RULE_MAX {
        let max = ALARMS_OF_RULE_MAX;
        let failed = Outcome::Failed(Failure::TooManyAlarms { max });
        let all = active.cloned().chain([Labels::new()]);
        return all.map(|labels| (labels, failed)).collect();
    }
    let found = look.outcomes(known).into_iter();
    let mut found: BTreeMap<Labels, Outcome> = found
        .map(|(line, outcome)| (look.labels(line), outcome))
        .collect();
    for labels in active {
        found.entry(labels.clone()).or_insert(Outcome::Gone);
    }
    found
}

struct Look<'a> {
    rule: &'a Rule,
    history: &'a dyn History,
    watched_since_s: u64,
    end_s: u64,
}

impl Look<'_> {
    /// All that the rule tells apart and that reported not long ago. A rule that tells nothing apart is about one thing, always.
    fn known(&self) -> BTreeSet<Line> {
        if self.rule.by.is_empty() {
            return BTreeSet::from([Line::new()]);
        }
        self.reported(self.rule.condition.of(), self.rule.condition.known())
    }

    /// All that had a report in the time before the newest window's end.
    fn reported(&self, figure: &Figure, within: Within) -> BTreeSet<Line> {
        let from_s = self.end_s.saturating_sub(within.back_s);
        // Whole windows of the store, so that it need not look into finer ones.
        let from_s = from_s / within.step_s * within.step_s;
        let lines = self.lines(figure, from_s, self.end_s, within.step_s);
        let reported = |points: &Vec<Option<f64>>| points.iter().any(Option::is_some);
        let lines = lines.into_iter().filter(|(_, points)| reported(points));
        lines.map(|(line, _)| line).collect()
    }

    fn outcomes(&self, known: BTreeSet<Line>) -> Vec<(Line, Outcome)> {
        let rule = self.rule;
        match &rule.condition {
            Condition::Level { of, limit } => {
                let points = self.points(of);
                self.judged(known, |line| judge::level(at(&points, line), *limit))
            }
            Condition::Change { of, change } => {
                let around_s = change.against.tolerance() as u64 * rule.step_s;
                let back_s = change.against.shift_s(rule.step_s) + around_s;
                let (points, base) = (self.points(of), self.windows(of, back_s, 2 * around_s));
                self.judged(known, |line| {
                    judge::change(at(&points, line), at(&base, line), change)
                })
            }
            Condition::Ratio {
                of,
                over,
                limit,
                volume,
            } => {
                let (dividends, divisors) = (self.points(of), self.points(over));
                let none = vec![None; rule.among as usize];
                self.judged(known, |line| {
                    let dividends = dividends.get(line).unwrap_or(&none);
                    judge::ratio(dividends, at(&divisors, line), *limit, *volume)
                })
            }
            Condition::Silence { of, silent_s } => self.silence(known, of, *silent_s),
        }
    }

    fn judged(
        &self,
        known: BTreeSet<Line>,
        judge: impl Fn(&Line) -> Vec<Option<judge::Verdict>>,
    ) -> Vec<(Line, Outcome)> {
        let outcome = |line: Line| (judge::n_of_m(&judge(&line), self.rule.points), line);
        let swap = |(outcome, line)| (line, outcome);
        known.into_iter().map(outcome).map(swap).collect()
    }

    fn silence(&self, known: BTreeSet<Line>, of: &Figure, silent_s: u64) -> Vec<(Line, Outcome)> {
        let step_s = self.rule.step_s;
        let lately = self.reported(
            of,
            Within {
                back_s: silent_s,
                step_s,
            },
        );
        let ever = self.reported(of, self.rule.condition.known());
        let watched = self.end_s.saturating_sub(silent_s) >= self.watched_since_s;
        let threshold = silent_s as f64;
        let seen = |value| Seen { value, threshold };
        let outcome = |line: Line| {
            let silent = judge::silence(Silent {
                lately: lately.contains(&line),
                ever: ever.contains(&line),
                watched,
            });
            let outcome = match silent {
                Some(true) => Outcome::Holds(seen(threshold)),
                Some(false) => Outcome::Clear(seen(0.0)),
                None => Outcome::NoData,
            };
            (line, outcome)
        };
        known.into_iter().map(outcome).collect()
    }

    /// The newest windows.
    fn points(&self, figure: &Figure) -> Lines {
        self.windows(figure, 0, 0)
    }

    /// The windows that began `back_s` before those, and those of `longer_s` after them.
    fn windows(&self, figure: &Figure, back_s: u64, longer_s: u64) -> Lines {
        let points_s = u64::from(self.rule.among) * self.rule.step_s;
        let from_s = self.end_s.saturating_sub(points_s + back_s);
        let to_s = from_s + points_s + longer_s;
        self.lines(figure, from_s, to_s, self.rule.step_s)
    }

    fn lines(&self, figure: &Figure, from_s: u64, to_s: u64, step_s: u64) -> Lines {
        let (selector, by) = (&figure.selector, &self.rule.by);
        self.history
            .lines(selector, by, figure.value, from_s, to_s, step_s)
    }

    fn labels(&self, line: Line) -> Labels {
        self.rule.by.iter().cloned().zip(line).collect()
    }
}

fn at<'a>(lines: &'a Lines, line: &Line) -> &'a [Option<f64>] {
    lines.get(line).map_or(&[], Vec::as_slice)
}
