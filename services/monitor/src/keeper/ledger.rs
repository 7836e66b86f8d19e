//! Where alarms outlive the process: one small file, written anew when something changed.

use crate::alarms::Memory;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tracing::warn;

/// The version written, and the only one read.
const VERSION: u32 = 1;

/// The file of alarms, silences and what people were told.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
}

/// Why the file cannot be read or written.
#[derive(Debug)]
pub enum LedgerError {
    /// The disk says no.
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

#[derive(Serialize, Deserialize)]
struct Page<M> {
    version: u32,
    memory: M,
}

impl Ledger {
    /// The file `alarms.json` in this folder, which is made if need be.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub(crate) fn in_dir(dir: &Path) -> Result<Ledger, LedgerError> {
        let path = dir.join("alarms.json");
        fs::create_dir_all(dir).map_err(|source| wrong(dir, source))?;
        Ok(Ledger { path })
    }

    /// What was written last; nothing when nothing was. What cannot be understood is put aside, for people to look at: alarms that are
    /// found again are better than a centre that does not start.
    pub(crate) fn read(&self) -> Result<Memory, LedgerError> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Memory::default()),
            Err(source) => return Err(wrong(&self.path, source)),
        };
        let error = match serde_json::from_slice::<Page<Memory>>(&text) {
            Ok(page) if page.version == VERSION => return Ok(page.memory),
            Ok(page) => format!("it is of version {}", page.version),
            Err(error) => error.to_string(),
        };
        let aside = self.path.with_extension("json.unreadable");
        warn!(file = %self.path.display(), error, aside = %aside.display(), "alarms of the past cannot be read; they begin anew");
        fs::rename(&self.path, &aside).map_err(|source| wrong(&aside, source))?;
        Ok(Memory::default())
    }

    /// Replaces what was written. A crash leaves the old one or the new one, whole.
    pub(crate) fn write(&self, memory: &Memory) -> Result<(), LedgerError> {
        let page = Page {
            version: VERSION,
            memory,
        };
        let fresh = self.path.with_extension("json.new");
        let written = || -> io::Result<()> {
            let mut file = File::create(&fresh)?;
            file.write_all(&serde_json::to_vec(&page)?)?;
            file.sync_all()?;
            fs::rename(&fresh, &self.path)?;
            let dir = self.path.parent().unwrap_or(Path::new("."));
            File::open(dir)?.sync_all()
        };
        written().map_err(|source| wrong(&self.path, source))
    }
}

fn wrong(path: &Path, source: io::Error) -> LedgerError {
    let path = path.to_owned();
    LedgerError::Io { path, source }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LedgerError::Io { path, .. } => write!(f, "the alarms' file {}", path.display()),
        }
    }
}

impl std::error::Error for LedgerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LedgerError::Io { source, .. } => Some(source),
        }
    }
}
