//! Figures as people read them.

use std::time::Duration;

/// A length of time given in microseconds: `870 µs`, `12.4 ms`, `1.50 s`.
pub(super) fn micros(us: f64) -> String {
    match us {
        us if us < 1_000.0 => format!("{us:.0} µs"),
        us if us < 10_000.0 => format!("{:.2} ms", us / 1e3),
        us if us < 100_000.0 => format!("{:.1} ms", us / 1e3),
        us if us < 1_000_000.0 => format!("{:.0} ms", us / 1e3),
        us => format!("{:.2} s", us / 1e6),
    }
}

/// An age: `42 s`, `3 min 7 s`, `2 d 4 h`.
pub(super) fn age(age: Duration) -> String {
    let s = age.as_secs();
    match s {
        0..60 => format!("{s} s"),
        60..3_600 => format!("{} min {} s", s / 60, s % 60),
        3_600..86_400 => format!("{} h {} min", s / 3_600, s / 60 % 60),
        _ => format!("{} d {} h", s / 86_400, s / 3_600 % 24),
    }
}

/// `512 B`, `3.4 KiB`, `17 MiB`.
pub(super) fn bytes(bytes: f64) -> String {
    let mut value = bytes;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value.abs() < 1024.0 {
            return format!("{} {unit}", short(value));
        }
        value /= 1024.0;
    }
    format!("{} TiB", short(value))
}

/// A count or a rate with about three digits: `0.02`, `17.3`, `1,204`, `3.1 M`.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        v if v < 10_000.0 => short(value),
        v if v < 1_000_000.0 => format!("{:.1} k", value / 1e3),
        v if v < 1_000_000_000.0 => format!("{:.1} M", value / 1e6),
        _ => format!("{:.1} G", value / 1e9),
    }
}

/// A whole number with its thousands apart: `1,234,567`.
pub(super) fn whole(value: i128) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if value < 0 { format!("-{out}") } else { out }
}

/// A share as a percentage: `0 %`, `0.3 %`, `42 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", short(share * 100.0))
}

fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        v if v.fract() == 0.0 && v < 1e15 => whole(value as i128),
        v if v < 0.1 => format!("{value:.3}"),
        v if v < 10.0 => format!("{value:.2}"),
        v if v < 100.0 => format!("{value:.1}"),
        _ => whole(value.round() as i128),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_about_three_digits() {
        let shown = [
            micros(0.0),
            micros(870.4),
            micros(1_234.0),
            micros(12_345.0),
            micros(345_678.0),
            micros(1_500_000.0),
            bytes(512.0),
            bytes(3_500.0),
            bytes(17.0 * 1024.0 * 1024.0),
            number(0.02),
            number(17.25),
            number(1_204.0),
            number(31_415.9),
            number(3_141_592.0),
            whole(-1_234_567),
            percent(0.003),
            age(Duration::from_secs(187)),
            age(Duration::from_secs(187_200)),
        ];
        let expected = [
            "0 µs",
            "870 µs",
            "1.23 ms",
            "12.3 ms",
            "346 ms",
            "1.50 s",
            "512 B",
            "3.42 KiB",
            "17 MiB",
            "0.020",
            "17.2",
            "1,204",
            "31.4 k",
            "3.1 M",
            "-1,234,567",
            "0.30 %",
            "3 min 7 s",
            "2 d 4 h",
        ];
        assert_eq!(shown, expected);
    }
}
