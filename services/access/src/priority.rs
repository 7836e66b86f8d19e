//! How important a client's call is: the method's level first, then the user's.

use svrkit_rt::{MethodDescriptor, Priority};

/// User levels.
const LEVELS: u64 = 128;
const HOUR_MS: u64 = 3_600_000;

/// The priority of a call of `method` by a user.
///
/// Users are spread evenly over the levels, so that overload sheds some users wholly rather than all users partly, and drawn anew each
/// hour, each at a minute of his own, so that it is not always the same ones (after Overload Control for Scaling WeChat Microservices,
/// SoCC 2018). By user, not by session: nobody draws a better level by logging in again. Every node computes the same.
pub(crate) fn of(method: &MethodDescriptor, uin: u64, now_ms: u64) -> Priority {
    let hour = (now_ms + mix(uin) % HOUR_MS) / HOUR_MS;
    Priority {
        business: method.priority,
        user: (mix(uin ^ mix(hour)) % LEVELS) as u8,
    }
}

/// The finalizer of splitmix64.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const METHOD: MethodDescriptor = MethodDescriptor::plain(1, "s", "m", "s/m");

    #[test]
    fn users_are_spread_and_drawn_anew_each_hour() {
        let level = |uin, ms| of(&METHOD, uin, ms).user;
        let now: HashSet<u8> = (10_000..14_000).map(|uin| level(uin, 0)).collect();
        assert_eq!(now.len() as u64, LEVELS);
        let day: HashSet<u8> = (0..48).map(|hour| level(10_000, hour * HOUR_MS)).collect();
        assert!(day.len() > 24, "{} levels in two days", day.len());
        assert_eq!(level(10_007, 1), level(10_007, 2));
    }
}
