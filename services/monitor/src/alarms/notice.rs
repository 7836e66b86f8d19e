//! What people are told: the alarms of a group, those that came and those that are over.

use super::alarm::{Alarm, Ended};
use super::labels::Labels;
use super::rule::Severity;

/// One thing to tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// What its alarms have in common, and others do not: the labels that notices are grouped by.
    pub group: Labels,
    /// When it was made, unix seconds.
    pub at_s: u64,
    /// All of the group that fire.
    pub firing: Vec<Alarm>,
    /// Those that were told to fire and are over.
    pub over: Vec<Ended>,
}

impl Notice {
    /// What those see who want to hear of nothing less bad than `least`; `None` when nothing is left.
    pub fn at_least(&self, least: Severity) -> Option<Notice> {
        let mut notice = self.clone();
        notice.firing.retain(|alarm| alarm.severity >= least);
        notice.over.retain(|ended| ended.severity >= least);
        let empty = notice.firing.is_empty() && notice.over.is_empty();
        (!empty).then_some(notice)
    }

    /// One line: `2 firing: calls_fail{service="push"}, …; over: …`.
    pub fn title(&self) -> String {
        let firing = self.firing.iter().map(|alarm| &alarm.identity);
        let over = self.over.iter().map(|ended| &ended.identity);
        let mut parts = Vec::new();
        for (word, names) in [("firing", list(firing)), ("over", list(over))] {
            if let Some((count, names)) = names {
                parts.push(format!("{count} {word}: {names}"));
            }
        }
        parts.join("; ")
    }
}

/// Names that a title holds.
const TITLE_NAMES_MAX: usize = 3;

fn list<T: ToString>(names: impl Iterator<Item = T>) -> Option<(usize, String)> {
    let names: Vec<String> = names.map(|name| name.to_string()).collect();
    let shown = &names[..names.len().min(TITLE_NAMES_MAX)];
    let more = if names.len() > shown.len() {
        ", …"
    } else {
        ""
    };
    (!names.is_empty()).then(|| (names.len(), format!("{}{more}", shown.join(", "))))
}
