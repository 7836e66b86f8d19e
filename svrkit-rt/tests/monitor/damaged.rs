//! A file that is no whole segment is put aside, whatever it is, and no reader falls over it.

use crate::support::{Process, path, read, reader};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use svrkit_rt::monitor::{FormatError, ReadError, Value};

const PAGE_BYTES: usize = 4096;
/// What of the first page means anything.
const HEADER_BYTES: usize = 768;
const LAYOUT_VERSION_AT: usize = 8;
const READY_AT: usize = 24;
const SLOTS_AT: usize = 48;
const REGISTRY_USED_AT: usize = 192;
const SHARDS_USED_AT: usize = 208;

/// A segment that a process left behind.
fn left_behind(directory: &Path) -> Vec<u8> {
    let mut process = Process::start("survival::the_process", directory);
    process.hears("counted");
    process.kill();
    fs::read(path(directory)).unwrap()
}

fn with(mut bytes: Vec<u8>, at: usize, word: u64) -> Vec<u8> {
    bytes[at..at + 8].copy_from_slice(&word.to_ne_bytes());
    bytes
}

/// Starts an owner over a file of these bytes: it must begin anew, and leave the file beside.
fn begins_anew(directory: &Path, bytes: &[u8]) {
    fs::write(path(directory), bytes).unwrap();
    let mut process = Process::start("survival::the_process", directory);
    process.hears("counted");
    let snapshot = read(directory);
    assert_eq!(snapshot.instance.generation, 1);
    assert_eq!(snapshot.get("shop_orders", &[]), Some(&Value::Counter(3)));
    assert_eq!(fs::read(aside(directory)).unwrap(), bytes);
    process.kill();
}

fn aside(directory: &Path) -> PathBuf {
    path(directory).with_added_extension("aside")
}

fn cannot_be_read(directory: &Path, bytes: &[u8]) -> FormatError {
    fs::write(path(directory), bytes).unwrap();
    match reader(directory).snapshot() {
        Err(ReadError::Format(e)) => e,
        other => panic!("{other:?}"),
    }
}

#[test]
fn garbage_is_put_aside() {
    let directory = tempfile::tempdir().unwrap();
    let garbage: Vec<u8> = (0..100_000).map(|n| (n * 31 % 251) as u8).collect();
    let why = cannot_be_read(directory.path(), &garbage);
    assert_eq!(why, FormatError::NotASegment);
    begins_anew(directory.path(), &garbage);
}

#[test]
fn a_truncated_segment_is_put_aside() {
    let directory = tempfile::tempdir().unwrap();
    let whole = left_behind(directory.path());
    for len in [
        1,
        PAGE_BYTES - 1,
        PAGE_BYTES,
        whole.len() / 2,
        whole.len() - 1,
    ] {
        let why = cannot_be_read(directory.path(), &whole[..len]);
        let len = len as u64;
        assert_eq!(why, FormatError::Truncated { len });
        begins_anew(directory.path(), &whole[..len as usize]);
    }
}

#[test]
fn a_segment_of_another_version_is_put_aside() {
    let directory = tempfile::tempdir().unwrap();
    let later = with(left_behind(directory.path()), LAYOUT_VERSION_AT, 2);
    let why = cannot_be_read(directory.path(), &later);
    assert_eq!(why, FormatError::Version { found: 2 });
    begins_anew(directory.path(), &later);
}

#[test]
fn a_segment_whose_owner_died_making_it_is_put_aside() {
    let directory = tempfile::tempdir().unwrap();
    let unready = with(left_behind(directory.path()), READY_AT, 0);
    let why = cannot_be_read(directory.path(), &unready);
    assert_eq!(why, FormatError::NotReady);
    begins_anew(directory.path(), &unready);
}

#[test]
fn a_segment_that_claims_what_cannot_be_is_put_aside() {
    let directory = tempfile::tempdir().unwrap();
    let whole = left_behind(directory.path());
    let registry = whole[PAGE_BYTES..].to_vec();
    let mut broken_registry = whole.clone();
    broken_registry[PAGE_BYTES + 4] = 2;
    assert_ne!(registry[4], 2);
    for claims in [
        with(whole.clone(), SLOTS_AT, u64::MAX),
        with(whole.clone(), SLOTS_AT, 513),
        with(whole.clone(), REGISTRY_USED_AT, 1 << 40),
        with(whole.clone(), REGISTRY_USED_AT, 12),
        with(whole.clone(), SHARDS_USED_AT, 1_000),
        broken_registry,
    ] {
        let why = cannot_be_read(directory.path(), &claims);
        assert!(matches!(why, FormatError::Damaged { .. }), "{why}");
        begins_anew(directory.path(), &claims);
    }
}

#[test]
fn no_byte_of_header_or_registry_makes_a_reader_panic() {
    let directory = tempfile::tempdir().unwrap();
    let whole = left_behind(directory.path());
    let reader = reader(directory.path());
    let used = u64::from_ne_bytes(*whole[REGISTRY_USED_AT..].first_chunk().unwrap());
    let file = fs::OpenOptions::new()
        .write(true)
        .open(path(directory.path()))
        .unwrap();
    let registry = PAGE_BYTES..PAGE_BYTES + used as usize;
    for at in (0..HEADER_BYTES).chain(registry) {
        for byte in [0, 0x7f, 0xff] {
            file.write_all_at(&[byte], at as u64).unwrap();
            let _ = reader.snapshot();
        }
        file.write_all_at(&whole[at..=at], at as u64).unwrap();
    }
    assert!(reader.snapshot().is_ok());
}
