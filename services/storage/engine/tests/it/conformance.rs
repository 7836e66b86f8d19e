//! The same stories with every engine.

use bytes::Bytes;
use im_engine::{
    Batch, Condition, Direction, Engine, EngineError, KEY_BYTES_MAX, LocalConfig, Scan,
    VALUE_BYTES_MAX, WriteError, memory, open,
};
use svrkit_rt::testing::run_test;

/// Tells a story to an engine in memory and to one on a disk. The second is as small as can be, so that it settles and forgets rows all
/// the time.
fn every_engine<F: Future<Output = ()>>(name: &str, story: impl Fn(Engine) -> F) {
    run_test(name, |_| async { story(memory()).await });
    run_test(name, |_| async {
        let dir = tempfile::tempdir().unwrap();
        story(open(LocalConfig::at(dir.path())).await.unwrap()).await;
    });
    run_test(name, |_| async {
        let dir = tempfile::tempdir().unwrap();
        let config = LocalConfig {
            dirty_bytes_max: 1,
            cache_bytes_max: 0,
            ..LocalConfig::at(dir.path())
        };
        story(open(config).await.unwrap()).await;
    });
}

async fn write(engine: &Engine, batch: Batch) -> Result<u64, WriteError> {
    engine.write(vec![batch]).await.remove(0)
}

async fn get(engine: &Engine, partition: &'static str, key: &'static str) -> Option<(Bytes, u64)> {
    let got = engine.get(partition.into(), vec![key.into()], 0).await;
    let row = got.unwrap().rows.remove(0)?;
    Some((row.value, row.version))
}

async fn keys(engine: &Engine, scan: Scan) -> (Vec<Bytes>, bool) {
    let page = engine.scan(scan).await.unwrap();
    (
        page.rows.into_iter().map(|row| row.key).collect(),
        page.more,
    )
}

#[test]
fn each_write_gives_the_partition_its_next_version() {
    every_engine("versions", |engine| async move {
        assert_eq!(write(&engine, Batch::new("a").put("x", "1")).await, Ok(1));
        assert_eq!(write(&engine, Batch::new("a").put("y", "2")).await, Ok(2));
        assert_eq!(write(&engine, Batch::new("b").delete("none")).await, Ok(1));
        let versions = engine
            .versions(vec!["b".into(), "c".into(), "a".into()])
            .await;
        assert_eq!(versions.unwrap(), [1, 0, 2]);
        assert_eq!(get(&engine, "a", "x").await, Some(("1".into(), 1)));
        assert_eq!(get(&engine, "a", "y").await, Some(("2".into(), 2)));
        assert_eq!(get(&engine, "c", "x").await, None);
    });
}

#[test]
fn appended_rows_are_keyed_by_the_versions_they_take() {
    every_engine("append", |engine| async move {
        write(&engine, Batch::new("a").put("p", "")).await.unwrap();
        let batch = Batch::new("a")
            .append("i/", "one")
            .put("last", "")
            .append("i/", "two");
        assert_eq!(write(&engine, batch).await, Ok(3));
        let page = engine.scan(Scan::prefix("a", "i/")).await.unwrap();
        let rows = page
            .rows
            .iter()
            .map(|row| (&row.key[2..], &row.value[..], row.version));
        assert_eq!(
            rows.collect::<Vec<_>>(),
            [
                (&2u64.to_be_bytes()[..], &b"one"[..], 2),
                (&3u64.to_be_bytes()[..], &b"two"[..], 3),
            ]
        );
        assert_eq!(get(&engine, "a", "last").await, Some(("".into(), 3)));
    });
}

