//! Endpoints in a file that is watched.

use super::text::{EndpointsError, parse_endpoints};
use super::{Announce, Discover};
use crate::service::BoxFuture;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio::time::sleep;

/// Milliseconds between two looks. A look costs a system call; a change is taken over at the second look that sees it, so within half a
/// second.
const LOOK_EVERY_MS: u64 = 200;
/// Bytes of a file that is read: some ten thousand endpoints.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Endpoints from a file, as [`super::parse_endpoints`] reads them. When it changes it is read again, and what changed is taken over within
/// half a second; calls under way notice nothing. A file that is missing or wrong changes nothing either: it is logged with what is wrong
/// and in which line, and the list before it stays.
///
/// A file that is written over in place is read when it stops growing; one that is moved into place is never seen half.
#[derive(Debug)]
pub struct EndpointsFile {
    path: PathBuf,
}

/// Why a file gives no endpoints.
#[derive(Debug)]
enum FileError {
    Unreadable(io::Error),
    TooLarge(u64),
    Wrong(EndpointsError),
}

/// What changes when the file does.
type Stamp = Option<(SystemTime, u64, u64)>;

impl EndpointsFile {
    /// The file at `path`, which need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> EndpointsFile {
        EndpointsFile { path: path.into() }
    }
}

impl Discover for EndpointsFile {
    fn run(self: Box<Self>, announce: Announce) -> BoxFuture<()> {
        Box::pin(async move {
            let mut seen = stamp(&self.path);
            take_over(&self.path, &announce);
            let mut before = seen;
            loop {
                sleep(Duration::from_millis(LOOK_EVERY_MS)).await;
                let now = stamp(&self.path);
                // Seen twice alike: nobody is writing it just now.
                let settled = now == before;
                before = now;
                if now != seen && settled {
                    seen = now;
                    take_over(&self.path, &announce);
                }
            }
        })
    }
}

fn take_over(path: &Path, announce: &Announce) {
    let endpoints = match fs::metadata(path) {
        Ok(metadata) if metadata.len() > FILE_BYTES_MAX => Err(FileError::TooLarge(metadata.len())),
        _ => fs::read_to_string(path)
            .map_err(FileError::Unreadable)
            .and_then(|text| parse_endpoints(&text).map_err(FileError::Wrong)),
    };
    match endpoints {
        Ok(endpoints) => {
            tracing::info!(file = %path.display(), count = endpoints.len(), "endpoints loaded");
            announce.endpoints(endpoints);
        }
        Err(error) => {
            tracing::warn!(file = %path.display(), %error, "endpoints cannot be loaded; the old ones stay");
            announce.trouble(format!("{}: {error}", path.display()));
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Unreadable(error) => write!(f, "cannot be read: {error}"),
            FileError::TooLarge(bytes) => write!(f, "is {bytes} bytes, over {FILE_BYTES_MAX}"),
            FileError::Wrong(error) => error.fmt(f),
        }
    }
}
