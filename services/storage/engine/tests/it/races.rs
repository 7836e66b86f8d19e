//! Reads while others write, and while rows are settled and forgotten under them.

use bytes::Bytes;
use im_engine::{Batch, Direction, Engine, LocalConfig, Scan, open};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const PARTITIONS: usize = 3;
const WRITES: u64 = 200;
/// Rows that a partition has, once it has come so far.
const ROWS: u64 = 10;

fn name(partition: usize) -> Bytes {
    format!("p{partition}").into()
}

/// Every write replaces the counter, adds a row keyed by its version and deletes the row that is now one too many.
async fn write(engine: Engine, partition: usize, acknowledged: Arc<Vec<AtomicU64>>) {
    for version in 1..=WRITES {
        let mut batch = Batch::new(name(partition)).put("counter", version.to_be_bytes().to_vec());
        batch = batch.append("i/", "");
        if version > ROWS {
            let oldest = [&b"i/"[..], &(version - ROWS).to_be_bytes()].concat();
            batch = batch.delete(oldest);
        }
        assert_eq!(engine.write(vec![batch]).await, [Ok(version)]);
        acknowledged[partition].store(version, Ordering::SeqCst);
    }
}

/// Whatever is read is one version, all of it, and none before what was acknowledged when the read began.
async fn read(engine: Engine, acknowledged: Arc<Vec<AtomicU64>>, done: Arc<AtomicBool>) -> u64 {
    let mut reads = 0;
    while !done.load(Ordering::SeqCst) {
        let partition = fastrand::usize(..PARTITIONS);
        let before = acknowledged[partition].load(Ordering::SeqCst);
        let got = engine
            .get(
                name(partition),
                vec!["counter".into(), "none".into()],
                before,
            )
            .await
            .unwrap();
        let counter = got.rows[0].as_ref().map_or(0, |row| {
            u64::from_be_bytes(row.value[..].try_into().unwrap())
        });
        assert_eq!((counter, &got.rows[1]), (got.version, &None));
        let scan = Scan {
            direction: if fastrand::bool() {
                Direction::Forward
            } else {
                Direction::Backward
            },
            at_least: before,
            ..Scan::prefix(name(partition), "i/")
        };
        let page = engine.scan(scan).await.unwrap();
        let mut found: Vec<u64> = page.rows.iter().map(|row| row.version).collect();
        found.sort_unstable();
        let oldest = page.version.saturating_sub(ROWS) + 1;
        assert_eq!(found, (oldest..=page.version).collect::<Vec<_>>());
        reads += 1;
    }
    reads
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_read_sees_one_version_and_none_before_the_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let config = LocalConfig {
        wal_bytes_max: 12 << 10,
        cache_bytes_max: 0,
        ..LocalConfig::at(dir.path())
    };
    let engine = open(config).await.unwrap();
    let acknowledged: Arc<Vec<AtomicU64>> =
        Arc::new((0..PARTITIONS).map(|_| AtomicU64::new(0)).collect());
    let done = Arc::new(AtomicBool::new(false));
    let readers =
        (0..4).map(|_| tokio::spawn(read(engine.clone(), acknowledged.clone(), done.clone())));
    let readers: Vec<_> = readers.collect();
    let writers = (0..PARTITIONS)
        .map(|partition| tokio::spawn(write(engine.clone(), partition, acknowledged.clone())));
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
    let stats = engine.stats();
    assert!(
        stats.checkpoints > 5 && stats.cache_misses > 20,
        "{stats:?}"
    );
}
