//! One alarm, and what is remembered of those that are over.

use super::judge::Seen;
use super::labels::{Identity, Labels};
use super::lifecycle::State;
use super::rule::{Rule, Severity};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Alarms that are over and still shown.
pub const ENDED_MAX: usize = 1_000;

/// An alarm that is not normal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// Which one.
    pub identity: Identity,
    /// How bad.
    pub severity: Severity,
    /// What is wrong.
    pub summary: String,
    /// Where it stands.
    pub state: State,
    /// What was seen last; nothing while there was no figure.
    pub seen: Option<Seen>,
    /// The farthest beyond its limit since it began to fire.
    pub peak: Option<Seen>,
}

/// An alarm that fired and is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// Which one.
    pub identity: Identity,
    /// How bad.
    pub severity: Severity,
    /// What was wrong.
    pub summary: String,
    /// When it began to fire, unix seconds.
    pub from_s: u64,
    /// When it was over, unix seconds.
    pub to_s: u64,
    /// The farthest beyond its limit.
    pub peak: Option<Seen>,
    /// Why it is over.
    pub end: End,
}

/// Why an alarm is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Its condition does not hold any more.
    Resolved,
    /// What it was about does not report any more.
    Gone,
    /// Its rule was taken out.
    RuleRemoved,
}

impl Alarm {
    /// A normal one.
    pub(crate) fn new(rule: &Rule, labels: Labels) -> Alarm {
        Alarm {
            summary: summary(&rule.summary, &labels),
            identity: Identity {
                rule: rule.name.clone(),
                labels,
            },
            severity: rule.severity,
            state: State::Normal,
            seen: None,
            peak: None,
        }
    }

    /// What silences, inhibitions and groups see: its labels, `rule` and `severity`.
    pub fn all_labels(&self) -> Labels {
        all_labels(&self.identity, self.severity)
    }

    /// What is remembered of it, if it fired.
    pub(crate) fn ended(&self, to_s: u64, end: End) -> Option<Ended> {
        Some(Ended {
            identity: self.identity.clone(),
            severity: self.severity,
            summary: self.summary.clone(),
            from_s: self.state.firing_since_s()?,
            to_s,
            peak: self.peak,
            end,
        })
    }
}

impl Ended {
    /// As [`Alarm::all_labels`].
    pub fn all_labels(&self) -> Labels {
        all_labels(&self.identity, self.severity)
    }
}

fn all_labels(identity: &Identity, severity: Severity) -> Labels {
    let mut labels = identity.labels.clone();
    labels.insert("rule".to_owned(), identity.rule.clone());
    labels.insert("severity".to_owned(), severity.name().to_owned());
    labels
}

/// The rule's summary with the labels' values in place of `{name}`.
fn summary(template: &str, labels: &Labels) -> String {
    let fill = |text: String, (name, value): (&String, &String)| {
        text.replace(&format!("{{{name}}}"), value)
    };
    labels.iter().fold(template.to_owned(), fill)
}

/// Adds one to those that are over; the oldest go.
pub(crate) fn remember(ended: &mut VecDeque<Ended>, one: Ended) {
    ended.push_front(one);
    ended.truncate(ENDED_MAX);
}
