//! Crashes of the whole engine, at any moment, on a disk that forgets: nothing acknowledged is lost, no version goes back, no batch is half
//! there.

use crate::batch::{Batch, Condition};
use crate::error::{EngineError, WriteError};
use crate::key_table::KeyTable;
use crate::local::key::Key;
use crate::local::store::{Applied, Settling, Store};
use crate::local::wal::{Change, Disk, Fault, FaultyDisk, Log, RecordWriter, RowChange, recover};
use crate::local::{Local, LocalConfig, open::open_with};
use crate::memory;
use crate::read::{Page, Scan, Version};
use bytes::Bytes;
use std::path::Path;
use std::sync::Arc;
use svrkit_rt::testing::run_test;

/// Partitions of the workload. Few, so that they are written again and again.
const PARTITIONS: usize = 6;

/// So small that rows are settled, forgotten and read again all the time.
fn config(dir: &Path) -> LocalConfig {
    LocalConfig {
        cache_bytes_max: 4 << 10,
        dirty_bytes_max: 40 << 10,
        wal_bytes_max: 16 << 10,
        wal_segment_bytes: 4 << 10,
        commit_bytes_max: 4 << 10,
        ..LocalConfig::at(dir)
    }
}

async fn open(dir: &Path, disk: &FaultyDisk) -> Local {
    let (config, disk) = (config(dir), Arc::new(disk.clone()) as Arc<dyn Disk>);
    let opened = tokio::task::spawn_blocking(move || open_with(config, |_| Ok(disk)));
    Local::new(Arc::new(opened.await.unwrap().unwrap()))
}

fn name(index: usize) -> Bytes {
    format!("p{index}").into()
}

fn random_batch(partition: usize) -> Batch {
    let key = || Bytes::from(format!("k{:02}", fastrand::u8(..30)));
    let value = || Bytes::from("v".repeat(fastrand::usize(..200)));
    let mut batch = Batch::new(name(partition));
    if fastrand::u8(..4) == 0 {
        batch = batch.when(Condition::Absent { key: key() });
    }
    for _ in 0..fastrand::u8(1..5) {
        batch = match fastrand::u8(..10) {
            0..4 => batch.put(key(), value()),
            4..7 => batch.append("i/", value()),
            7..9 => batch.delete(key()),
            _ => {
                let (one, other) = (key(), key());
                batch.delete_range(one.clone().min(other.clone()), Some(one.max(other)))
            }
        };
    }
    batch
}

async fn whole(engine: &dyn KeyTable, partition: usize) -> Page {
    let all = Scan {
        rows_max: usize::MAX,
        bytes_max: usize::MAX,
        ..Scan::all(name(partition))
    };
    engine.scan(all).await.unwrap()
}

/// What is acknowledged, as an engine in memory that was told the same; and, of each partition, what was tried and has no answer.
struct Story {
    model: crate::Engine,
    unsure: Vec<Vec<Batch>>,
}

impl Story {
    /// Writes some calls at once. Whether the engine still answers.
    async fn write(&mut self, engine: &Local) -> bool {
        let calls: Vec<Vec<Batch>> = (0..fastrand::usize(1..8))
            .map(|_| {
                (0..fastrand::usize(1..4))
                    .map(|_| random_batch(fastrand::usize(..PARTITIONS)))
                    .collect()
            })
            .collect();
        let answers: Vec<_> = calls
            .iter()
            .map(|call| engine.write(call.clone()))
            .collect();
        for (call, answers) in calls.into_iter().zip(answers) {
            for (batch, answer) in call.into_iter().zip(answers.await) {
                if let Err(WriteError::Engine(error)) = answer {
                    assert!(matches!(error, EngineError::Stopped { .. }), "{error}");
                    let partition = (0..PARTITIONS).find(|index| name(*index) == batch.partition);
                    self.unsure[partition.unwrap()].push(batch);
                } else {
                    assert_eq!(self.model.write(vec![batch]).await, [answer]);
                }
            }
        }
        self.unsure.iter().all(Vec::is_empty)
    }

    /// Each partition is as acknowledged, with the first few of the unanswered batches or without.
    async fn check(&mut self, engine: &dyn KeyTable, what: &str) {
        for partition in 0..PARTITIONS {
            let found = whole(engine, partition).await;
            let mut unsure = std::mem::take(&mut self.unsure[partition]).into_iter();
            let acknowledged = whole(&*self.model, partition).await;
            let mut expected = acknowledged.clone();
            while expected != found {
                let Some(batch) = unsure.next() else {
                    panic!("{what}: {partition} is {found:#?}, was {acknowledged:#?}");
                };
                self.model.write(vec![batch]).await;
                expected = whole(&*self.model, partition).await;
            }
            check_reads(engine, partition, &found).await;
        }
    }
}

