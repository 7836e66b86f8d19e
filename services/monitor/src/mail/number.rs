//! Figures for people.

/// `12,345`; a dash for nothing.
pub(super) fn number(value: Option<f64>) -> String {
    let Some(value) = value else {
        return "–".to_owned();
    };
    let digits = format!("{:.0}", value.abs());
    let mut written = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    if value < 0.0 {
        written.insert(0, '-');
    }
    written
}

/// `+12.3 %`; a dash where there is nothing to compare with.
pub(super) fn change(now: Option<f64>, before: Option<f64>) -> String {
    match (now, before) {
        (Some(now), Some(before)) if before != 0.0 => {
            format!("{:+.1} %", (now - before) / before.abs() * 100.0)
        }
        _ => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart() {
        let written = [0.0, 999.0, 1_000.0, 12_345_678.4, -1_234.0];
        let written = written.map(|value| number(Some(value)));
        assert_eq!(written, ["0", "999", "1,000", "12,345,678", "-1,234"]);
        assert_eq!(number(None), "–");
    }

    #[test]
    fn changes_have_a_sign() {
        assert_eq!(change(Some(112.0), Some(100.0)), "+12.0 %");
        assert_eq!(change(Some(50.0), Some(100.0)), "-50.0 %");
        assert_eq!(change(Some(50.0), Some(0.0)), "–");
        assert_eq!(change(None, Some(1.0)), "–");
    }
}
