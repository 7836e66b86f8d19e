//! Why no recording was begun.

use super::plan::PlanError;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why no recording was begun.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The plan makes no sense.
    Plan(PlanError),
    /// No server here has a method or a service of this name.
    UnknownMethod(String),
    /// Messages of this method stream: only calls of one request and one answer are recorded.
    Streams(&'static str),
    /// Of this method the server has no descriptors, so its secrets cannot be told from the rest.
    NoDescriptors(&'static str),
    /// A recording is under way, into the file of this name; or one of another recorder, then it has none.
    Busy(String),
    /// There is a file of this name.
    Exists(String),
    /// All files and this one together could be over the bound on the directory.
    DirectoryFull {
        /// Bytes of the files that are there.
        bytes: u64,
        /// Bytes that there may be.
        bytes_max: u64,
    },
    /// The file cannot be made.
    Io {
        /// Its path, or the directory's.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No thread can be had to write it.
    Thread(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Plan(_) => f.write_str("the plan of the recording makes no sense"),
            StartError::UnknownMethod(name) => {
                write!(f, "no server here has a method or a service {name:?}")
            }
            StartError::Streams(method) => write!(
                f,
                "{method} cannot be recorded: it streams, and only calls of one request and one answer are"
            ),
            StartError::NoDescriptors(method) => write!(
                f,
                "{method} cannot be recorded: its server has no descriptors of it, so its secrets cannot be told from the rest"
            ),
            StartError::Busy(file) if file.is_empty() => {
                f.write_str("another recorder is recording one of the servers")
            }
            StartError::Busy(file) => write!(f, "a recording is under way, into {file}"),
            StartError::Exists(file) => write!(f, "there is a recording {file} already"),
            StartError::DirectoryFull { bytes, bytes_max } => write!(
                f,
                "recordings of {bytes} bytes are there; with this one they could be over {bytes_max}"
            ),
            StartError::Io { path, .. } => write!(f, "{} cannot be written", path.display()),
            StartError::Thread(_) => f.write_str("no thread can be had to write it"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StartError::Plan(error) => Some(error),
            StartError::Io { source, .. } | StartError::Thread(source) => Some(source),
            _ => None,
        }
    }
}
