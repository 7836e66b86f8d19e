//! What the log keeps, what it cuts, and what it refuses.

use super::faulty::{Fault, FaultyDisk};
use super::recovery::{LogError, Recovered, recover};
use super::{Change, Log, Lsn, RecordWriter, RowChange};
use crate::local::key::Key;
use bytes::Bytes;
use std::io;
use std::sync::Arc;

const SEGMENT_BYTES: u64 = 2048;
/// The file of the first segment.
const FIRST: &str = "0000000000000001.wal";

/// A change of one row whose value says which record it is in.
fn change(lsn: Lsn, value_bytes: usize) -> Change {
    let mut value = lsn.to_string().into_bytes();
    value.resize(value_bytes, b'.');
    let row = RowChange {
        value: Some(value.into()),
        version: lsn,
    };
    Change {
        version: lsn,
        new: lsn == 1,
        rows: vec![(Key::from(&b"k"[..]), row)],
    }
}

fn append(log: &Log, value_bytes: usize) -> io::Result<Lsn> {
    let mut record = RecordWriter::default();
    record.clear();
    record.push(b"p", &change(log.last() + 1, value_bytes));
    log.append(&mut record)
}

/// Opens a log, and the numbers of the records in it.
fn read(disk: &FaultyDisk, applied: Lsn) -> Result<(Recovered, Vec<Lsn>), LogError> {
    let mut read = Vec::new();
    let recovered = recover(disk, applied, |lsn, changes| {
        let [(name, found)] = &changes[..] else {
            panic!("{changes:?}")
        };
        let bytes = found.rows[0].1.value.as_ref().unwrap().len();
        assert_eq!((name, found), (&Bytes::from("p"), &change(lsn, bytes)));
        read.push(lsn);
    })?;
    Ok((recovered, read))
}

fn resume(disk: &FaultyDisk) -> (Log, Vec<Lsn>) {
    let (recovered, read) = read(disk, 0).unwrap();
    let log = Log::resume(Arc::new(disk.clone()), recovered, SEGMENT_BYTES).unwrap();
    (log, read)
}

/// A log of records 1 to `last`, each in a sector of its own.
fn written(last: Lsn) -> (FaultyDisk, Log) {
    let disk = FaultyDisk::default();
    let (log, _) = resume(&disk);
    log.make_spare().unwrap();
    (1..=last).for_each(|lsn| assert_eq!(append(&log, 40).unwrap(), lsn));
    (disk, log)
}

/// Where in a file a record's value is.
fn find(disk: &FaultyDisk, lsn: Lsn) -> (String, usize) {
    let value = change(lsn, 40).rows[0].1.value.clone().unwrap();
    let contents = disk.contents();
    let at = |bytes: &[u8]| bytes.windows(40).position(|window| window == value);
    let found = contents
        .iter()
        .find_map(|(name, bytes)| Some((name, at(bytes)?)));
    let (name, at) = found.expect("the record is there");
    (name.clone(), at)
}

#[test]
fn records_are_read_again_over_many_segments() {
    let (disk, log) = written(3);
    for _ in 0..100 {
        append(&log, 60_000).unwrap();
    }
    assert!(disk.contents().len() > 10);
    let (log, records) = resume(&disk.after_power_cut());
    assert_eq!(records, (1..=103).collect::<Vec<_>>());
    assert_eq!(append(&log, 1).unwrap(), 104);
}

#[test]
fn a_record_larger_than_a_segment_gets_one_of_its_own() {
    let (disk, log) = written(1);
    append(&log, 3 << 20).unwrap();
    append(&log, 1).unwrap();
    assert_eq!(resume(&disk).1, [1, 2, 3]);
}

#[test]
fn what_was_never_finished_is_cut_and_written_over() {
    for seed in 0..300 {
        fastrand::seed(seed);
        let (disk, log) = written(5);
        disk.fail(Fault::Power, 1);
        append(&log, 2000).unwrap_err();
        let disk = disk.after_power_cut();
        let (log, mut records) = resume(&disk);
        assert!(
            records == [1, 2, 3, 4, 5] || records == [1, 2, 3, 4, 5, 6],
            "{records:?}"
        );
        // Shorter than what was torn: its rest lies behind.
        append(&log, 10).unwrap();
        records.push(log.last());
        assert_eq!(resume(&disk.after_power_cut()).1, records, "seed {seed}");
    }
}

