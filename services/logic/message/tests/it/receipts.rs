//! Receipts of reading: when both want them, and never from strangers.

use crate::world::*;
use im_idl::message::{MarkReadRequest, MessageClient};
use std::time::Duration;
use svrkit_rt::testing::run_test;
use svrkit_rt::{Code, Status};
use tokio::time::sleep;

async fn mark_read(
    service: &MessageClient,
    reader: u64,
    chat: u64,
    sender: u64,
) -> Result<(), Status> {
    let request = MarkReadRequest {
        chat,
        sender,
        client_message_id: 7,
    };
    service.mark_read_with(by(reader, request)).await.map(drop)
}

#[test]
fn a_receipt_is_given_when_both_want_it() {
    run_test("wanted", |_| async {
        let world = World::new();
        let service = world.service().await;
        for wants in [vec![], vec![ADA], vec![BOB]] {
            world.state().wants_receipts = wants.into_iter().collect();
            mark_read(&service, BOB, ADA, ADA).await.unwrap();
            assert!(world.state().receipts.is_empty());
        }
        world.state().wants_receipts = [ADA, BOB].into();
        mark_read(&service, BOB, ADA, ADA).await.unwrap();
        mark_read(&service, BOB, GROUP, ADA).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        let state = world.state();
        let receipt = |place: usize| {
            let request = &state.receipts[place];
            let receipt = request.receipt.as_ref().unwrap();
            (
                request.to,
                receipt.reader,
                receipt.chat,
                receipt.client_message_id,
            )
        };
        // As Ada sees it: in her chat with Bob, and in the group.
        assert_eq!(receipt(0), (ADA, BOB, BOB, 7));
        assert_eq!(receipt(1), (ADA, BOB, GROUP, 7));
        assert_eq!(state.news, [(ADA, 31)].into());
    });
}

#[test]
fn strangers_give_no_receipts() {
    run_test("strangers", |_| async {
        let world = World::new();
        let service = world.service().await;
        world.state().wants_receipts = [ADA, BOB, CLEO, 10_009].into();
        mark_read(&service, CLEO, ADA, ADA).await.unwrap();
        mark_read(&service, 10_009, GROUP, ADA).await.unwrap();
        mark_read(&service, ADA, GROUP, 10_009).await.unwrap();
        mark_read(&service, ADA, GROUP, ADA).await.unwrap();
        assert!(world.state().receipts.is_empty());
        // A message of Cleo's is not in the chat with Ada.
        let (code, _) = refusal(mark_read(&service, BOB, ADA, CLEO).await);
        assert_eq!(code, Code::InvalidArgument);
    });
}
