//! What an engine takes, it has said before.

use im_engine::{Batch, EngineError, LocalConfig, Scan, WriteError, open};
use svrkit_rt::testing::run_test;

#[test]
fn memory_stays_within_its_bounds() {
    run_test("memory", |_| async {
        let dir = tempfile::tempdir().unwrap();
        let config = LocalConfig {
            dirty_bytes_max: 512 << 10,
            cache_bytes_max: 256 << 10,
            commit_bytes_max: 64 << 10,
            ..LocalConfig::at(dir.path())
        };
        let engine = open(config).await.unwrap();
        let name = |index: u32| format!("partition {}", index % 300);
        for call in 0..100 {
            let batch = |index| Batch::new(name(index)).append("", vec![0; 200]);
            let answers = engine
                .write((call * 100..call * 100 + 100).map(batch).collect())
                .await;
            assert!(answers.iter().all(Result::is_ok));
            // What a commit brings comes on top; what was read, or settled since, is forgotten with the next.
            let bytes = engine.stats().cache_bytes;
            assert!(bytes < 2 << 20, "{bytes} bytes after call {call}");
        }
        for index in 0..300 {
            let page = engine.scan(Scan::all(name(index))).await.unwrap();
            assert!((33..=34).contains(&page.rows.len()));
        }
        let bytes = engine.stats().cache_bytes;
        assert!(bytes < 1 << 20, "{bytes} bytes in the end");
        assert!(engine.stats().checkpoints > 3);
    });
}

#[test]
fn what_cannot_wait_is_refused_and_not_written() {
    run_test("overloaded", |_| async {
        let dir = tempfile::tempdir().unwrap();
        let config = LocalConfig {
            waiting_bytes_max: 2_000,
            ..LocalConfig::at(dir.path())
        };
        let engine = open(config).await.unwrap();
        let calls = (0..1_000).map(|_| engine.write(vec![Batch::new("a").append("", "")]));
        let (mut written, mut refused) = (0, 0);
        for call in calls.collect::<Vec<_>>() {
            match call.await.remove(0) {
                Ok(_) => written += 1,
                Err(WriteError::Engine(EngineError::Overloaded)) => refused += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert!(
            refused > 0 && written > 0,
            "{written} written, {refused} refused"
        );
        assert_eq!(engine.versions(vec!["a".into()]).await.unwrap(), [written]);
        // Later it takes more.
        assert!(engine.write(vec![Batch::new("a").append("", "")]).await[0].is_ok());
    });
}

#[test]
fn a_call_larger_than_all_that_may_wait_is_taken_by_an_idle_engine() {
    run_test("large", |_| async {
        let dir = tempfile::tempdir().unwrap();
        let config = LocalConfig {
            waiting_bytes_max: 1,
            commit_bytes_max: 1,
            dirty_bytes_max: 1,
            wal_bytes_max: 4,
            ..LocalConfig::at(dir.path())
        };
        let engine = open(config).await.unwrap();
        let batch = || Batch::new("a").put("k", vec![0; 1 << 20]);
        assert_eq!(engine.write(vec![batch(), batch()]).await, [Ok(1), Ok(2)]);
        assert_eq!(engine.write(vec![batch()]).await, [Ok(3)]);
    });
}
