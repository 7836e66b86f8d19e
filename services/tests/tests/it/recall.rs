//! Words taken back.

use crate::backend::{Backend, Pocketed, befriend, group, hears, say, uin, until};
use im_client::{Client, State};
use im_idl::message::RecallRequest;
use std::time::Duration;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

/// Sends, and says by which name it can be recalled.
async fn send(from: &Client, to: u64, text: &str) -> RecallRequest {
    let sent = from.send_text(to, text).await.unwrap();
    let client_message_id = sent.client_message_id;
    sent.acknowledged().await.unwrap();
    RecallRequest {
        to,
        client_message_id,
    }
}

async fn is_recalled(client: &Client, chat: u64, client_message_id: u64) {
    let recalled = |state: &State| {
        let mut messages = state.chats().get(&chat)?.messages();
        let named = messages.find(|m| m.item.client_message_id == client_message_id)?;
        named.is_recalled.then_some(())
    };
    until(client, recalled).await;
}

#[test]
fn within_two_minutes_and_not_later() {
    run_test("recall", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        befriend(&ada, &bob).await;
        let slip = send(&ada, uin(&bob), "a slip").await;
        hears(&bob, uin(&ada), 1).await;
        sleep(Duration::from_secs(110)).await;
        ada.call(slip).await.unwrap();
        is_recalled(&bob, uin(&ada), slip.client_message_id).await;
        ada.call(slip).await.expect("once more does no harm");

        let late = send(&ada, uin(&bob), "said is said").await;
        hears(&bob, uin(&ada), 1).await;
        let not_his = RecallRequest {
            to: uin(&ada),
            ..late
        };
        let refused = bob.call(not_his).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "only the sender: {refused}");
        sleep(Duration::from_secs(130)).await;
        let refused = ada.call(late).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition, "{refused}");
    });
}

#[test]
fn before_it_was_synced_nobody_sees_it() {
    run_test("recall unseen", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        befriend(&ada, &bob).await;
        let (to_ada, to_bob) = (uin(&ada), uin(&bob));
        let away = Pocketed::of(&backend, bob).await;
        let slip = send(&ada, to_bob, "a slip").await;
        ada.call(slip).await.unwrap();
        say(&ada, to_bob, "never mind").await.unwrap();
        let bob = away.back(&backend).await;
        assert_eq!(hears(&bob, to_ada, 1).await, ["never mind"]);
    });
}

#[test]
fn in_a_group_for_everybody() {
    run_test("recall in group", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        let eve = backend.register("eve").await;
        befriend(&ada, &bob).await;
        befriend(&ada, &eve).await;
        let us = group(&ada, &[&bob, &eve]).await;
        let slip = send(&bob, us, "a slip").await;
        hears(&ada, us, 1).await;
        hears(&eve, us, 1).await;
        bob.call(slip).await.unwrap();
        for member in [&ada, &eve] {
            is_recalled(member, us, slip.client_message_id).await;
        }
    });
}
