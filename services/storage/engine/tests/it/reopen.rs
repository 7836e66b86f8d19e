//! What is on the disk is there again, and what is not as it should be is refused.

use bytes::Bytes;
use im_engine::{Batch, Engine, LocalConfig, OpenError, Scan, open};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

async fn put(engine: &Engine, partition: &str, key: &str, value: &str) -> u64 {
    let [partition, key, value] =
        [partition, key, value].map(|text| Bytes::copy_from_slice(text.as_bytes()));
    let batch = Batch::new(partition).put(key, value);
    engine.write(vec![batch]).await.remove(0).unwrap()
}

async fn rows(engine: &Engine, partition: &'static str) -> Vec<(Bytes, Bytes, u64)> {
    let page = engine.scan(Scan::all(partition)).await.unwrap();
    let rows = page.rows.into_iter();
    rows.map(|row| (row.key, row.value, row.version)).collect()
}

async fn reopen(dir: &Path) -> Engine {
    open(LocalConfig::at(dir)).await.unwrap()
}

/// An engine that settles with every write.
async fn settling(dir: &Path) -> Engine {
    let config = LocalConfig {
        dirty_bytes_max: 1,
        ..LocalConfig::at(dir)
    };
    open(config).await.unwrap()
}

/// The bytes of all files below a directory.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.file_type().unwrap().is_dir() {
            true => files.extend(
                self::files(&entry.path())
                    .into_iter()
                    .map(|(below, bytes)| (format!("{name}/{below}"), bytes)),
            ),
            false => drop(files.insert(name, fs::read(entry.path()).unwrap())),
        }
    }
    files
}

#[tokio::test]
async fn an_engine_opened_again_has_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let engine = reopen(dir.path()).await;
    put(&engine, "a", "x", "1").await;
    put(&engine, "a", "y", "2").await;
    drop(engine);
    let engine = reopen(dir.path()).await;
    assert_eq!(
        rows(&engine, "a").await,
        [("x".into(), "1".into(), 1), ("y".into(), "2".into(), 2)]
    );
    assert_eq!(put(&engine, "a", "x", "3").await, 3);
    drop(engine);
    let engine = reopen(dir.path()).await;
    assert_eq!(
        rows(&engine, "a").await,
        [("x".into(), "3".into(), 3), ("y".into(), "2".into(), 2)]
    );
}

#[tokio::test]
async fn a_directory_has_one_engine_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let engine = reopen(dir.path()).await;
    let second = open(LocalConfig::at(dir.path())).await;
    assert!(matches!(second, Err(OpenError::InUse { .. })));
    drop(engine);
    reopen(dir.path()).await;
}

#[tokio::test]
async fn a_directory_of_something_else_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("letter"), "dear").unwrap();
    let refused = open(LocalConfig::at(dir.path())).await.err().unwrap();
    assert!(refused.to_string().contains("letter"), "{refused}");
    assert!(!dir.path().join("FORMAT").exists());

    let dir = tempfile::tempdir().unwrap();
    drop(reopen(dir.path()).await);
    fs::write(dir.path().join("FORMAT"), "im-engine 2\n").unwrap();
    let before = files(dir.path());
    let refused = open(LocalConfig::at(dir.path())).await.err().unwrap();
    assert!(refused.to_string().contains("im-engine 2"), "{refused}");
    assert_eq!(files(dir.path()), before);
}

#[tokio::test]
async fn a_store_whose_making_was_cut_short_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    put(&reopen(dir.path()).await, "a", "x", "1").await;
    fs::remove_dir_all(dir.path().join("rows")).unwrap();
    fs::create_dir(dir.path().join("rows")).unwrap();
    fs::write(dir.path().join("rows/0.jnl"), "").unwrap();
    assert_eq!(
        rows(&reopen(dir.path()).await, "a").await,
        [("x".into(), "1".into(), 1)]
    );
}

#[tokio::test]
async fn a_damaged_log_is_refused_by_file_and_byte_and_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let engine = reopen(dir.path()).await;
    put(&engine, "a", "x", "first").await;
    put(&engine, "a", "x", "second").await;
    drop(engine);
    let path = dir.path().join("wal/0000000000000001.wal");
    let mut log = fs::read(&path).unwrap();
    let at = log
        .windows(5)
        .position(|window| window == b"first")
        .unwrap();
    log[at] ^= 1;
    fs::write(&path, &log).unwrap();
    let refused = open(LocalConfig::at(dir.path()))
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        refused.contains("0000000000000001.wal") && refused.contains("byte 512"),
        "{refused}"
    );
    assert_eq!(fs::read(&path).unwrap(), log);
}

#[tokio::test]
async fn a_log_that_ends_before_the_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let engine = reopen(dir.path()).await;
    put(&engine, "a", "x", "1").await;
    drop(engine);
    let log = fs::read(dir.path().join("wal/0000000000000001.wal")).unwrap();
    let engine = settling(dir.path()).await;
    put(&engine, "a", "x", "2").await;
    put(&engine, "a", "x", "3").await;
    drop(engine);
    let engine = reopen(dir.path()).await;
    assert_eq!(rows(&engine, "a").await.len(), 1);
    drop(engine);
    fs::write(dir.path().join("wal/0000000000000001.wal"), log).unwrap();
    let refused = open(LocalConfig::at(dir.path())).await.err().unwrap();
    assert!(
        refused.to_string().contains("the store has come to record"),
        "{refused}"
    );
}

/// fjall refuses a journal whose last batch is damaged in its middle, as a power cut may leave it. So none is ever in it.
#[tokio::test]
async fn the_stores_own_journal_holds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let engine = settling(dir.path()).await;
    for value in 0..20 {
        put(&engine, "a", "x", &value.to_string()).await;
    }
    assert!(engine.stats().checkpoints > 5);
    drop(engine);
    let journals = || {
        fs::read_dir(dir.path().join("rows"))
            .unwrap()
            .filter_map(|entry| {
                let path = entry.unwrap().path();
                path.extension()
                    .is_some_and(|extension| extension == "jnl")
                    .then_some(path)
            })
    };
    assert_eq!(journals().count(), 1);
    for journal in journals() {
        assert!(fs::read(&journal).unwrap().iter().all(|byte| *byte == 0));
        fs::remove_file(journal).unwrap();
    }
    assert_eq!(
        rows(&reopen(dir.path()).await, "a").await,
        [("x".into(), "19".into(), 20)]
    );
}
