//! Which users are served first this hour.

use super::level::USER_LEVELS;
use super::siphash::siphash;

const HOUR_MS: u64 = 3_600_000;

/// Spreads users evenly over the user levels, so that overload sheds some users wholly rather than all users partly, and draws anew each
/// hour, for each user at a minute of his own, so that it is not always the same ones and not everybody's level changes at once
/// (after Overload Control for Scaling WeChat Microservices, SoCC 2018).
///
/// By user, not by session: nobody draws a better level by logging in again. With a secret key: nobody computes for which uin it is
/// worth registering.
#[derive(Clone)]
pub struct UserLevels {
    key: [u64; 2],
}

impl UserLevels {
    /// Levels by this secret; all who stamp priorities must have the same.
    pub fn new(secret: &str) -> UserLevels {
        let half = |salt| siphash([salt, 0], secret.as_bytes());
        UserLevels {
            key: [half(1), half(2)],
        }
    }

    /// The user priority of `uin` at a time in milliseconds since 1970, below [`USER_LEVELS`].
    pub fn level(&self, uin: u64, now_ms: u64) -> u8 {
        self.level_until(uin, now_ms).0
    }

    /// The same, and when it is drawn anew, in milliseconds since 1970: for those who ask often, and remember it until then.
    pub fn level_until(&self, uin: u64, now_ms: u64) -> (u8, u64) {
        let phase_ms = self.hash(uin, u64::MAX) % HOUR_MS;
        let hour = (now_ms + phase_ms) / HOUR_MS;
        let level = (self.hash(uin, hour) % USER_LEVELS as u64) as u8;
        (level, (hour + 1) * HOUR_MS - phase_ms)
    }

    /// The same for somebody without a uin, of whom these bytes are known.
    pub fn level_of(&self, somebody: &[u8], now_ms: u64) -> u8 {
        self.level(siphash(self.key, somebody), now_ms)
    }

    fn hash(&self, uin: u64, hour: u64) -> u64 {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&uin.to_le_bytes());
        bytes[8..].copy_from_slice(&hour.to_le_bytes());
        siphash(self.key, &bytes)
    }
}

impl std::fmt::Debug for UserLevels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UserLevels")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn users_are_spread_evenly() {
        let levels = UserLevels::new("a secret");
        let mut users = [0; USER_LEVELS];
        for uin in 10_000..10_000 + 128 * 100 {
            users[levels.level(uin, 0) as usize] += 1;
        }
        assert!(users.iter().all(|n| (50..150).contains(n)), "{users:?}");
    }

    #[test]
    fn a_user_is_drawn_anew_each_hour_and_not_before() {
        let levels = UserLevels::new("a secret");
        let day: HashSet<u8> = (0..48).map(|h| levels.level(7, h * HOUR_MS)).collect();
        assert!(day.len() > 24, "{} levels in two days", day.len());
        let changes = (1..600).filter(|minute| {
            levels.level(7, minute * 60_000) != levels.level(7, (minute - 1) * 60_000)
        });
        assert!(changes.count() <= 10, "at most once an hour");
    }

    #[test]
    fn what_was_drawn_holds_until_it_is_drawn_anew() {
        let levels = UserLevels::new("a secret");
        let mut changed = 0;
        for uin in 0..100 {
            let (level, until_ms) = levels.level_until(uin, 5 * HOUR_MS);
            assert!((5 * HOUR_MS + 1..=6 * HOUR_MS).contains(&until_ms));
            assert_eq!(levels.level(uin, until_ms - 1), level);
            changed += u32::from(levels.level(uin, until_ms) != level);
        }
        assert!(changed > 90, "{changed} of 100 have another one then");
    }

    #[test]
    fn a_new_hour_does_not_change_everybody_at_once() {
        let levels = UserLevels::new("a secret");
        let changed = (0..6_000).filter(|uin| {
            levels.level(*uin, HOUR_MS - 30_000) != levels.level(*uin, HOUR_MS + 30_000)
        });
        let changed = changed.count();
        assert!(
            (50..150).contains(&changed),
            "{changed} of 6,000 in a minute"
        );
    }

    #[test]
    fn another_secret_draws_otherwise() {
        let (one, other) = (UserLevels::new("one"), UserLevels::new("other"));
        let same = (0..1_280).filter(|uin| one.level(*uin, 0) == other.level(*uin, 0));
        assert!(same.count() < 40);
    }
}
