//! Bounds of groups.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use svrkit_rt::{Rate, Status};

/// Members that `members_max` can be set to: every change reads all members, and every message goes to each of them.
const MEMBERS_MAX_MAX: usize = 2_000;

/// What an operator may change while the service runs, and what it does: everything that `Handle::reload` takes over at once.
pub(crate) const CHANGEABLE: [(&str, &str); 9] = [
    ("members_max", "Members of a group, at most 2,000."),
    ("groups_joined_max", "Groups that a user is in."),
    ("groups_owned_max", "Groups that a user owns."),
    ("uins_per_call_max", "Users named in one call."),
    (
        "questions_max",
        "Questions of those who want in that wait for a group's admins.",
    ),
    (
        "question_days",
        "Days after which a question makes room for another.",
    ),
    ("changes_burst", "Changes that a user makes at once."),
    (
        "changes_refill_ms",
        "Milliseconds that give one more change back.",
    ),
    (
        "tries_max",
        "Tries of a change when somebody else changes the group meanwhile.",
    ),
];

/// What may be set, also while the service runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Members of a group, at most 2,000. Default 500. It began at 10 and went to 20, 40, 100 and 500, each time without a release: a
    /// message to a group costs a row for each member, so the bound goes up when there is room. Set lower, nobody is put out.
    pub members_max: usize,
    /// Groups that a user is in. Default 500: as many rows as a first sync carries in one answer.
    pub groups_joined_max: u32,
    /// Groups that a user owns. Default 200.
    pub groups_owned_max: u32,
    /// Users named in one call. Default 500: a group of the usual bound is made by one call.
    pub uins_per_call_max: usize,
    /// Questions of those who want in that wait for a group's admins. Default 200: more are not read but ignored.
    pub questions_max: usize,
    /// Days after which a question makes room for another. Default 7.
    pub question_days: u32,
    /// Changes that a user makes at once. Default 60.
    pub changes_burst: u32,
    /// Milliseconds that give one more change back. Default 1,000: more than anybody taps, less than scripts would like.
    pub changes_refill_ms: u32,
    /// Users whose rates are kept at once. Default 100,000, 24 bytes each.
    pub rated_users_max: usize,
    /// Tries of a change when somebody else changes the group meanwhile. Default 8: within a process changes of a group take turns, so only
    /// other processes are in the way.
    pub tries_max: u32,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            members_max: 500,
            groups_joined_max: 500,
            groups_owned_max: 200,
            uins_per_call_max: 500,
            questions_max: 200,
            question_days: 7,
            changes_burst: 60,
            changes_refill_ms: 1_000,
            rated_users_max: 100_000,
            tries_max: 8,
        }
    }
}

impl Config {
    /// # Errors
    /// `InvalidArgument` when a bound leaves room for nothing, or for too much.
    pub(crate) fn check(&self) -> Result<(), Status> {
        let bounds = [
            ("members_max", self.members_max),
            ("groups_joined_max", self.groups_joined_max as usize),
            ("groups_owned_max", self.groups_owned_max as usize),
            ("uins_per_call_max", self.uins_per_call_max),
            ("questions_max", self.questions_max),
            ("question_days", self.question_days as usize),
            ("changes_burst", self.changes_burst as usize),
            ("changes_refill_ms", self.changes_refill_ms as usize),
            ("rated_users_max", self.rated_users_max),
            ("tries_max", self.tries_max as usize),
        ];
        if let Some((name, _)) = bounds.iter().find(|(_, bound)| *bound == 0) {
            return Err(Status::invalid_argument(format!("{name} is 0")));
        }
        if self.members_max.max(self.uins_per_call_max) > MEMBERS_MAX_MAX {
            let message =
                format!("members_max and uins_per_call_max are at most {MEMBERS_MAX_MAX}");
            return Err(Status::invalid_argument(message));
        }
        Ok(())
    }

    /// How often a user changes groups.
    pub(crate) fn rate(&self) -> Rate {
        Rate {
            burst: self.changes_burst,
            refill: Duration::from_millis(self.changes_refill_ms.into()),
        }
    }

    /// How long a question keeps its place.
    pub(crate) fn question_ms(&self) -> u64 {
        u64::from(self.question_days) * 24 * 3_600_000
    }
}