#[test]
fn a_whole_record_that_was_never_synced_is_on_the_disk_before_it_counts() {
    let (disk, log) = written(2);
    disk.fail(Fault::Sync, 0);
    append(&log, 40).unwrap_err();
    // Killed after the failed sync: the record is whole in memory, and perhaps not on the disk.
    let disk = disk.after_kill();
    let (_log, records) = resume(&disk);
    assert_eq!(records, [1, 2, 3]);
    for seed in 0..20 {
        fastrand::seed(seed);
        assert_eq!(resume(&disk.after_power_cut()).1, [1, 2, 3]);
    }
}

#[test]
fn damage_before_a_synced_record_is_refused_by_file_and_offset_and_changes_nothing() {
    let (disk, _log) = written(9);
    for lsn in 1..9 {
        let disk = disk.after_kill();
        let (file, at) = find(&disk, lsn);
        disk.damage(&file, |bytes| bytes[at] ^= 4);
        let before = disk.contents();
        match read(&disk, 0) {
            Err(LogError::Damaged {
                file: named,
                offset,
                reason,
            }) => {
                assert_eq!(named, file);
                assert!(
                    (at - 100..at).contains(&(offset as usize)),
                    "{offset} for {at}"
                );
                assert!(reason.contains(&format!("record {lsn} ")), "{reason}");
            }
            other => panic!("record {lsn}: {other:?}"),
        }
        assert_eq!(disk.contents(), before);
    }
    // The last one nobody vouches for: it may be a write that was never finished.
    let (file, at) = find(&disk, 9);
    disk.damage(&file, |bytes| bytes[at] ^= 4);
    assert_eq!(read(&disk, 0).unwrap().1, (1..9).collect::<Vec<_>>());
}

#[test]
fn damage_at_the_end_of_a_segment_is_seen_from_the_next() {
    let (disk, log) = written(1);
    append(&log, 3 << 20).unwrap();
    let (file, at) = find(&disk, 1);
    disk.damage(&file, |bytes| bytes[at] ^= 4);
    assert!(matches!(read(&disk, 0), Err(LogError::Damaged { file, .. }) if file == FIRST));
}

#[test]
fn a_log_that_lacks_what_the_store_needs_is_refused() {
    let (disk, log) = written(2);
    append(&log, 3 << 20).unwrap();
    append(&log, 1).unwrap();
    // The store is ahead of the log.
    assert!(
        matches!(read(&disk, 5), Err(LogError::Damaged { reason, .. }) if reason.contains("record 5"))
    );
    assert!(read(&disk, 4).unwrap().1.is_empty());
    // Its beginning is gone.
    let beginning = disk.after_kill();
    beginning.lose(FIRST);
    assert!(matches!(
        read(&beginning, 1),
        Err(LogError::Missing { needed: 2, .. })
    ));
    assert_eq!(read(&beginning, 2).unwrap().1, [3, 4]);
    // All of it is gone.
    assert!(matches!(
        read(&FaultyDisk::default(), 4),
        Err(LogError::Missing { needed: 5, .. })
    ));
    // Its head is not its own.
    disk.damage(FIRST, |bytes| bytes[20] ^= 1);
    assert!(matches!(
        read(&disk, 0),
        Err(LogError::Damaged { offset: 0, .. })
    ));
}

#[test]
fn segments_whose_rows_are_settled_are_written_again() {
    let (disk, log) = written(1);
    for lsn in 2..60 {
        append(&log, 1500).unwrap();
        log.release(lsn - 1, 0).unwrap();
        if log.wants_spare() {
            log.make_spare().unwrap();
        }
    }
    assert!(disk.contents().len() <= 5, "{:?}", disk.contents().keys());
    assert_eq!(read(&disk.after_power_cut(), 58).unwrap().1, [59]);
}

#[test]
fn a_short_write_and_a_failed_sync_are_errors() {
    for fault in [Fault::ShortWrite, Fault::Sync] {
        let (disk, log) = written(2);
        disk.fail(fault, 0);
        append(&log, 1000).unwrap_err();
    }
}
