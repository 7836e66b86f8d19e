//! How an alarm goes from one state to the next: normal → pending → firing → recovering → normal.

use super::judge::{Failure, Outcome};
use super::rule::Missing;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How long a rule waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// Seconds that its condition must hold before it fires; 0 for at once.
    pub for_s: u64,
    /// Seconds that its condition must not hold before it is over; 0 for at once.
    pub keep_firing_s: u64,
}

/// Where an alarm stands. Times are unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Nothing is wrong.
    Normal,
    /// The condition holds, not yet for long enough.
    Pending {
        /// Since then.
        since_s: u64,
    },
    /// It is an alarm.
    Firing {
        /// Since then.
        since_s: u64,
    },
    /// The condition does not hold any more, not yet for long enough.
    Recovering {
        /// When it began to fire.
        since_s: u64,
        /// Since when it does not hold.
        clear_s: u64,
    },
    /// There are no figures to say.
    NoData {
        /// Since then.
        since_s: u64,
    },
    /// The figures cannot be decided by.
    Error {
        /// Since then.
        since_s: u64,
        /// Why.
        failure: Failure,
    },
}

impl State {
    /// The state after this one, at `now_s`, by what was found.
    ///
    /// An alarm that fires is not ended by not knowing; only by knowing better, or by the end of what it is about.
    pub fn next(self, found: Outcome, missing: Missing, timing: Timing, now_s: u64) -> State {
        let holds = match (found, missing) {
            (Outcome::Gone, _) => return State::Normal,
            (Outcome::Failed(failure), _) => return self.failed(failure, now_s),
            (Outcome::NoData, Missing::Keep) => return self.unknown(now_s),
            (Outcome::Holds(_), _) | (Outcome::NoData, Missing::Fire) => true,
            (Outcome::Clear(_), _) | (Outcome::NoData, Missing::Clear) => false,
        };
        match holds {
            true => self.holds(timing, now_s),
            false => self.clear(timing, now_s),
        }
    }

    fn holds(self, timing: Timing, now_s: u64) -> State {
        let since_s = match self {
            State::Firing { since_s } | State::Recovering { since_s, .. } => {
                return State::Firing { since_s };
            }
            State::Pending { since_s } => since_s,
            State::Normal | State::NoData { .. } | State::Error { .. } => now_s,
        };
        match now_s.saturating_sub(since_s) >= timing.for_s {
            true => State::Firing { since_s: now_s },
            false => State::Pending { since_s },
        }
    }

    fn clear(self, timing: Timing, now_s: u64) -> State {
        let (since_s, clear_s) = match self {
            State::Firing { since_s } => (since_s, now_s),
            State::Recovering { since_s, clear_s } => (since_s, clear_s),
            _ => return State::Normal,
        };
        match now_s.saturating_sub(clear_s) >= timing.keep_firing_s {
            true => State::Normal,
            false => State::Recovering { since_s, clear_s },
        }
    }

    fn unknown(self, now_s: u64) -> State {
        match self {
            State::Firing { .. } | State::Recovering { .. } | State::NoData { .. } => self,
            State::Normal | State::Pending { .. } | State::Error { .. } => {
                State::NoData { since_s: now_s }
            }
        }
    }

    fn failed(self, failure: Failure, now_s: u64) -> State {
        let since_s = match self {
            State::Firing { .. } | State::Recovering { .. } => return self,
            State::Error { since_s, .. } => since_s,
            State::Normal | State::Pending { .. } | State::NoData { .. } => now_s,
        };
        State::Error { since_s, failure }
    }

    /// When it began to fire, while it is an alarm.
    pub fn firing_since_s(self) -> Option<u64> {
        match self {
            State::Firing { since_s } | State::Recovering { since_s, .. } => Some(since_s),
            _ => None,
        }
    }

