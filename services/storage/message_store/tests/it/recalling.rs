//! Messages taken back.

use crate::support::*;
use im_idl::message_store::{RecallRequest, RecallResponse};
use std::time::Duration;
use svrkit_rt::testing::run_test;
use svrkit_rt::{Code, Status};
use tokio::time::advance;

async fn recall(store: &Store, sender: u64, chat: u64, id: u64) -> Result<RecallResponse, Status> {
    let request = RecallRequest {
        sender,
        chat,
        client_message_id: id,
    };
    store.client.recall(request).await
}

#[test]
fn both_inboxes_are_told_and_the_body_is_gone() {
    run_test("both", |_| async {
        let mut store = Store::new().await;
        store.read(ADA, "tablet", 0).await;
        store.send(ADA, BOB, 1).await;
        store.send(ADA, BOB, 2).await;
        let first = recall(&store, ADA, BOB, 1).await.unwrap();
        store.rebuild().await;
        let again = recall(&store, ADA, BOB, 1).await.unwrap();
        assert_eq!(first, again);
        let (theirs, mine) = (store.peek(BOB).await, store.peek(ADA).await);
        assert_eq!(messages(&theirs), [(ADA, 2)]);
        assert_eq!(recalls(&theirs), [(ADA, ADA, 1)]);
        assert_eq!(messages(&mine), [(ADA, 2)]);
        assert_eq!(recalls(&mine), [(ADA, BOB, 1)]);
        assert_eq!(theirs.last().unwrap().version, first.receiver_version);
        assert_eq!(mine.last().unwrap().version, first.sender_version);
        // It was sent, all the same: sending it again brings it not back.
        assert!(store.send(ADA, BOB, 1).await.duplicate);
        assert_eq!(messages(&store.peek(BOB).await), [(ADA, 2)]);
    });
}

#[test]
fn who_has_read_it_is_told_as_well() {
    run_test("read", |_| async {
        let store = Store::new().await;
        store.send(ADA, BOB, 1).await;
        let version = store.read(BOB, "phone", 0).await.version;
        store.read(BOB, "phone", version).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(recall(&store, ADA, BOB, 1).await.unwrap().sender_version, 0);
        let read = store.read(BOB, "phone", version).await;
        assert_eq!(recalls(&read.entries), [(ADA, ADA, 1)]);
    });
}

#[test]
fn after_two_minutes_it_stays() {
    run_test("too old", |_| async {
        let store = Store::new().await;
        store.send(ADA, BOB, 1).await;
        store.send(ADA, BOB, 2).await;
        let seq = store.send_group(ADA, 3).await.group_seq;
        advance(Duration::from_secs(120)).await;
        recall(&store, ADA, BOB, 1).await.unwrap();
        advance(Duration::from_millis(1)).await;
        for (chat, id) in [(BOB, 2), (GROUP, 3)] {
            let refused = recall(&store, ADA, chat, id).await.unwrap_err();
            assert_eq!(refused.code(), Code::FailedPrecondition);
            assert_eq!(refused.reason(), "TOO_OLD");
        }
        store.fan_out(&[seq], &[BOB]).await;
        assert_eq!(messages(&store.peek(BOB).await), [(ADA, 2), (ADA, 3)]);
        // What was taken back in time is taken back: a repetition says so.
        recall(&store, ADA, BOB, 1).await.unwrap();
    });
}

#[test]
fn nobody_takes_back_what_is_not_his() {
    run_test("not his", |_| async {
        let store = Store::new().await;
        store.send(ADA, BOB, 1).await;
        store.send_group(ADA, 1).await;
        for (sender, chat, id) in [
            (CLEO, BOB, 1),
            (BOB, ADA, 1),
            (ADA, BOB, 2),
            (BOB, GROUP, 1),
        ] {
            assert_eq!(
                refused(recall(&store, sender, chat, id).await),
                Code::NotFound
            );
        }
        assert_eq!(
            refused(recall(&store, ADA, 5, 1).await),
            Code::InvalidArgument
        );
    });
}

#[test]
fn a_groups_message_goes_wherever_it_is_not_read_yet() {
    run_test("group", |_| async {
        let store = Store::new().await;
        let seq = store.send_group(ADA, 1).await.group_seq;
        store.fan_out(&[seq], &[BOB, CLEO]).await;
        // Bob has read it; its body is in memory.
        let version = store.read(BOB, "phone", 0).await.version;
        let recalled = recall(&store, ADA, GROUP, 1).await.unwrap();
        assert!(recalled.group_seq > seq);
        assert_eq!(recall(&store, ADA, GROUP, 1).await.unwrap(), recalled);
        store.fan_out(&[recalled.group_seq], &[BOB, CLEO]).await;
        let bob = store.read(BOB, "phone", version).await;
        let cleo = store.read(CLEO, "phone", 0).await;
        assert_eq!(recalls(&bob.entries), [(ADA, GROUP, 1)]);
        assert_eq!(recalls(&cleo.entries), [(ADA, GROUP, 1)]);
        assert!(messages(&cleo.entries).is_empty());
        // Sending it again is the same message, in its old place.
        let again = store.send_group(ADA, 1).await;
        assert_eq!((again.duplicate, again.group_seq), (true, seq));
    });
}
