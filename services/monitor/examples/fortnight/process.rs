//! What a process takes of its machine.

use std::io;
use std::path::Path;

/// A figure of `/proc/self/status`, 0 where there is none.
pub(crate) fn memory_bytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}

/// Bytes of all files in a folder.
pub(crate) fn disk_bytes(dir: &Path) -> io::Result<u64> {
    disk_bytes_of(dir, "")
}

/// Bytes of those whose path has this in it.
pub(crate) fn disk_bytes_of(dir: &Path, part: &str) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let path = entry.path();
        if path.is_dir() {
            bytes += disk_bytes_of(&path, part)?;
        } else if path
            .to_string_lossy()
            .rsplit("/store/")
            .next()
            .is_some_and(|p| p.contains(part))
        {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}
