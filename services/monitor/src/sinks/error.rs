//! Why something could not be told.

use std::fmt;
use std::io;
use std::path::PathBuf;
use svrkit_rt::http_client::HttpError;

/// Why a place was not told.
#[derive(Debug)]
pub enum SinkError {
    /// A secret or a certificate cannot be read.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There was no answer.
    Http {
        /// Why.
        source: HttpError,
    },
    /// The answer was no.
    Refused {
        /// Its HTTP status.
        status: u16,
        /// After how many seconds to ask again, where it said so.
        retry_after_s: Option<u64>,
    },
    /// An address is none, or it cannot be put down.
    Unwritable {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The mail server took longer than this.
    TimedOut {
        /// Seconds.
        timeout_s: u64,
    },
    /// The mail server did not take it.
    Smtp {
        /// Why.
        source: lettre::transport::smtp::Error,
    },
}

impl SinkError {
    /// Whether trying again is of no use.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            // 408 and 429 ask for another try.
            SinkError::Refused { status, .. } => {
                (400..500).contains(status) && ![408, 429].contains(status)
            }
            SinkError::Unwritable { .. } => true,
            SinkError::Smtp { source } => source.is_permanent(),
            SinkError::File { .. } | SinkError::Http { .. } | SinkError::TimedOut { .. } => false,
        }
    }

    /// Seconds that the peer wants to be left alone.
    pub(crate) fn retry_after_s(&self) -> Option<u64> {
        match self {
            SinkError::Refused { retry_after_s, .. } => *retry_after_s,
            _ => None,
        }
    }
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SinkError::File { path, .. } => write!(f, "cannot read {}", path.display()),
            SinkError::Http { .. } => write!(f, "no answer"),
            SinkError::Refused { status, .. } => write!(f, "refused with {status}"),
            SinkError::Unwritable { .. } => write!(f, "it cannot be put down"),
            SinkError::TimedOut { timeout_s } => write!(f, "no answer within {timeout_s} s"),
            SinkError::Smtp { .. } => write!(f, "the mail server did not take it"),
        }
    }
}

impl std::error::Error for SinkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SinkError::File { source, .. } => Some(source),
            SinkError::Http { source } => Some(source),
            SinkError::Unwritable { source } => Some(&**source),
            SinkError::Smtp { source } => Some(source),
            SinkError::Refused { .. } | SinkError::TimedOut { .. } => None,
        }
    }
}
