//! What is watched, and when that is an alarm.

use super::condition::Condition;
use super::lifecycle::Timing;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A rule as the plan says it. It has an alarm for each combination of what it tells apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name; an alarm's identity begins with it.
    pub name: String,
    /// What is wrong when it fires, in a sentence. `{label}` stands for an alarm's label.
    pub summary: String,
    /// How bad that is.
    pub severity: Severity,
    /// Labels by whose values it tells alarms apart. `service`, `host` and `instance` are those of whoever reports, where a series has no
    /// label of that name.
    pub by: Vec<String>,
    /// Seconds of a window: the figure of each is one point, and the rule is looked at once for each.
    pub step_s: u64,
    /// When a point counts against the system.
    pub condition: Condition,
    /// So many points must count…
    pub points: u32,
    /// …of the last so many.
    pub among: u32,
    /// How long before it fires, and how long before it is over.
    pub timing: Timing,
    /// What windows without a figure mean.
    pub missing: Missing,
}

/// How bad an alarm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// To be looked at today.
    Warning,
    /// To be looked at now.
    Critical,
}

/// What it means that there is no figure at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing: what fires goes on, what does not has state "no data".
    Keep,
    /// All is well: for what only shows when something goes wrong.
    Clear,
    /// The same as a figure against the system.
    Fire,
}

impl Rule {
    /// Seconds before now that its figures reach back to.
    pub fn reaches_back_s(&self) -> u64 {
        self.condition.reaches_back_s(self.step_s, self.among)
    }
}

impl Severity {
    /// Its name in rules and labels.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
