//! Unix seconds as dates, in UTC or at a fixed offset from it. Days and leap years by Howard Hinnant's `civil_from_days`
//! (<https://howardhinnant.github.io/date_algorithms.html>); there are no leap seconds in unix time.

use std::fmt;

/// Seconds of a day.
pub(crate) const DAY_S: u64 = 86_400;

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// After Christ.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
}

impl Date {
    /// The day of this time in UTC.
    pub fn of(at_s: u64) -> Date {
        // Days since 1 March 0000, so that a leap day is the last of its year.
        let days = (at_s / DAY_S) as i64 + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = (of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Date {
            year,
            month: month as u32,
            day,
        }
    }
}

/// `2026-02-28`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// `2026-02-28T23:59:59Z`, as RFC 3339 writes a time.
pub(crate) fn rfc3339(at_s: u64) -> String {
    format!("{}T{}Z", Date::of(at_s), clock_time(at_s))
}

/// `23:59:59`.
fn clock_time(at_s: u64) -> String {
    let of_day = at_s % DAY_S;
    let (hours, minutes, seconds) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}")
}

/// A fixed distance from UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// Seconds east of Greenwich.
    pub east_s: i64,
}

impl Zone {
    /// Reads `UTC`, `+08:00` or `-03:30`.
    pub fn parse(text: &str) -> Option<Zone> {
        if text == "UTC" {
            return Some(Zone::default());
        }
        let sign = match text.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let of_day_s = time_of_day(&text[1..])? as i64;
        (of_day_s <= 14 * 3_600).then_some(Zone {
            east_s: sign * of_day_s,
        })
    }

    /// Unix seconds as a clock there shows them.
    pub fn local_s(self, at_s: u64) -> u64 {
        at_s.saturating_add_signed(self.east_s)
    }

    /// Unix seconds of what a clock there shows.
    pub fn utc_s(self, local_s: u64) -> u64 {
        local_s.saturating_add_signed(-self.east_s)
    }
}

/// `UTC`, or as `+08:00`.
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.east_s == 0 {
            return write!(f, "UTC");
        }
        let sign = if self.east_s < 0 { '-' } else { '+' };
        let minutes = self.east_s.unsigned_abs() / 60;
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// Seconds after midnight of `HH:MM`.
pub(crate) fn time_of_day(text: &str) -> Option<u64> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |part: &str, max: u64| {
        let two = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        let number: u64 = two.then(|| part.parse().ok()).flatten()?;
        (number <= max).then_some(number)
    };
    Some(number(hours, 23)? * 3_600 + number(minutes, 59)? * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_are_easy_to_get_wrong() {
        let days = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_772_323_200, "2026-03-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (at_s, written) in days {
            assert_eq!(rfc3339(at_s), written);
        }
    }

    #[test]
    fn zones_shift_the_clock() {
        let china = Zone::parse("+08:00").unwrap();
        assert_eq!(china.to_string(), "+08:00");
        assert_eq!(
            rfc3339(china.local_s(1_709_251_199)),
            "2024-03-01T07:59:59Z"
        );
        assert_eq!(china.utc_s(china.local_s(1_000_000)), 1_000_000);
        assert_eq!(Zone::parse("-03:30").unwrap().to_string(), "-03:30");
        assert_eq!(Zone::parse("UTC").unwrap().to_string(), "UTC");
        for bad in ["", "8", "+8:00", "+15:00", "+08:60", "Europe/Berlin"] {
            assert_eq!(Zone::parse(bad), None, "{bad:?}");
        }
    }
}
