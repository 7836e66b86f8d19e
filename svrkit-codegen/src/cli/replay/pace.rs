//! When a call is due.

use std::time::Duration;

/// Calls a second, and factors, that make sense.
const RATES: std::ops::RangeInclusive<f64> = 0.001..=1e8;
const SPEEDS: std::ops::RangeInclusive<f64> = 0.001..=1_000.0;
/// Shortest time that a file takes when it is replayed again and again: all its calls may be of one moment.
const LAP_MIN: Duration = Duration::from_millis(1);

/// How fast calls are started.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pace {
    /// So many a second, whenever they were recorded.
    Rate(f64),
    /// So many times as fast as they were recorded.
    Speed(f64),
}

impl Pace {
    /// Time from the beginning until call `number`, from 0, is due, which was recorded `at` after the first one.
    pub(super) fn due(self, number: u64, at: Duration) -> Duration {
        match self {
            Pace::Rate(rate) => Duration::from_secs_f64(number as f64 / rate),
            Pace::Speed(speed) => Duration::from_secs_f64(at.as_secs_f64() / speed),
        }
    }
}

/// How much later the calls of each round are than those of the one before, of `calls` calls over `span`: the first call follows the
/// last one as the others follow each other.
pub(super) fn lap(calls: u64, span: Duration) -> Duration {
    let gap = span.as_secs_f64() / calls.saturating_sub(1).max(1) as f64;
    (span + Duration::from_secs_f64(gap)).max(LAP_MIN)
}

/// `500`, or `500/s`.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    match number.parse() {
        Ok(rate) if RATES.contains(&rate) => Ok(rate),
        _ => Err("expected 0.001 to 100,000,000 calls a second, as in 500/s".to_owned()),
    }
}

pub(super) fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if SPEEDS.contains(&speed) => Ok(speed),
        _ => Err("expected a factor of 0.001 to 1,000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_due_at_the_rate_or_as_they_came() {
        let ms = Duration::from_millis;
        assert_eq!(Pace::Rate(500.0).due(250, ms(7)), ms(500));
        assert_eq!(Pace::Speed(1.0).due(250, ms(7)), ms(7));
        assert_eq!(Pace::Speed(2.0).due(0, ms(3_000)), ms(1_500));
        assert_eq!(Pace::Speed(0.5).due(0, ms(3_000)), ms(6_000));
    }

    #[test]
    fn rounds_follow_each_other_like_calls() {
        let ms = Duration::from_millis;
        assert_eq!(lap(4, ms(300)), ms(400));
        assert_eq!(lap(1, ms(0)), LAP_MIN);
        assert_eq!(lap(100, ms(0)), LAP_MIN);
    }

    #[test]
    fn a_rate_may_say_its_unit() {
        assert_eq!(rate("500"), Ok(500.0));
        assert_eq!(rate("0.5/s"), Ok(0.5));
        for wrong in ["", "/s", "0", "-1", "1e9", "nan", "inf", "5/m"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "0", "-1", "1001", "nan", "2x"] {
            assert!(speed(wrong).is_err(), "{wrong}");
        }
    }
}
