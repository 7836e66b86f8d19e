//! A notice in words.

use crate::alarms::{End, Notice};
use crate::calendar::rfc3339;
use std::fmt::Write;

/// Bytes of a subject.
const SUBJECT_BYTES_MAX: usize = 200;

/// `[im] 2 firing: calls_fail{service="push"}, …`.
pub(super) fn subject(notice: &Notice) -> String {
    let mut subject = format!("[im] {}", notice.title());
    if subject.len() > SUBJECT_BYTES_MAX {
        subject.truncate(subject.floor_char_boundary(SUBJECT_BYTES_MAX));
        subject.push('…');
    }
    subject
}

/// A paragraph an alarm, and where to look.
pub(super) fn body(notice: &Notice, page: &str) -> String {
    let mut text = String::new();
    for alarm in &notice.firing {
        let since = rfc3339(alarm.state.firing_since_s().unwrap_or(notice.at_s));
        let _ = writeln!(text, "FIRING ({}) since {since}", alarm.severity);
        let _ = writeln!(text, "  {}\n  {}", alarm.summary, alarm.identity);
        if let Some(seen) = alarm.seen {
            let _ = writeln!(
                text,
                "  {} against {}",
                figure(seen.value),
                figure(seen.threshold)
            );
        }
        text.push('\n');
    }
    for ended in &notice.over {
        let (from, to) = (rfc3339(ended.from_s), rfc3339(ended.to_s));
        let why = match ended.end {
            End::Resolved => "OVER",
            End::Gone => "OVER (it does not report any more)",
            End::RuleRemoved => "OVER (its rule was taken out)",
        };
        let _ = writeln!(text, "{why}: {from} to {to}");
        let _ = writeln!(text, "  {}\n  {}\n", ended.summary, ended.identity);
    }
    text.push_str(page);
    text.push('\n');
    text
}

/// Three digits after the point will do for people.
fn figure(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        let written = [0.05, 3.0, 1_234.567_8, 100.0].map(figure);
        assert_eq!(written, ["0.05", "3", "1234.568", "100"]);
    }
}
