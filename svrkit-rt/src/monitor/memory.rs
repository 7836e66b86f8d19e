//! Memory shared with other processes, as words: the one module of the crate with `unsafe`.
#![allow(unsafe_code)]

use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous};
use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::ptr::null_mut;
use std::sync::atomic::AtomicU64;

/// Bytes of a word.
pub(super) const WORD_BYTES: usize = size_of::<AtomicU64>();

/// Maps the first `words` words of `file`, shared with everybody who maps it, until the process ends.
///
/// A file that somebody else truncates afterwards ends the process with `SIGBUS` when it touches what is gone. Who may do so is who
/// may write the file: the user that the process runs as, who could as well kill it.
///
/// # Errors
/// The kernel's, and `InvalidInput` for a file that is shorter.
pub(super) fn map(file: &File, words: usize) -> io::Result<&'static [AtomicU64]> {
    let bytes = words * WORD_BYTES;
    if bytes == 0 || file.metadata()?.len() < bytes as u64 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let access = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: the kernel chooses where, so nothing that exists is mapped over.
    let at = unsafe { mmap(null_mut(), bytes, access, MapFlags::SHARED, file, 0)? };
    Ok(words_at(at, words))
}

/// As [`map`], of zeros that nobody else sees. Pages take memory when they are first written.
///
/// # Errors
/// The kernel's.
pub(super) fn anonymous(words: usize) -> io::Result<&'static [AtomicU64]> {
    let access = ProtFlags::READ | ProtFlags::WRITE;
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
    // SAFETY: the kernel chooses where, so nothing that exists is mapped over.
    let at = unsafe { mmap_anonymous(null_mut(), words * WORD_BYTES, access, flags)? };
    Ok(words_at(at, words))
}

/// What was just mapped.
fn words_at(at: *mut c_void, words: usize) -> &'static [AtomicU64] {
    // SAFETY: both callers pass a mapping of `words` words that may be read and written. It begins at a page, so words are aligned; any
    // bits are a word; it is never unmapped, so `'static` holds; and the only references to it that ever exist are to atomics, here
    // and in other processes that keep to MONITOR.md, so it may change under them.
    unsafe { std::slice::from_raw_parts(at.cast::<AtomicU64>(), words) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering::Relaxed;

    #[test]
    fn two_mappings_of_a_file_are_one_memory() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(4096).unwrap();
        let (one, other) = (map(&file, 512).unwrap(), map(&file, 512).unwrap());
        one[511].store(7, Relaxed);
        assert_eq!(other[511].load(Relaxed), 7);
    }

    #[test]
    fn a_file_is_not_mapped_beyond_its_end() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(4095).unwrap();
        assert!(map(&file, 512).is_err());
        assert!(map(&file, 0).is_err());
    }
}
