//! Which daily mail was sent last, across restarts.

use super::schedule::Day;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file that remembers.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    path: PathBuf,
}

/// Why it cannot be remembered.
#[derive(Debug)]
pub struct SentError {
    path: PathBuf,
    source: io::Error,
}

impl Sent {
    /// The file `daily_mail` in this folder, which is made if need be.
    pub(super) fn in_dir(dir: &Path) -> Result<Sent, SentError> {
        let path = dir.join("daily_mail");
        match fs::create_dir_all(dir) {
            Ok(()) => Ok(Sent { path }),
            Err(source) => Err(SentError { path, source }),
        }
    }

    /// The day that was sent last; `None` when none was, or when what is written there is no day.
    pub(super) fn last(&self) -> Result<Option<Day>, SentError> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.error(source)),
        }
    }

    /// Remembers a day: on disk when this returns.
    pub(super) fn remember(&self, day: Day) -> Result<(), SentError> {
        let fresh = self.path.with_extension("new");
        let written = || -> io::Result<()> {
            let mut file = File::create(&fresh)?;
            writeln!(file, "{day}")?;
            file.sync_all()?;
            fs::rename(&fresh, &self.path)?;
            File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()
        };
        written().map_err(|source| self.error(source))
    }

    fn error(&self, source: io::Error) -> SentError {
        let path = self.path.clone();
        SentError { path, source }
    }
}

impl fmt::Display for SentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file of the daily mail {}", self.path.display())
    }
}

impl std::error::Error for SentError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
