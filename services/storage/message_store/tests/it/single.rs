//! Single messages: once, in order, and for the sender's other devices.

use crate::support::*;
use im_idl::message::entry;
use im_idl::message_store::AppendRequest;
use std::time::Duration;
use svrkit_rt::testing::run_test;
use svrkit_rt::{Code, clock};
use tokio::time::advance;

#[test]
fn a_message_reaches_its_receiver_as_it_was_sent() {
    run_test("reaches", |_| async {
        let store = Store::new().await;
        let sent = store.send(ADA, BOB, 7).await;
        assert!(!sent.duplicate);
        assert_eq!(sent.time_ms, clock::now_ms());
        let read = store.read(BOB, "phone", 0).await;
        assert_eq!(read.version, sent.receiver_version);
        assert!(!read.more);
        let [entry] = &read.entries[..] else {
            panic!("{read:?}");
        };
        assert_eq!(entry.version, sent.receiver_version);
        let mut expected = item(ADA, ADA, 7);
        expected.time_ms = sent.time_ms;
        assert_eq!(entry.kind, Some(entry::Kind::Item(expected)));
        // He had no device to copy it to.
        assert_eq!(sent.sender_version, 0);
        assert!(store.peek(ADA).await.is_empty());
    });
}

#[test]
fn the_same_message_again_is_the_same_message() {
    run_test("again", |_| async {
        let mut store = Store::new().await;
        let first = store.send(ADA, BOB, 7).await;
        advance(Duration::from_secs(23 * 3600)).await;
        store.rebuild().await;
        let again = store.send(ADA, BOB, 7).await;
        assert!(again.duplicate);
        assert_eq!(again.time_ms, first.time_ms);
        assert_eq!(again.receiver_version, first.receiver_version);
        assert_eq!(messages(&store.peek(BOB).await), [(ADA, 7)]);
        // Somebody else's message may have the same number.
        assert!(!store.send(CLEO, BOB, 7).await.duplicate);
    });
}

#[test]
fn the_senders_other_devices_get_a_copy() {
    run_test("copies", |_| async {
        let store = Store::new().await;
        store.read(ADA, "phone", 0).await;
        assert_eq!(store.send(ADA, BOB, 1).await.sender_version, 0);
        store.read(ADA, "tablet", 0).await;
        let sent = store.send(ADA, BOB, 2).await;
        let read = store.read(ADA, "tablet", 0).await;
        assert_eq!(read.version, sent.sender_version);
        let Some(entry::Kind::Item(copy)) = &read.entries[0].kind else {
            panic!("{read:?}");
        };
        assert_eq!(
            (copy.sender, copy.chat, copy.client_message_id),
            (ADA, BOB, 2)
        );
        // Again: no second copy.
        let again = store.send(ADA, BOB, 2).await;
        assert_eq!(again.sender_version, sent.sender_version);
        assert_eq!(messages(&store.peek(ADA).await), [(ADA, 2)]);
    });
}

#[test]
fn a_repetition_makes_up_for_a_copy_that_is_missing() {
    run_test("missing copy", |_| async {
        let store = Store::new().await;
        // Written when he had one device; as if the copy had been lost in a crash.
        store.send(ADA, BOB, 1).await;
        store.read(ADA, "tablet", 0).await;
        let again = store.send(ADA, BOB, 1).await;
        assert!(again.duplicate && again.sender_version > 0);
        assert_eq!(messages(&store.peek(ADA).await), [(ADA, 1)]);
        assert_eq!(messages(&store.peek(BOB).await), [(ADA, 1)]);
    });
}

#[test]
fn what_makes_no_sense_is_refused() {
    run_test("nonsense", |_| async {
        let store = Store::new().await;
        let refusal = async |receiver, item| {
            let request = AppendRequest {
                receiver,
                item,
                sender_device: String::new(),
            };
            refused(store.client.append(request).await)
        };
        let good = item(ADA, ADA, 1);
        let mut nobody = good.clone();
        nobody.sender = 1;
        let mut empty = good.clone();
        empty.content = None;
        for (receiver, item) in [
            (BOB, None),
            (ADA, Some(good.clone())),
            (GROUP, Some(good)),
            (BOB, Some(item(ADA, ADA, 0))),
            (BOB, Some(nobody)),
            (BOB, Some(empty)),
        ] {
            assert_eq!(refusal(receiver, item).await, Code::InvalidArgument);
        }
    });
}
