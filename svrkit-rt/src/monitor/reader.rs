//! Reading segments of other processes.
//!
//! By reading the file, not by mapping it: a file that is truncated meanwhile is an error then, not a signal, and pages that nobody has
//! written take no memory. Kernels copy pages by whole words, so a counter is never seen half written.

use super::header::FormatError;
use super::snapshot::{Snapshot, Source, take};
use rustix::fs::OFlags;
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// What the name of a segment's file ends in.
pub(super) const SEGMENT_ENDING: &str = ".monitor";

/// Tries at a segment whose owner is entering itself just now.
const TRIES: u32 = 3;

/// Why a segment cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// It is none, or none that this program understands, or not whole.
    Format(FormatError),
    /// The system says no.
    Io(io::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Format(e) => e.fmt(f),
            ReadError::Io(_) => f.write_str("segment cannot be read"),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ReadError::Format(_) => None,
            ReadError::Io(e) => Some(e),
        }
    }
}

impl From<FormatError> for ReadError {
    fn from(e: FormatError) -> ReadError {
        ReadError::Format(e)
    }
}

impl From<io::Error> for ReadError {
    fn from(e: io::Error) -> ReadError {
        ReadError::Io(e)
    }
}

/// A segment's file, open for reading. Keeps showing the same segment when another takes its name.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    file: File,
}

impl Reader {
    /// Opens the file of a segment.
    ///
    /// # Errors
    /// The system's. Whether it is a segment is looked at when it is read.
    pub fn open(path: impl Into<PathBuf>) -> Result<Reader, ReadError> {
        let path = path.into();
        // Should a pipe have the name, nobody waits for its other end.
        let file = File::options()
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits() as i32)
            .open(&path)?;
        Ok(Reader { path, file })
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All that is in it now.
    ///
    /// # Errors
    /// See [`ReadError`]; whatever the file holds, it is never a panic.
    pub fn snapshot(&self) -> Result<Snapshot, ReadError> {
        let mut result = take(&FileSource(&self.file));
        for _ in 1..TRIES {
            if !matches!(result, Err(ReadError::Format(FormatError::NotReady))) {
                break;
            }
            result = take(&FileSource(&self.file));
        }
        result
    }

    /// Whether a process has the segment open as its own. The answer is the kernel's, so it is true also right after a `kill -9`.
    ///
    /// # Errors
    /// The system's.
    pub fn owner_is_alive(&self) -> io::Result<bool> {
        match self.file.try_lock_shared() {
            Ok(()) => {
                self.file.unlock()?;
                Ok(false)
            }
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }
}

/// The segments in a directory, in the order of their names. What is not there is empty.
///
/// # Errors
/// The system's.
pub fn instances(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if name.as_encoded_bytes().ends_with(SEGMENT_ENDING.as_bytes()) {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

/// The bytes of a file.
pub(super) struct FileSource<'a>(pub(super) &'a File);

impl Source for FileSource<'_> {
    type Error = ReadError;

    fn read(&self, at: usize, bytes: &mut [u8]) -> Result<(), ReadError> {
        match self.0.read_exact_at(bytes, at as u64) {
            // It was longer a moment ago.
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                let len = self.file_bytes()?;
                Err(FormatError::Truncated { len }.into())
            }
            result => Ok(result?),
        }
    }

    fn file_bytes(&self) -> Result<u64, ReadError> {
        Ok(self.0.metadata()?.len())
    }
}
