//! The daily mail as plain text.

use super::figures::DailyFigures;
use super::number::{change, number};
use std::fmt::Write;

pub(super) fn text(daily: &DailyFigures, page: &str) -> String {
    let mut text = format!(
        "{} ({}), against the same day a week before\n\n",
        daily.date, daily.zone
    );
    for figure in &daily.figures {
        let _ = writeln!(
            text,
            "{:<24}{:>14}{:>14}{:>11}",
            figure.title,
            number(figure.day),
            number(figure.week_before),
            change(figure.day, figure.week_before)
        );
    }
    text.push_str("\nWhat failed most\n\n");
    if daily.errors.is_empty() {
        text.push_str("nothing\n");
    }
    for row in &daily.errors {
        let _ = writeln!(
            text,
            "{:<38}{:>14}{:>14}",
            format!("{} {} {}", row.service, row.method, row.code),
            number(Some(row.day)),
            number(Some(row.week_before))
        );
    }
    let _ = write!(text, "\n{page}\n");
    text
}
