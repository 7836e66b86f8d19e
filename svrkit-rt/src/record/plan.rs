//! What to record, and how much of it at most.

use std::fmt;
use std::time::Duration;

/// Bytes of a file's name.
pub const FILE_NAME_BYTES_MAX: usize = 100;
/// Bytes below which a bound on a file makes no sense: header, names of methods and end must have room.
pub const FILE_BYTES_MIN: u64 = 64 * 1024;
/// Time of a recording: what is watched for longer is no sample any more.
pub const DURATION_MAX: Duration = Duration::from_secs(24 * 3_600);

/// A recording that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Name of the file in the recorder's directory: 1 to [`FILE_NAME_BYTES_MAX`] of `A-Z a-z 0-9 - . _`, not beginning with a dot. A file
    /// that is there already is not touched.
    pub file: String,
    /// Methods, `"hello.v1.Greeter/SayHello"`, or services with all of theirs that do not stream, `"hello.v1.Greeter"`.
    pub methods: Vec<String>,
    /// Of how many of their calls, over 0 and up to 1. Default 1: the other bounds hold anyway.
    pub share: f64,
    /// Bytes of the file, at least [`FILE_BYTES_MIN`]. Default 64 MiB: a hundred thousand requests of half a kilobyte.
    pub file_bytes_max: u64,
    /// How long, at most [`DURATION_MAX`]. Default a minute.
    pub duration_max: Duration,
}

/// What is wrong with a plan.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PlanError {
    /// This is no name of a file.
    File(String),
    /// It names no method.
    NoMethods,
    /// This is no share.
    Share(f64),
    /// These are too few bytes for a file.
    FileBytes(u64),
    /// This is no time, or too long.
    Duration(Duration),
}

impl Plan {
    /// All calls of these methods for a minute, up to 64 MiB.
    pub fn new(
        file: impl Into<String>,
        methods: impl IntoIterator<Item = impl Into<String>>,
    ) -> Plan {
        Plan {
            file: file.into(),
            methods: methods.into_iter().map(Into::into).collect(),
            share: 1.0,
            file_bytes_max: 64 * 1024 * 1024,
            duration_max: Duration::from_secs(60),
        }
    }

    pub(super) fn check(&self) -> Result<(), PlanError> {
        if !is_file_name(&self.file) {
            return Err(PlanError::File(self.file.clone()));
        }
        if self.methods.is_empty() {
            return Err(PlanError::NoMethods);
        }
        if !(self.share > 0.0 && self.share <= 1.0) {
            return Err(PlanError::Share(self.share));
        }
        if self.file_bytes_max < FILE_BYTES_MIN {
            return Err(PlanError::FileBytes(self.file_bytes_max));
        }
        if self.duration_max.is_zero() || self.duration_max > DURATION_MAX {
            return Err(PlanError::Duration(self.duration_max));
        }
        Ok(())
    }
}

/// A name in a directory, and nowhere else.
fn is_file_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    !name.is_empty()
        && name.len() <= FILE_NAME_BYTES_MAX
        && !name.starts_with('.')
        && name.bytes().all(allowed)
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanError::File(name) => write!(
                f,
                "{name:?} is no name of a file: 1 to {FILE_NAME_BYTES_MAX} of A-Z a-z 0-9 - . _, not beginning with a dot"
            ),
            PlanError::NoMethods => f.write_str("no method is named"),
            PlanError::Share(share) => write!(f, "share is over 0 and up to 1, not {share}"),
            PlanError::FileBytes(bytes) => {
                write!(f, "a file has at least {FILE_BYTES_MIN} bytes, not {bytes}")
            }
            PlanError::Duration(duration) => write!(
                f,
                "a recording takes up to {} s, not {}",
                DURATION_MAX.as_secs(),
                duration.as_secs_f64()
            ),
        }
    }
}

impl std::error::Error for PlanError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        for name in ["a", "sends-2026.svrrec", "A_1", &"x".repeat(100)] {
            assert!(is_file_name(name), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            ".a",
            "a/b",
            "/a",
            "a\\b",
            "a\0",
            "ä",
            "a b",
            &"x".repeat(101),
        ] {
            assert!(!is_file_name(name), "{name}");
        }
    }

    #[test]
    fn bounds_are_kept() {
        let plan = Plan::new("a", ["s.S/M"]);
        assert_eq!(plan.check(), Ok(()));
        for share in [0.0, -1.0, 1.1, f64::NAN] {
            let wrong = Plan {
                share,
                ..plan.clone()
            };
            assert!(matches!(wrong.check(), Err(PlanError::Share(_))));
        }
        let wrong = Plan {
            methods: Vec::new(),
            ..plan.clone()
        };
        assert_eq!(wrong.check(), Err(PlanError::NoMethods));
        let wrong = Plan {
            file_bytes_max: 1,
            ..plan.clone()
        };
        assert_eq!(wrong.check(), Err(PlanError::FileBytes(1)));
        for duration_max in [Duration::ZERO, DURATION_MAX * 2] {
            let wrong = Plan {
                duration_max,
                ..plan.clone()
            };
            assert_eq!(wrong.check(), Err(PlanError::Duration(duration_max)));
        }
    }
}
