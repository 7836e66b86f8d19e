//! What an engine on a disk may take.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where the engine's files are, and its bounds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocalConfig {
    /// The engine's own directory; made when missing.
    #[serde(skip)]
    pub dir: PathBuf,
    /// Bytes of rows kept in memory only to answer reads. 64 MiB holds the newest rows of some 100,000 partitions.
    pub cache_bytes_max: usize,
    /// Bytes of rows in memory that are in the log but not in the store yet. At half of it they begin to be settled, at all of it writers
    /// wait. 64 MiB is about 300,000 rows: a second or two of writing at full speed, and as much to read again after a crash.
    pub dirty_bytes_max: usize,
    /// Bytes of the log that a restart may have to read, about. From there on rows are settled even when few are dirty; at twice as
    /// much writers wait. 128 MiB are read within a second.
    pub wal_bytes_max: u64,
    /// Bytes of one file of the log. 16 MiB: a file is changed every few hundred commits at most, and zeroing one takes milliseconds.
    pub wal_segment_bytes: u64,
    /// Bytes of batches that may wait for their turn; more is refused as overloaded. 32 MiB is several seconds on a slow disk.
    pub waiting_bytes_max: usize,
    /// Bytes of batches that one commit takes; the rest waits for the next. 4 MiB is written in a few milliseconds, so nobody waits for
    /// a giant; a call that is larger by itself is a commit of its own.
    pub commit_bytes_max: usize,
    /// Bytes of the store's blocks kept in memory. 16 MiB: the row cache stands before it.
    pub fjall_cache_bytes: u64,
    /// Milliseconds to wait for another process to let go of the directory. 3,000: as long as one that was told to end may take for its
    /// last commit.
    pub lock_wait_ms: u64,
}

impl Default for LocalConfig {
    fn default() -> LocalConfig {
        LocalConfig {
            dir: PathBuf::from("data"),
            cache_bytes_max: 64 << 20,
            dirty_bytes_max: 64 << 20,
            wal_bytes_max: 128 << 20,
            wal_segment_bytes: 16 << 20,
            waiting_bytes_max: 32 << 20,
            commit_bytes_max: 4 << 20,
            fjall_cache_bytes: 16 << 20,
            lock_wait_ms: 3_000,
        }
    }
}

impl LocalConfig {
    /// The defaults, in this directory.
    pub fn at(dir: impl Into<PathBuf>) -> LocalConfig {
        LocalConfig {
            dir: dir.into(),
            ..LocalConfig::default()
        }
    }
}
