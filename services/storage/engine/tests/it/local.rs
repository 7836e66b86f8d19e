//! What is on the disk is there again.

use bytes::Bytes;
use im_engine::{Batch, Engine, LocalConfig, OpenError, Scan, open};
use std::path::Path;

async fn put(engine: &Engine, partition: &str, key: &str, value: &str) -> u64 {
    let [partition, key, value] =
        [partition, key, value].map(|s| Bytes::copy_from_slice(s.as_bytes()));
    engine
        .write(vec![Batch::new(partition).put(key, value)])
        .await
        .remove(0)
        .unwrap()
}

async fn rows(engine: &Engine, partition: &'static str) -> Vec<(Bytes, Bytes, u64)> {
    let page = engine.scan(Scan::all(partition)).await.unwrap();
    page.rows
        .into_iter()
        .map(|row| (row.key, row.value, row.version))
        .collect()
}

async fn reopen(dir: &Path) -> Engine {
    open(LocalConfig::at(dir)).await.unwrap()
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
