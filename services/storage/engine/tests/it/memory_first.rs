//! What is answered from memory, and what never leaves it.

use bytes::Bytes;
use im_engine::{Batch, Direction, Engine, EngineStats, LocalConfig, Scan, open};
use std::path::Path;
use std::time::Duration;
use svrkit_rt::testing::run_test;

async fn append(engine: &Engine, partition: &'static str, rows: usize) {
    let mut batch = Batch::new(partition);
    for _ in 0..rows {
        batch = batch.append("i/", "value");
    }
    engine.write(vec![batch]).await.remove(0).unwrap();
}

/// An engine whose rows are all in the store, and nothing of them in memory.
async fn cold(dir: &Path) -> Engine {
    let config = |dirty_bytes_max| LocalConfig {
        dirty_bytes_max,
        ..LocalConfig::at(dir)
    };
    let engine = open(config(1)).await.unwrap();
    append(&engine, "a", 100).await;
    // Finds the first write unsettled, and settles it before its own.
    append(&engine, "b", 1).await;
    append(&engine, "b", 1).await;
    drop(engine);
    open(config(1 << 20)).await.unwrap()
}

fn newest(rows_max: usize) -> Scan {
    Scan {
        direction: Direction::Backward,
        rows_max,
        ..Scan::prefix("a", "i/")
    }
}

/// How many reads came from memory and how many did not, since `before`.
fn reads(engine: &Engine, before: EngineStats) -> (u64, u64) {
    let now = engine.stats();
    (
        now.cache_hits - before.cache_hits,
        now.cache_misses - before.cache_misses,
    )
}

#[test]
fn what_was_just_written_is_read_from_memory() {
    run_test("warm", |_| async {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(LocalConfig::at(dir.path())).await.unwrap();
        append(&engine, "a", 100).await;
        let before = engine.stats();
        assert_eq!(engine.scan(newest(50)).await.unwrap().rows.len(), 50);
        assert_eq!(engine.scan(Scan::all("a")).await.unwrap().rows.len(), 100);
        assert_eq!(
            engine
                .get("a".into(), vec!["absent".into()], 0)
                .await
                .unwrap()
                .rows,
            [None]
        );
        assert_eq!(engine.versions(vec!["a".into()]).await.unwrap(), [100]);
        assert_eq!(reads(&engine, before), (4, 0));
    });
}

#[test]
fn what_was_read_once_is_read_from_memory() {
    run_test("cold", |_| async {
        let dir = tempfile::tempdir().unwrap();
        let engine = cold(dir.path()).await;
        for (hits, misses) in [(0, 4), (4, 0)] {
            let before = engine.stats();
            let page = engine.scan(newest(50)).await.unwrap();
            assert_eq!(
                (page.rows.len(), page.more, page.rows[0].version),
                (50, true, 100)
            );
            assert_eq!(engine.scan(newest(60)).await.unwrap().rows.len(), 60);
            assert_eq!(
                engine
                    .get("a".into(), vec!["absent".into()], 0)
                    .await
                    .unwrap()
                    .rows,
                [None]
            );
            assert_eq!(engine.versions(vec!["never".into()]).await.unwrap(), [0]);
            assert_eq!(reads(&engine, before), (hits, misses));
        }
        // A write does not make it forget.
        append(&engine, "a", 1).await;
        let before = engine.stats();
        assert_eq!(engine.scan(newest(50)).await.unwrap().rows[0].version, 101);
        assert_eq!(reads(&engine, before), (1, 0));
    });
}

#[test]
fn a_row_deleted_young_never_reaches_the_store() {
    run_test("young", |_| async {
        let dir = tempfile::tempdir().unwrap();
        let config = LocalConfig {
            wal_bytes_max: 256 << 10,
            ..LocalConfig::at(dir.path())
        };
        let engine = open(config).await.unwrap();
        for version in 1..1000u64 {
            let before = Bytes::copy_from_slice(&version.to_be_bytes());
            let batch = Batch::new("a")
                .append("", "value")
                .delete_range("", Some(before));
            engine.write(vec![batch]).await.remove(0).unwrap();
        }
        let stats = engine.stats();
        assert!(stats.checkpoints > 0, "nothing was settled");
        // The one that is there, and the deletion of the one that was there the last time.
        assert!(stats.settled_rows <= 2 * stats.checkpoints, "{stats:?}");
    });
}

#[test]
fn a_commit_takes_no_time_on_a_paused_clock() {
    run_test("paused", |_| async {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(LocalConfig::at(dir.path())).await.unwrap();
        let began = tokio::time::Instant::now();
        for _ in 0..20 {
            let written = tokio::time::timeout(Duration::from_millis(1), append(&engine, "a", 1));
            written
                .await
                .expect("no timer passes while a commit is under way");
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
    });
}
