//! Group messages: one body, and rows in the members' inboxes.

use crate::support::*;
use im_idl::message_store::{FanOutRequest, FanOutRow};
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

#[test]
fn members_get_each_message_once_and_in_order() {
    run_test("once", |_| async {
        let mut store = Store::new().await;
        let mut seqs = Vec::new();
        for id in 1..=4 {
            seqs.push(store.send_group(ADA, id).await.group_seq);
        }
        store.fan_out(&seqs[..2], &[ADA, BOB]).await;
        // Bob has some of them already, Cleo none; and it comes twice, once after a crash.
        let versions = store.fan_out(&seqs, &[BOB, CLEO]).await;
        store.rebuild().await;
        assert_eq!(store.fan_out(&seqs, &[BOB, CLEO]).await, versions);
        store.fan_out(&seqs, &[ADA]).await;
        let all: Vec<_> = (1..=4).map(|id| (ADA, id)).collect();
        for (member, version) in [(BOB, versions[0]), (CLEO, versions[1])] {
            let read = store.read(member, "phone", 0).await;
            assert_eq!(messages(&read.entries), all);
            assert_eq!(read.version, version);
        }
        assert_eq!(messages(&store.peek(ADA).await), all);
    });
}

#[test]
fn a_row_tells_its_group_and_its_place_there() {
    run_test("place", |_| async {
        let store = Store::new().await;
        let sent = store.send_group(ADA, 1).await;
        let again = store.send_group(ADA, 1).await;
        assert!(again.duplicate);
        assert_eq!(
            (again.group_seq, again.time_ms),
            (sent.group_seq, sent.time_ms)
        );
        store.fan_out(&[sent.group_seq], &[BOB]).await;
        let read = store.read(BOB, "phone", 0).await;
        let Some(im_idl::message::entry::Kind::Item(got)) = &read.entries[0].kind else {
            panic!("{read:?}");
        };
        assert_eq!((got.chat, got.group_seq), (GROUP, sent.group_seq));
        assert_eq!(got.time_ms, sent.time_ms);
    });
}

#[test]
fn the_store_knows_how_far_a_groups_fan_out_is() {
    run_test("fanned", |_| async {
        let mut store = Store::new().await;
        let first = store.send_group(ADA, 1).await;
        assert_eq!(first.fanned_seq, 0);
        store.fan_out(&[first.group_seq], &[BOB]).await;
        assert_eq!(store.send_group(ADA, 2).await.fanned_seq, first.group_seq);
        // Written within seconds, and never higher than it was.
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        store.rebuild().await;
        assert_eq!(store.send_group(ADA, 3).await.fanned_seq, first.group_seq);
    });
}

#[test]
fn what_makes_no_sense_is_refused() {
    run_test("nonsense", |_| async {
        let store = Store::new().await;
        let rows = |seqs: &[u64]| {
            let rows = seqs.iter().map(|seq| FanOutRow { group_seq: *seq });
            rows.collect::<Vec<_>>()
        };
        for (group, rows, members) in [
            (ADA, rows(&[1]), vec![BOB]),
            (GROUP, rows(&[]), vec![BOB]),
            (GROUP, rows(&[0]), vec![BOB]),
            (GROUP, rows(&[2, 1]), vec![BOB]),
            (GROUP, rows(&[2, 2]), vec![BOB]),
            (GROUP, rows(&[1]), vec![GROUP]),
            (GROUP, rows(&[1]), vec![BOB; 1_001]),
        ] {
            let request = FanOutRequest {
                group,
                rows,
                members,
            };
            let answer = store.client.fan_out(request).await;
            assert_eq!(refused(answer), Code::InvalidArgument);
        }
    });
}
