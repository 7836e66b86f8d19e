//! What is wrong with an IDL and where, and why generating failed.

use std::fmt;
use std::path::{Path, PathBuf};

/// One mistake at one place, shown as `file:line:column: message`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Path of the file as it was found on disk, or its import name.
    pub file: String,
    /// Line, counted from 1; 0 where a whole file is meant.
    pub line: u32,
    /// Column, counted from 1; 0 where a whole file is meant.
    pub column: u32,
    /// What is wrong, in a sentence.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            _ => write!(
                f,
                "{}:{}:{}: {}",
                self.file, self.line, self.column, self.message
            ),
        }
    }
}

/// Why nothing was generated.
///
/// `Debug` shows the same as `Display`, so that a build script whose `main` returns it prints what a reader needs.
pub enum Error {
    /// The IDL has mistakes: all of them, sorted by place.
    Idl(Vec<Diagnostic>),
    /// A file could not be read or written.
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A command that was needed failed.
    Command {
        /// The command line.
        command: String,
        /// What it said.
        message: String,
    },
    /// A descriptor set could not be understood.
    DescriptorSet {
        /// Where it came from.
        origin: String,
        /// What is wrong with it.
        message: String,
    },
    /// What prost-build said of an IDL that passed our checks.
    Messages(String),
    /// No output folder was given and this is not a build script.
    NoOutDir,
    /// No `.proto` file was given or found.
    NoProtos,
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.to_owned();
        |source| Error::Io { path, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Idl(diagnostics) => {
                for (index, diagnostic) in diagnostics.iter().enumerate() {
                    let newline = if index == 0 { "" } else { "\n" };
                    write!(f, "{newline}{diagnostic}")?;
                }
                Ok(())
            }
            Error::Io { path, .. } => write!(f, "cannot read or write {}", path.display()),
            Error::Command { command, message } => write!(f, "`{command}` failed: {message}"),
            Error::DescriptorSet { origin, message } => {
                write!(f, "{origin} is no descriptor set: {message}")
            }
            Error::Messages(message) => write!(f, "messages cannot be generated: {message}"),
            Error::NoOutDir => write!(f, "no output folder given, and OUT_DIR is not set"),
            Error::NoProtos => write!(f, "no .proto file given or found"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io { source, .. } => write!(f, "{self}: {source}"),
            Error::Idl(_) => write!(f, "the IDL has mistakes\n{self}"),
            _ => write!(f, "{self}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
