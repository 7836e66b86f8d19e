//! Taking messages back.

use crate::world::*;
use im_idl::message::RecallRequest;
use std::time::Duration;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

#[test]
fn both_hear_of_a_single_message_taken_back() {
    run_test("single", |_| async {
        let world = World::new();
        let service = world.service().await;
        let request = RecallRequest {
            to: BOB,
            client_message_id: 7,
        };
        service.recall_with(by(ADA, request)).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        let state = world.state();
        let recall = &state.recalls[0];
        // It is the caller's own, whoever he says he is.
        assert_eq!(
            (recall.sender, recall.chat, recall.client_message_id),
            (ADA, BOB, 7)
        );
        assert_eq!(state.news, [(BOB, 21), (ADA, 22)].into());
        assert!(state.tasks.is_empty());
    });
}

#[test]
fn a_groups_message_taken_back_is_fanned_out() {
    run_test("group", |_| async {
        let world = World::new();
        world.state().fanned_seq = 4;
        let service = world.service().await;
        let request = RecallRequest {
            to: GROUP,
            client_message_id: 7,
        };
        service.recall_with(by(ADA, request)).await.unwrap();
        let state = world.state();
        let seqs: Vec<_> = state.tasks.iter().map(|task| task.group_seq).collect();
        assert_eq!(seqs, [5]);
    });
}
