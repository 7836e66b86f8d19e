//! Lines for the terminal.

use std::time::Duration;

/// What a line is, which decides how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// What somebody said: the part before the colon stands out.
    Said,
    /// What happened.
    News,
    /// What went wrong.
    Trouble,
    /// An answer to a command.
    Plain,
}

/// A line with its colours, where colours are wanted.
pub(super) fn paint(tone: Tone, line: &str, in_colour: bool) -> String {
    const BOLD: &str = "\x1b[1m";
    const DIM: &str = "\x1b[2m";
    const RED: &str = "\x1b[31m";
    const RESET: &str = "\x1b[0m";
    if !in_colour {
        return line.to_owned();
    }
    match tone {
        Tone::Plain => line.to_owned(),
        Tone::News => format!("{DIM}{line}{RESET}"),
        Tone::Trouble => format!("{RED}{line}{RESET}"),
        Tone::Said => match line.split_once(": ") {
            Some((who, text)) => format!("{BOLD}{who}:{RESET} {text}"),
            None => line.to_owned(),
        },
    }
}

/// How long ago something was, for people.
pub(super) fn ago(now_ms: u64, then_ms: u64) -> String {
    let seconds = now_ms.saturating_sub(then_ms) / 1_000;
    match seconds {
        0..60 => "now".to_owned(),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// A wait, for people.
pub(super) fn wait(wait: Duration) -> String {
    match wait.as_secs() {
        0 => "at once".to_owned(),
        seconds => format!("in {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        let now = 10 * 86_400_000;
        let ages = [1, 90, 7_200, 200_000].map(|seconds| ago(now, now - seconds * 1_000));
        assert_eq!(ages, ["now", "1 min ago", "2 h ago", "2 days ago"]);
        assert_eq!(ago(5, 10), "now", "clocks differ");
    }

    #[test]
    fn colours_only_where_they_are_wanted() {
        assert_eq!(paint(Tone::Said, "bob: hi", false), "bob: hi");
        assert_eq!(paint(Tone::Said, "bob: hi", true), "\x1b[1mbob:\x1b[0m hi");
    }
}
