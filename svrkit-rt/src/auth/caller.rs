//! Who is at the other end of a connection.

use crate::status::Status;
use std::fmt;
use std::sync::Arc;

/// Longest name of a caller in bytes.
pub const CALLER_BYTES_MAX: usize = 64;

/// Who opened a connection, as it has shown. A cheap clone: all calls of a connection share it.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller(Arc<Shown>);

#[derive(PartialEq, Eq)]
struct Shown {
    name: Box<str>,
    means: Means,
}

/// By what a caller has shown its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// A certificate that the server's authority signed.
    Certificate,
    /// A key that it shares with the server.
    Key,
    /// It is part of the server's own process, and says so.
    Process,
}

impl Caller {
    /// A caller of 1 to [`CALLER_BYTES_MAX`] lower-case letters, digits, `-`, `_` and `.`.
    ///
    /// # Errors
    /// `InvalidArgument` for another name.
    pub fn new(name: &str, means: Means) -> Result<Caller, Status> {
        check_name(name)?;
        Ok(Caller(Arc::new(Shown {
            name: name.into(),
            means,
        })))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// By what it was shown.
    pub fn means(&self) -> Means {
        self.0.means
    }
}

/// # Errors
/// `InvalidArgument` for what is no name of a caller.
pub(crate) fn check_name(name: &str) -> Result<(), Status> {
    let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    match (1..=CALLER_BYTES_MAX).contains(&name.len()) && name.bytes().all(allowed) {
        true => Ok(()),
        false => Err(Status::invalid_argument(format!(
            "caller {name:?} is not 1 to {CALLER_BYTES_MAX} of a-z 0-9 - _ ."
        ))),
    }
}

impl Means {
    /// As pages and logs say it.
    pub fn name(self) -> &'static str {
        match self {
            Means::Certificate => "certificate",
            Means::Key => "key",
            Means::Process => "process",
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Caller({} by {})", self.name(), self.means().name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for name in ["im.access", "a", "message_store-2"] {
            assert_eq!(Caller::new(name, Means::Key).unwrap().name(), name);
        }
        let long = "a".repeat(CALLER_BYTES_MAX + 1);
        for name in ["", "Im", "a b", "*", "ä", "a/b", &long] {
            assert!(Caller::new(name, Means::Key).is_err(), "{name}");
        }
    }
}