#[test]
fn a_batch_whose_condition_fails_changes_nothing_and_says_which() {
    every_engine("conditions", |engine| async move {
        let number = |n: u64| Bytes::copy_from_slice(&n.to_be_bytes());
        let key = Bytes::from("k");
        let absent = Condition::Absent { key: key.clone() };
        let at = |version| Condition::RowAt {
            key: Bytes::from("k"),
            version,
        };
        let below = |mark| Condition::Below {
            key: Bytes::from("k"),
            mark,
        };
        let put = |n| Batch::new("a").put("k", number(n));
        assert_eq!(
            write(
                &engine,
                put(5)
                    .when(Condition::PartitionAt(0))
                    .when(absent.clone())
                    .when(below(0))
            )
            .await,
            Ok(1)
        );
        let refused = |index, version| Err(WriteError::Condition { index, version });
        assert_eq!(
            write(&engine, put(9).when(below(6)).when(absent)).await,
            refused(1, 1)
        );
        assert_eq!(write(&engine, put(9).when(below(5))).await, refused(0, 1));
        assert_eq!(
            write(&engine, put(9).when(Condition::PartitionAt(0))).await,
            refused(0, 1)
        );
        assert_eq!(get(&engine, "a", "k").await, Some((number(5), 1)));
        assert_eq!(
            write(
                &engine,
                put(6).when(below(6)).when(Condition::PartitionAt(1))
            )
            .await,
            Ok(2)
        );
        assert_eq!(write(&engine, put(7).when(at(1))).await, refused(0, 2));
        assert_eq!(write(&engine, put(7).when(at(2))).await, Ok(3));
        assert_eq!(
            write(&engine, Batch::new("a").put("k", "short").when(at(3))).await,
            Ok(4)
        );
        assert_eq!(
            write(&engine, put(7).when(below(u64::MAX))).await,
            refused(0, 4)
        );
    });
}

#[test]
fn batches_of_one_call_see_each_other_in_order_and_fail_alone() {
    every_engine("one call", |engine| async move {
        let absent = || Condition::Absent { key: "k".into() };
        let answers = engine
            .write(vec![
                Batch::new("a").put("k", "1").when(absent()),
                Batch::new("a").put("k", "2").when(absent()),
                Batch::new("b").put("k", "3").when(absent()),
                Batch::new("a")
                    .put("k", "4")
                    .when(Condition::PartitionAt(1)),
                Batch::new("a").delete("k"),
                Batch::new("a").put("k", "5").when(absent()),
            ])
            .await;
        let refused = Err(WriteError::Condition {
            index: 0,
            version: 1,
        });
        assert_eq!(answers, [Ok(1), refused, Ok(1), Ok(2), Ok(3), Ok(4)]);
        assert_eq!(get(&engine, "a", "k").await, Some(("5".into(), 4)));
        assert_eq!(get(&engine, "b", "k").await, Some(("3".into(), 1)));
    });
}

#[test]
fn a_deleted_range_takes_what_is_in_it_and_no_more() {
    every_engine("delete range", |engine| async move {
        let mut batch = Batch::new("a");
        for key in ["a", "b", "c", "d", "e"] {
            batch = batch.put(key, key);
        }
        write(&engine, batch).await.unwrap();
        write(&engine, Batch::new("ab").put("c", "")).await.unwrap();
        // What the batch itself puts before the deletion goes too; what it puts after it stays.
        let batch = Batch::new("a")
            .put("bb", "")
            .delete_range("b", Some("d".into()))
            .put("c", "new");
        assert_eq!(write(&engine, batch).await, Ok(2));
        assert_eq!(keys(&engine, Scan::all("a")).await.0, ["a", "c", "d", "e"]);
        write(&engine, Batch::new("a").delete_range("d", None))
            .await
            .unwrap();
        write(&engine, Batch::new("a").delete_range("c", Some("a".into())))
            .await
            .unwrap();
        assert_eq!(keys(&engine, Scan::all("a")).await.0, ["a", "c"]);
        assert_eq!(keys(&engine, Scan::all("ab")).await.0, ["c"]);
    });
}

#[test]
fn an_erased_partition_keeps_its_version() {
    every_engine("erased", |engine| async move {
        write(&engine, Batch::new("a").put("k", "")).await.unwrap();
        assert_eq!(
            write(&engine, Batch::new("a").delete_range("", None)).await,
            Ok(2)
        );
        assert_eq!(keys(&engine, Scan::all("a")).await.0, [""; 0]);
        let all = engine.partitions(Bytes::new(), None, 10).await.unwrap();
        assert_eq!(all, ["a"]);
        assert_eq!(write(&engine, Batch::new("a").put("k", "")).await, Ok(3));
    });
}

#[test]
fn a_quiet_batch_cleans_up_without_a_version() {
    every_engine("quiet", |engine| async move {
        write(&engine, Batch::new("a").put("x", "").put("y", ""))
            .await
            .unwrap();
        assert_eq!(
            write(&engine, Batch::new("a").delete("x").quiet()).await,
            Ok(1)
        );
        assert_eq!(keys(&engine, Scan::all("a")).await.0, ["y"]);
        assert_eq!(
            write(&engine, Batch::new("new").put("x", "").quiet()).await,
            Ok(0)
        );
        assert_eq!(get(&engine, "new", "x").await, None);
        let append = write(&engine, Batch::new("a").append("x", "").quiet()).await;
        assert!(matches!(
            append,
            Err(WriteError::Engine(EngineError::Invalid { .. }))
        ));
    });
}

