//! Reading: pages, positions, and what goes when all have it.

use crate::support::*;
use im_idl::message_store::{EraseRequest, ForgetDeviceRequest, ReadRequest};
use im_message_store::Config;
use std::time::Duration;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

/// Longer than positions stay in memory alone.
const FLUSHED: Duration = Duration::from_secs(10);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[test]
fn pages_cover_everything_once() {
    run_test("pages", |_| async {
        let store = Store::new().await;
        for id in 1..=25 {
            store.send(ADA, BOB, id).await;
        }
        let mut ids = Vec::new();
        let mut after = 0;
        for page in 0.. {
            let read = store.try_read(BOB, "phone", after, 10).await.unwrap();
            ids.extend(messages(&read.entries).into_iter().map(|(_, id)| id));
            assert_eq!(read.more, page < 2);
            after = read.version;
            if !read.more {
                break;
            }
            assert_eq!(read.version, read.entries.last().unwrap().version);
        }
        assert_eq!(ids, (1..=25).collect::<Vec<_>>());
        let read = store.read(BOB, "phone", after).await;
        assert_eq!(
            (read.entries.len(), read.version, read.more),
            (0, after, false)
        );
    });
}

#[test]
fn an_answer_stays_within_its_bytes() {
    run_test("bytes", |_| async {
        let store = Store::new().await;
        let mut seqs = Vec::new();
        for id in 1..=40 {
            store.send(ADA, BOB, id).await;
            seqs.push(store.send_group(ADA, id).await.group_seq);
        }
        store.fan_out(&seqs, &[BOB]).await;
        let mut got = 0;
        let mut after = 0;
        loop {
            let request = ReadRequest {
                uin: BOB,
                device: "phone".to_owned(),
                after_version: after,
                bytes_max: 500,
                ..ReadRequest::default()
            };
            let read = store.client.read(request).await.unwrap();
            let bytes = prost::Message::encoded_len(&read);
            assert!(bytes < 600, "{bytes}");
            got += read.entries.len();
            after = read.version;
            if !read.more {
                break;
            }
            assert!(!read.entries.is_empty(), "at least one comes");
        }
        assert_eq!(got, 80);
    });
}

#[test]
fn entries_go_when_all_devices_have_them() {
    run_test("passed", |_| async {
        let mut store = Store::new().await;
        store.read(BOB, "phone", 0).await;
        store.read(BOB, "tablet", 0).await;
        for id in 1..=3 {
            store.send(ADA, BOB, id).await;
        }
        let version = store.read(BOB, "phone", 0).await.version;
        store.read(BOB, "phone", version).await;
        sleep(FLUSHED).await;
        assert_eq!(
            store.peek(BOB).await.len(),
            3,
            "the tablet has none of them"
        );
        // Also when everything in memory is lost.
        store.rebuild().await;
        let read = store.read(BOB, "tablet", 0).await;
        assert_eq!(read.entries.len(), 3);
        store.read(BOB, "tablet", read.entries[1].version).await;
        sleep(FLUSHED).await;
        assert_eq!(messages(&store.peek(BOB).await), [(ADA, 3)]);
        // Versions go on.
        assert!(store.send(ADA, BOB, 4).await.receiver_version > version);
        // A device that is new begins at what is kept.
        let read = store.read(BOB, "watch", 0).await;
        assert_eq!(messages(&read.entries), [(ADA, 3), (ADA, 4)]);
    });
}

#[test]
fn a_device_counts_from_its_first_answer_on() {
    run_test("first answer", |_| async {
        let mut store = Store::new().await;
        store.read(BOB, "tablet", 0).await;
        store.rebuild().await;
        let sent = store.send(ADA, BOB, 1).await;
        store.read(BOB, "phone", 0).await;
        store.read(BOB, "phone", sent.receiver_version).await;
        sleep(FLUSHED).await;
        let read = store.read(BOB, "tablet", 0).await;
        assert_eq!(messages(&read.entries), [(ADA, 1)]);
    });
}

#[test]
fn a_forged_version_is_the_newest_at_most() {
    run_test("forged", |_| async {
        let store = Store::new().await;
        let sent = store.send(ADA, BOB, 1).await;
        let read = store.read(BOB, "phone", u64::MAX).await;
        assert_eq!(
            (read.entries.len(), read.version),
            (0, sent.receiver_version)
        );
        store.send(ADA, BOB, 2).await;
        sleep(FLUSHED).await;
        let read = store.read(BOB, "phone", read.version).await;
        assert_eq!(messages(&read.entries), [(ADA, 2)]);
    });
}