/// What a scan finds is found by other reads too.
async fn check_reads(engine: &dyn KeyTable, partition: usize, all: &Page) {
    let name = name(partition);
    let versions: Vec<Version> = engine.versions(vec![name.clone()]).await.unwrap();
    assert_eq!(versions, [all.version]);
    let keys: Vec<Bytes> = (0..30).map(|key| format!("k{key:02}").into()).collect();
    let got = engine
        .get(name.clone(), keys.clone(), all.version)
        .await
        .unwrap();
    for (key, row) in keys.iter().zip(got.rows) {
        assert_eq!(row.as_ref(), all.rows.iter().find(|row| row.key == *key));
    }
    let newest = Scan {
        direction: crate::Direction::Backward,
        rows_max: 3,
        ..Scan::all(name)
    };
    let newest = engine.scan(newest).await.unwrap();
    let expected: Vec<_> = all.rows.iter().rev().take(3).cloned().collect();
    assert_eq!(newest.rows, expected);
}

#[test]
fn nothing_acknowledged_is_lost_in_any_crash() {
    run_test("crashes", |_| async {
        let dir = tempfile::tempdir().unwrap();
        let mut disk = FaultyDisk::default();
        let mut story = Story {
            model: memory(),
            unsure: vec![Vec::new(); PARTITIONS],
        };
        let mut settled = 0;
        for round in 0..24 {
            let engine = open(dir.path(), &disk).await;
            story.check(&engine, &format!("round {round}")).await;
            let fault = [Fault::Power, Fault::Sync, Fault::ShortWrite][fastrand::usize(..3)];
            disk.fail(fault, fastrand::u32(..60));
            for _ in 0..60 {
                if !story.write(&engine).await {
                    break;
                }
                let partition = fastrand::usize(..PARTITIONS);
                let model = whole(&*story.model, partition).await;
                assert_eq!(whole(&engine, partition).await, model);
            }
            settled += engine.stats().settled_rows;
            drop(engine);
            // A power cut comes with a restart; a process that was only killed leaves what it had written.
            disk = match fault == Fault::Power || fastrand::bool() {
                true => disk.after_power_cut(),
                false => disk.after_kill(),
            };
        }
        assert!(settled > 500, "only {settled} rows were ever settled");
    });
}

#[test]
fn after_a_failed_sync_nobody_writes_and_everybody_reads_what_was_durable() {
    run_test("failed sync", |_| async {
        for fault in [Fault::Sync, Fault::ShortWrite] {
            let dir = tempfile::tempdir().unwrap();
            let disk = FaultyDisk::default();
            let engine = open(dir.path(), &disk).await;
            let put = |value: &'static str| vec![Batch::new("p").put("k", value)];
            assert_eq!(engine.write(put("durable")).await, [Ok(1)]);
            disk.fail(fault, 0);
            for _ in 0..2 {
                let answers = engine.write(put("lost")).await;
                let stopped = |answer: &Result<_, _>| {
                    matches!(answer, Err(WriteError::Engine(EngineError::Stopped { .. })))
                };
                assert!(answers.iter().all(stopped), "{answers:?}");
            }
            let got = engine.get("p".into(), vec!["k".into()], 0).await.unwrap();
            assert_eq!(
                (got.version, &got.rows[0].as_ref().unwrap().value[..]),
                (1, &b"durable"[..])
            );
        }
    });
}

/// A checkpoint runs beside commits: the store may have a row of a record that comes after those it has whole. When the row is
/// deleted by a record after that, the deletion must reach the store, although the log alone reads as if the row had come and gone.
#[test]
fn a_row_that_reached_the_store_early_is_deleted_there() {
    run_test("early", |_| async {
        let dir = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::default();
        drop(open(dir.path(), &disk).await);
        let arc = Arc::new(disk.clone()) as Arc<dyn Disk>;
        let log = Log::resume(arc, recover(&disk, 0, |_, _| {}).unwrap(), 4 << 10).unwrap();
        let mut record = RecordWriter::default();
        for (version, value) in [(1, Some(Bytes::from("v"))), (2, None)] {
            let row = RowChange { value, version };
            let change = Change {
                version,
                new: version == 1,
                rows: vec![(Key::from(&b"k"[..]), row)],
            };
            record.clear();
            record.push(b"p0", &change);
            log.append(&mut record).unwrap();
        }
        let early = Settling::Row {
            partition: "p0".into(),
            key: "k".into(),
            value: Some("v".into()),
            version: 1,
        };
        let store = Store::open(&dir.path().join("rows"), 1 << 20).unwrap();
        store
            .settle([early].into_iter(), || Applied { whole: 0, some: 1 })
            .unwrap();
        drop((log, store));
        let engine = open(dir.path(), &disk).await;
        // Settles the deletion, so that the next engine has nothing but the store to ask.
        for _ in 0..100 {
            let batch = Batch::new("other").append("", vec![0; 1000]);
            engine.write(vec![batch]).await.remove(0).unwrap();
        }
        assert!(engine.stats().checkpoints > 0);
        drop(engine);
        let page = whole(&open(dir.path(), &disk).await, 0).await;
        assert_eq!((page.version, page.rows), (2, vec![]));
    });
}
