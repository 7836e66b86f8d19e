//! When a report was made, by the centre's clock, and which windows it is about.

use crate::history::Tier;
use std::ops::RangeInclusive;

/// How far an agent's clock may be off before reports are placed by the centre's.
const SKEW_MS_MAX: u64 = 5_000;
/// Windows over which increments are spread, at most: an hour of the finest tier. Those of a longer time are put together at its end.
const SPREAD_WINDOWS_MAX: u64 = 360;

/// When a reading was made, in milliseconds of the centre's clock. An agent whose clock is right, within a few seconds, knows best, and
/// its readings are evenly apart; of another one only the time between reading and sending counts.
pub(crate) fn placed_ms(taken_ms: u64, sent_ms: u64, received_ms: u64) -> u64 {
    let age_ms = sent_ms.saturating_sub(taken_ms);
    match sent_ms.abs_diff(received_ms) <= SKEW_MS_MAX {
        true => taken_ms.min(received_ms),
        false => received_ms.saturating_sub(age_ms),
    }
}

/// Whether an agent's clock is too far off.
pub(crate) fn is_off(sent_ms: u64, received_ms: u64) -> bool {
    sent_ms.abs_diff(received_ms) > SKEW_MS_MAX
}

/// The windows of a tier that increments are of which came since the last reading.
pub(crate) fn windows(tier: Tier, read_ms: Option<u64>, placed_ms: u64) -> RangeInclusive<u64> {
    let width_ms = tier.width_s() * 1_000;
    let last = placed_ms / width_ms;
    let first = match read_ms {
        // Clocks go back: then it is all of the window it is in now.
        Some(read_ms) if read_ms < placed_ms => (read_ms / width_ms + 1).min(last),
        _ => last,
    };
    first.max(last.saturating_sub(SPREAD_WINDOWS_MAX - 1))..=last
}

/// Those of them in which a level holds that was read at their end: as many as a period has.
pub(crate) fn held(
    tier: Tier,
    windows: &RangeInclusive<u64>,
    period_ms: u64,
) -> RangeInclusive<u64> {
    let width_ms = tier.width_s() * 1_000;
    let count = period_ms.div_ceil(width_ms).max(1);
    let last = *windows.end();
    (*windows.start()).max(last.saturating_sub(count - 1))..=last
}

/// Shares of a number as even as whole numbers are; they add up to it.
pub(crate) fn shares(
    number: u64,
    windows: &RangeInclusive<u64>,
) -> impl Iterator<Item = (u64, u64)> {
    let count = windows.end() - windows.start() + 1;
    let (each, more) = (number / count, number % count);
    let shares = windows.clone().enumerate();
    shares.map(move |(place, window)| (window, each + u64::from((place as u64) < more)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_right_is_believed_and_another_is_not() {
        assert_eq!(placed_ms(100_000, 100_050, 101_000), 100_000);
        let hour_ms = 3_600_000;
        assert_eq!(
            placed_ms(100_000, 100_050, 100_050 + hour_ms),
            100_000 + hour_ms
        );
        assert_eq!(
            placed_ms(100_000 + hour_ms, 100_050 + hour_ms, 100_050),
            100_000
        );
        // Read by one life of the agent and sent by another, whose clock was set back meanwhile.
        assert_eq!(placed_ms(100_000 + hour_ms, 100_000, 100_050), 100_050);
    }

    #[test]
    fn increments_are_of_the_windows_since_the_last_reading() {
        let ten =
            |read_s: u64, at_s: u64| windows(Tier::TenSeconds, Some(read_s * 1_000), at_s * 1_000);
        assert_eq!(ten(103, 113), 11..=11);
        assert_eq!(ten(103, 163), 11..=16);
        assert_eq!(ten(103, 104), 10..=10);
        assert_eq!(ten(163, 103), 10..=10);
        assert_eq!(ten(0, 1_000_000), 99_641..=100_000);
        assert_eq!(windows(Tier::Minute, None, 125_000), 2..=2);
    }

    #[test]
    fn shares_add_up() {
        let shares: Vec<u64> = shares(20, &(5..=10)).map(|(_, share)| share).collect();
        assert_eq!(shares, [4, 4, 3, 3, 3, 3]);
    }

    #[test]
    fn a_level_holds_for_a_period() {
        assert_eq!(held(Tier::TenSeconds, &(5..=10), 10_000), 10..=10);
        assert_eq!(held(Tier::TenSeconds, &(5..=10), 60_000), 5..=10);
        assert_eq!(held(Tier::Minute, &(5..=10), 10_000), 10..=10);
    }
}
