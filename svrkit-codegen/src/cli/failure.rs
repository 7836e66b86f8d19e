//! Why a command ended without having done what it was asked for, and what the shell is told.

use std::fmt;
use std::process::ExitCode;

/// How a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was asked for something that makes no sense: exit code 2.
    Usage(String),
    /// It was asked for something sensible, and that failed: exit code 1.
    Failed(String),
    /// As `Failed`, and everything was said already.
    Told,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure::Usage(message.into())
    }

    pub(crate) fn failed(message: impl Into<String>) -> Failure {
        Failure::Failed(message.into())
    }

    /// For files: says which one.
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Failure {
        let path = path.display().to_string();
        move |error| Failure::Failed(format!("{path}: {error}"))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Usage(_) => ExitCode::from(2),
            Failure::Failed(_) | Failure::Told => ExitCode::from(1),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(message) | Failure::Failed(message) => f.write_str(message),
            Failure::Told => Ok(()),
        }
    }
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Failure {
        // `Debug` of this error carries the cause as well.
        match &error {
            crate::Error::NoProtos | crate::Error::NoOutDir => Failure::Usage(error.to_string()),
            crate::Error::Idl(_) => Failure::Failed(error.to_string()),
            _ => Failure::Failed(format!("{error:?}")),
        }
    }
}
