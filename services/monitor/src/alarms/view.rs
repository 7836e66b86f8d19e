//! The alarms as they are shown.

use super::alarm::{Alarm, Ended};
use super::lifecycle::State;
use super::rule::Severity;
use super::silence::Silence;

/// All there is to show, at one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// Alarms that are not normal, the most urgent first.
    pub active: Vec<Active>,
    /// Silences in force.
    pub silences: Vec<Silence>,
    /// Alarms that are over, the newest first.
    pub ended: Vec<Ended>,
    /// The rules in force.
    pub rules: Vec<RuleView>,
}

/// An alarm that is not normal.
#[derive(Clone, Debug, PartialEq)]
pub struct Active {
    /// The alarm.
    pub alarm: Alarm,
    /// Whether a silence hides it.
    pub silenced: bool,
}

/// A rule and how it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleView {
    /// Its name.
    pub name: String,
    /// What is wrong when it fires.
    pub summary: String,
    /// How bad that is.
    pub severity: Severity,
    /// Where the most urgent of its alarms stands.
    pub state: State,
}