    /// When it began.
    pub fn since_s(self) -> Option<u64> {
        match self {
            State::Normal => None,
            State::Pending { since_s }
            | State::Firing { since_s }
            | State::Recovering { since_s, .. }
            | State::NoData { since_s }
            | State::Error { since_s, .. } => Some(since_s),
        }
    }

    /// Its name for people and programs.
    pub fn name(self) -> &'static str {
        match self {
            State::Normal => "normal",
            State::Pending { .. } => "pending",
            State::Firing { .. } => "firing",
            State::Recovering { .. } => "recovering",
            State::NoData { .. } => "no_data",
            State::Error { .. } => "error",
        }
    }

    /// Which of several to show first.
    pub(crate) fn urgency(self) -> u8 {
        match self {
            State::Firing { .. } => 5,
            State::Recovering { .. } => 4,
            State::Pending { .. } => 3,
            State::Error { .. } => 2,
            State::NoData { .. } => 1,
            State::Normal => 0,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarms::judge::Seen;

    const SEEN: Seen = Seen {
        value: 1.0,
        threshold: 0.0,
    };

    const TIMING: Timing = Timing {
        for_s: 20,
        keep_firing_s: 30,
    };

    /// States after points ten seconds apart: `x` holds, `.` does not, `_` no data, `e` failed, `g` gone.
    fn walk(points: &str, timing: Timing, missing: Missing) -> Vec<&'static str> {
        let mut state = State::Normal;
        let step = |(place, point): (usize, char)| {
            let found = match point {
                'x' => Outcome::Holds(SEEN),
                '.' => Outcome::Clear(SEEN),
                '_' => Outcome::NoData,
                'e' => Outcome::Failed(Failure::NotFinite),
                _ => Outcome::Gone,
            };
            state = state.next(found, missing, timing, place as u64 * 10);
            state.name()
        };
        points.chars().enumerate().map(step).collect()
    }

    #[test]
    fn it_waits_before_it_fires_and_before_it_is_over() {
        let states = walk("xxx....", TIMING, Missing::Keep);
        let waits = ["pending", "pending", "firing", "recovering", "recovering"];
        assert_eq!(states[..5], waits);
        assert_eq!(states[5..], ["recovering", "normal"]);
    }

    #[test]
    fn a_relapse_is_the_same_alarm() {
        let firing = State::Firing { since_s: 5 };
        let recovering = firing.next(Outcome::Clear(SEEN), Missing::Keep, TIMING, 10);
        let relapsed = recovering.next(Outcome::Holds(SEEN), Missing::Keep, TIMING, 20);
        assert_eq!(relapsed, firing);
    }

    #[test]
    fn a_short_trouble_is_none() {
        let states = walk("xx.x", TIMING, Missing::Keep);
        assert_eq!(states, ["pending", "pending", "normal", "pending"]);
    }

    #[test]
    fn without_patience_it_comes_and_goes_at_once() {
        let states = walk("x.x", Timing::default(), Missing::Keep);
        assert_eq!(states, ["firing", "normal", "firing"]);
    }

    #[test]
    fn not_knowing_neither_ends_nor_begins_an_alarm() {
        let states = walk("_x_xxx_e.e", TIMING, Missing::Keep);
        let begins = ["no_data", "pending", "no_data", "pending", "pending"];
        assert_eq!(states[..5], begins);
        assert_eq!(
            states[5..],
            ["firing", "firing", "firing", "recovering", "recovering"]
        );
        assert_eq!(
            walk("e_.", TIMING, Missing::Keep),
            ["error", "no_data", "normal"]
        );
    }

    #[test]
    fn a_rule_may_say_what_no_data_means() {
        let fires = walk("___", TIMING, Missing::Fire);
        assert_eq!(fires, ["pending", "pending", "firing"]);
        let clears = walk("x_", Timing::default(), Missing::Clear);
        assert_eq!(clears, ["firing", "normal"]);
    }

    #[test]
    fn what_is_gone_is_over() {
        assert_eq!(walk("xxxg", TIMING, Missing::Keep)[3], "normal");
    }
}
