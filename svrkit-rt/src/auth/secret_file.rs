//! Files with secrets in them, which are not for everybody on the machine.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Bytes of such a file.
pub(crate) const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Who may do what with it: nothing for those who are neither its owner nor in its group.
const FORBIDDEN_MODE: u32 = 0o007;

/// Why keys or certificates are not taken from a file.
#[derive(Debug)]
pub enum FileError {
    /// It cannot be read, or is too long.
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has secrets in it, and can be read or changed by everybody on the machine.
    Open {
        /// Its path.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

/// All that stands in a file that others cannot read.
///
/// # Errors
/// It cannot be read, everybody can, or it is longer than [`FILE_BYTES_MAX`].
pub(crate) fn read_secret(path: &Path) -> Result<String, FileError> {
    let unreadable = |source| FileError::unreadable(path, source);
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    if mode & FORBIDDEN_MODE != 0 {
        return Err(FileError::Open {
            path: path.to_owned(),
            mode: mode & 0o777,
        });
    }
    let mut text = String::new();
    let read = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text);
    // A part of it would lack secrets, or have half of one.
    if read.map_err(unreadable)? as u64 > FILE_BYTES_MAX {
        let message = format!("longer than {FILE_BYTES_MAX} bytes");
        return Err(unreadable(io::Error::other(message)));
    }
    Ok(text)
}

impl FileError {
    pub(crate) fn unreadable(path: &Path, source: io::Error) -> FileError {
        FileError::Unreadable {
            path: path.to_owned(),
            source,
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Unreadable { path, source } => {
                write!(f, "cannot read {}: {source}", path.display())
            }
            FileError::Open { path, mode } => write!(
                f,
                "{} is open to everybody (mode {mode:o}): chmod o= first",
                path.display()
            ),
        }
    }
}

impl std::error::Error for FileError {}
