//! Colour, only where somebody looks.

use std::fmt;
use std::io::IsTerminal;

/// Whether to paint what goes to one of the two streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    is_on: bool,
}

impl Paint {
    /// For standard output: on a terminal, unless `NO_COLOR` is set.
    pub(crate) fn stdout() -> Paint {
        Paint::of(std::io::stdout().is_terminal())
    }

    /// For standard error.
    pub(crate) fn stderr() -> Paint {
        Paint::of(std::io::stderr().is_terminal())
    }

    fn of(is_terminal: bool) -> Paint {
        let is_refused = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
        Paint {
            is_on: is_terminal && !is_refused,
        }
    }

    pub(crate) fn bold(self, text: impl fmt::Display) -> String {
        self.with("1", text)
    }

    pub(crate) fn dim(self, text: impl fmt::Display) -> String {
        self.with("2", text)
    }

    pub(crate) fn red(self, text: impl fmt::Display) -> String {
        self.with("31", text)
    }

    pub(crate) fn green(self, text: impl fmt::Display) -> String {
        self.with("32", text)
    }

    pub(crate) fn cyan(self, text: impl fmt::Display) -> String {
        self.with("36", text)
    }

    fn with(self, code: &str, text: impl fmt::Display) -> String {
        if self.is_on {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }
}
