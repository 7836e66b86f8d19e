//! Why an engine did not do it.

use crate::read::Version;
use std::fmt;
use svrkit_rt::{Code, Status};

/// Why an engine cannot answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineError {
    /// The partition has not come to the version that was asked for.
    Behind {
        /// The version it has.
        version: Version,
    },
    /// More is waiting to be written than may wait. Nothing of this was written.
    Overloaded,
    /// It writes no more, since writing failed once; only a restart tells what is on disk. Whether this was written is unknown.
    Stopped {
        /// What failed.
        reason: String,
    },
    /// What it read is damaged.
    Damaged {
        /// What and where.
        reason: String,
    },
    /// The request itself makes no sense.
    Invalid {
        /// In which way.
        reason: &'static str,
    },
}

/// Why a batch was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// A condition did not hold. Nothing was written.
    Condition {
        /// Its place in the batch.
        index: usize,
        /// The partition's version.
        version: Version,
    },
    /// The engine did not come to writing it.
    Engine(EngineError),
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineError::Behind { version } => {
                write!(f, "the partition is only at version {version}")
            }
            EngineError::Overloaded => write!(f, "too much is waiting to be written"),
            EngineError::Stopped { reason } => write!(f, "the engine stopped: {reason}"),
            EngineError::Damaged { reason } => write!(f, "damaged data: {reason}"),
            EngineError::Invalid { reason } => write!(f, "{reason}"),
        }
    }
}

impl std::error::Error for EngineError {}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Condition { index, version } => {
                write!(f, "condition {index} does not hold at version {version}")
            }
            WriteError::Engine(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WriteError {}

impl From<EngineError> for WriteError {
    fn from(error: EngineError) -> WriteError {
        WriteError::Engine(error)
    }
}

/// The status that a store answers with. A caller may try again elsewhere or later unless the data is damaged.
impl From<EngineError> for Status {
    fn from(error: EngineError) -> Status {
        let code = match error {
            EngineError::Behind { .. } | EngineError::Stopped { .. } => Code::Unavailable,
            EngineError::Overloaded => Code::Overloaded,
            EngineError::Damaged { .. } => Code::DataLoss,
            EngineError::Invalid { .. } => Code::Internal,
        };
        Status::new(code, error.to_string())
    }
}

/// As the engine's error; a condition that did not hold is `Aborted`: read again, decide again.
impl From<WriteError> for Status {
    fn from(error: WriteError) -> Status {
        match error {
            WriteError::Condition { .. } => Status::new(Code::Aborted, error.to_string()),
            WriteError::Engine(error) => error.into(),
        }
    }
}