#[test]
fn looking_moves_nothing() {
    run_test("peek", |_| async {
        let store = Store::new().await;
        store.read(BOB, "phone", 0).await;
        let sent = store.send(ADA, BOB, 1).await;
        let request = ReadRequest {
            uin: BOB,
            device: "phone".to_owned(),
            after_version: sent.receiver_version,
            peek: true,
            ..ReadRequest::default()
        };
        store.client.read(request).await.unwrap();
        sleep(FLUSHED).await;
        assert_eq!(store.peek(BOB).await.len(), 1);
        // Nor does it make a device: Ada gets no copies.
        store.peek(ADA).await;
        assert_eq!(store.send(ADA, BOB, 2).await.sender_version, 0);
    });
}

#[test]
fn a_device_that_is_forgotten_or_silent_holds_nothing_back() {
    run_test("silent", |_| async {
        let config = Config {
            device_retention_days: 1,
            flush_interval_ms: FLUSHED.as_millis() as u64 / 2,
            ..Config::default()
        };
        let store = Store::with(config).await;
        for device in ["phone", "tablet", "watch"] {
            store.read(BOB, device, 0).await;
        }
        let version = store.send(ADA, BOB, 1).await.receiver_version;
        store.read(BOB, "phone", version).await;
        let request = ForgetDeviceRequest {
            uin: BOB,
            device: "tablet".to_owned(),
        };
        store.client.forget_device(request).await.unwrap();
        sleep(FLUSHED).await;
        assert_eq!(store.peek(BOB).await.len(), 1, "the watch has not read it");
        sleep(DAY / 2).await;
        store.read(BOB, "phone", version).await;
        sleep(DAY * 3 / 4).await;
        assert_eq!(store.peek(BOB).await.len(), 0);
    });
}

#[test]
fn what_is_too_old_or_too_much_goes() {
    run_test("retention", |_| async {
        let config = Config {
            inbox_retention_days: 2,
            inbox_rows_max: 10,
            flush_interval_ms: 600_000,
            ..Config::default()
        };
        let store = Store::with(config).await;
        store.send(ADA, BOB, 1).await;
        let seq = store.send_group(ADA, 1).await.group_seq;
        store.fan_out(&[seq], &[BOB]).await;
        sleep(DAY).await;
        for id in 2..=20 {
            store.send(ADA, CLEO, id).await;
        }
        store.send(ADA, BOB, 3).await;
        assert_eq!(store.peek(BOB).await.len(), 3);
        sleep(DAY + DAY / 2).await;
        assert_eq!(messages(&store.peek(BOB).await), [(ADA, 3)]);
        let kept: Vec<_> = (11..=20).map(|id| (ADA, id)).collect();
        assert_eq!(messages(&store.peek(CLEO).await), kept);
        sleep(DAY * 2).await;
        assert!(store.peek(BOB).await.is_empty());
        // Nothing but the group's place is left of the log.
        let log = [&b"G"[..], &GROUP.to_be_bytes()].concat();
        let rows = store
            .engine
            .scan(im_engine::Scan::all(log))
            .await
            .unwrap()
            .rows;
        let keys: Vec<_> = rows.iter().map(|row| row.key[0]).collect();
        assert_eq!(keys, *b"op");
    });
}

#[test]
fn erasing_leaves_nothing_but_the_version() {
    run_test("erase", |_| async {
        let config = Config {
            delete_rows_max: 2,
            ..Config::default()
        };
        let store = Store::with(config).await;
        store.read(BOB, "phone", 0).await;
        for id in 1..=5 {
            store.send(ADA, BOB, id).await;
        }
        let uin = BOB;
        let version = store.send(ADA, BOB, 6).await.receiver_version;
        store.client.erase(EraseRequest { uin }).await.unwrap();
        store.client.erase(EraseRequest { uin }).await.unwrap();
        let inbox = [&b"I"[..], &BOB.to_be_bytes()].concat();
        let page = store
            .engine
            .scan(im_engine::Scan::all(inbox))
            .await
            .unwrap();
        assert_eq!((page.rows.len(), page.version), (0, version));
        assert!(store.send(ADA, BOB, 7).await.receiver_version > version);
    });
}

#[test]
fn nobody_and_no_device_are_refused() {
    run_test("nobody", |_| async {
        let store = Store::new().await;
        let code = async |uin, device: &str| refused(store.try_read(uin, device, 0, 0).await);
        assert_eq!(code(1, "phone").await, Code::InvalidArgument);
        assert_eq!(code(GROUP, "phone").await, Code::InvalidArgument);
        assert_eq!(code(BOB, "").await, Code::InvalidArgument);
        assert_eq!(code(BOB, &"x".repeat(1_000)).await, Code::InvalidArgument);
    });
}
