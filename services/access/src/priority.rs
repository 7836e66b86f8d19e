//! How important a client's call is: the method's level first, then the user's.

use crate::node::Who;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use svrkit_rt::admission::UserLevels;
use svrkit_rt::{MethodDescriptor, Priority};

/// What clients without a ticket say is told apart by this many of its bytes: a name and more.
const TOLD_APART_BYTES: usize = 256;

/// A user's level, remembered for as long as it holds: under overload most of a node's time goes to asks of which only that is looked at.
#[derive(Debug, Default)]
pub(crate) struct UserLevel(AtomicU64);

impl UserLevel {
    /// What is remembered: until when it holds, above the level's bits.
    const LEVEL_BITS: u32 = 8;

    fn at(&self, now_ms: u64, draw: impl FnOnce() -> (u8, u64)) -> u8 {
        let known = self.0.load(Relaxed);
        if now_ms < known >> UserLevel::LEVEL_BITS {
            return known as u8;
        }
        let (level, until_ms) = draw();
        self.0.store(
            until_ms << UserLevel::LEVEL_BITS | u64::from(level),
            Relaxed,
        );
        level
    }
}

/// Gives calls their priorities, once and for all that is done on their behalf.
#[derive(Debug)]
pub(crate) struct Priorities(UserLevels);

impl Priorities {
    /// By a secret that all nodes share, or a user's calls would fare differently at each.
    pub(crate) fn new(secret: &str) -> Priorities {
        Priorities(UserLevels::new(secret))
    }

    /// The priority of a call of `method` with this body.
    ///
    /// Whoever has no ticket is known by what he says: who logs in again says the same again, and draws no other level by it.
    pub(crate) fn of(
        &self,
        method: &MethodDescriptor,
        who: Who<'_>,
        body: &[u8],
        now_ms: u64,
    ) -> Priority {
        let user = match who {
            Who::User { uin, level, .. } => level.at(now_ms, || self.0.level_until(uin, now_ms)),
            Who::Stranger { .. } => {
                let told = &body[..body.len().min(TOLD_APART_BYTES)];
                self.0.level_of(told, now_ms)
            }
        };
        Priority {
            business: method.priority,
            user,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const METHOD: MethodDescriptor = MethodDescriptor {
        priority: 8,
        ..MethodDescriptor::plain(1, "s", "m", "s/m")
    };

    const STRANGER: Who<'_> = Who::Stranger {
        address: None,
        client_version: 0,
    };

    #[test]
    fn a_user_has_one_level_whatever_he_says() {
        let priorities = Priorities::new("a secret");
        let caller = bytes::Bytes::new();
        let of = |uin, body: &[u8]| {
            let who = Who::User {
                uin,
                level: &UserLevel::default(),
                caller: &caller,
                client_version: 0,
            };
            priorities.of(&METHOD, who, body, 0)
        };
        assert_eq!(of(10_001, b"one"), of(10_001, b"other"));
        assert_eq!(of(10_001, b"").business, 8);
        let levels: HashSet<u8> = (10_000..14_000).map(|uin| of(uin, b"").user).collect();
        assert_eq!(levels.len(), 128);
    }

    #[test]
    fn a_level_is_drawn_once_an_hour() {
        let level = UserLevel::default();
        assert_eq!(level.at(100, || (7, 200)), 7);
        assert_eq!(level.at(199, || unreachable!("it holds")), 7);
        assert_eq!(level.at(200, || (127, 300)), 127);
        assert_eq!(level.at(201, || unreachable!("it holds")), 127);
    }

    #[test]
    fn strangers_are_known_by_what_they_say() {
        let priorities = Priorities::new("a secret");
        let of = |body: &str| priorities.of(&METHOD, STRANGER, body.as_bytes(), 0).user;
        assert_eq!(of("ada, correct horse"), of("ada, correct horse"));
        let levels: HashSet<u8> = (0..4_000).map(|n| of(&format!("user {n}"))).collect();
        assert_eq!(levels.len(), 128);
    }
}