#[test]
fn a_scan_keeps_to_its_range_direction_and_bounds() {
    every_engine("scan", |engine| async move {
        for key in ["b", "d", "f", "h"] {
            write(&engine, Batch::new("a").put(key, "12"))
                .await
                .unwrap();
        }
        write(&engine, Batch::new("a").delete("f")).await.unwrap();
        write(&engine, Batch::new("a").put("g", "12"))
            .await
            .unwrap();
        let scan = |from: &'static str, to: &'static str, direction, rows_max| Scan {
            from: from.into(),
            to: (!to.is_empty()).then(|| to.into()),
            direction,
            rows_max,
            ..Scan::all("a")
        };
        use Direction::{Backward, Forward};
        let cases = [
            (scan("", "", Forward, 9), vec!["b", "d", "g", "h"], false),
            (scan("", "", Backward, 9), vec!["h", "g", "d", "b"], false),
            (scan("", "", Backward, 2), vec!["h", "g"], true),
            (scan("c", "h", Forward, 2), vec!["d", "g"], false),
            (scan("c", "h", Backward, 1), vec!["g"], true),
            (scan("d", "g", Forward, 9), vec!["d"], false),
            (scan("e", "g", Forward, 9), vec![], false),
            (scan("g", "d", Backward, 9), vec![], false),
            (scan("", "", Forward, 0), vec!["b"], true),
        ];
        // Twice: the second time may come from memory.
        for (scan, rows, more) in cases.iter().chain(&cases) {
            assert_eq!(
                keys(&engine, scan.clone()).await,
                (rows.iter().map(|key| Bytes::from(*key)).collect(), *more),
                "{scan:?}"
            );
        }
        let bytes = |bytes_max| Scan {
            bytes_max,
            ..Scan::all("a")
        };
        assert_eq!(keys(&engine, bytes(6)).await.0.len(), 2);
        assert_eq!(keys(&engine, bytes(1)).await.0.len(), 1);
    });
}

#[test]
fn a_read_that_wants_a_later_version_is_told_the_present_one() {
    every_engine("at least", |engine| async move {
        write(&engine, Batch::new("a").put("k", "")).await.unwrap();
        let behind = |version| EngineError::Behind { version };
        assert_eq!(
            engine.get("a".into(), vec![], 2).await.unwrap_err(),
            behind(1)
        );
        assert!(engine.get("a".into(), vec![], 1).await.is_ok());
        let later = |partition: &'static str| Scan {
            at_least: 2,
            ..Scan::all(partition)
        };
        assert_eq!(engine.scan(later("a")).await.unwrap_err(), behind(1));
        assert_eq!(engine.scan(later("never")).await.unwrap_err(), behind(0));
    });
}

#[test]
fn partitions_are_listed_in_order_page_by_page() {
    every_engine("partitions", |engine| async move {
        for name in ["u/2", "v/1", "u/1", "u/30", "t", "u/"] {
            write(&engine, Batch::new(name).put("k", "")).await.unwrap();
        }
        let page = async |after: Option<&'static str>, max| {
            let after = after.map(Bytes::from);
            engine.partitions("u/".into(), after, max).await.unwrap()
        };
        assert_eq!(page(None, 9).await, ["u/", "u/1", "u/2", "u/30"]);
        assert_eq!(page(None, 2).await, ["u/", "u/1"]);
        assert_eq!(page(Some("u/1"), 2).await, ["u/2", "u/30"]);
        assert_eq!(page(Some("a"), 1).await, ["u/"]);
        assert_eq!(page(Some("u/30"), 2).await, [""; 0]);
    });
}

#[test]
fn what_is_too_long_is_refused() {
    every_engine("too long", |engine| async move {
        let invalid =
            |answer| matches!(answer, Err(WriteError::Engine(EngineError::Invalid { .. })));
        let key = "k".repeat(KEY_BYTES_MAX);
        assert_eq!(
            write(&engine, Batch::new("a").put(key.clone(), "")).await,
            Ok(1)
        );
        assert!(invalid(
            write(&engine, Batch::new("a").append(key, "")).await
        ));
        let value = vec![0; VALUE_BYTES_MAX + 1];
        assert!(invalid(
            write(&engine, Batch::new("a").put("k", value)).await
        ));
        assert!(invalid(
            write(&engine, Batch::new(vec![0; 1025]).put("k", "")).await
        ));
    });
}
