//! How a caller says what time it gives: digits and a unit.

use crate::status::Status;
use std::time::Duration;

/// Digits that a timeout may have.
const DIGITS_MAX: usize = 8;

/// What `grpc-timeout` says; bounded by [`crate::TIMEOUT_MS_MAX`] where it becomes a deadline.
///
/// # Errors
/// `InvalidArgument` when it is not 1 to 8 digits and one of `H M S m u n`.
pub(super) fn parse(text: &str) -> Result<Duration, Status> {
    let invalid = || {
        let message = "grpc-timeout is not 1 to 8 digits and one of H M S m u n";
        Status::invalid_argument(message)
    };
    let unit = text.bytes().last().ok_or_else(invalid)?;
    let digits = text
        .get(..text.len() - 1)
        .filter(|d| !d.is_empty() && d.len() <= DIGITS_MAX && d.bytes().all(|b| b.is_ascii_digit()))
        .ok_or_else(invalid)?;
    let n: u64 = digits.parse().map_err(|_| invalid())?;
    match unit {
        b'H' => Ok(Duration::from_secs(n * 3_600)),
        b'M' => Ok(Duration::from_secs(n * 60)),
        b'S' => Ok(Duration::from_secs(n)),
        b'm' => Ok(Duration::from_millis(n)),
        b'u' => Ok(Duration::from_micros(n)),
        b'n' => Ok(Duration::from_nanos(n)),
        _ => Err(invalid()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_the_protocol() {
        for (text, ms) in [
            ("2H", 7_200_000),
            ("3M", 180_000),
            ("4S", 4_000),
            ("500m", 500),
            ("7000u", 7),
            ("8000000n", 8),
            ("99999999m", 99_999_999),
            ("0S", 0),
        ] {
            assert_eq!(parse(text).unwrap(), Duration::from_millis(ms), "{text}");
        }
        for text in [
            "",
            "S",
            "1",
            "1s",
            "-1S",
            "+1S",
            "1.5S",
            "100000000m",
            "1S ",
            "1é",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
