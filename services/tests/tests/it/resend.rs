//! The acknowledgement is lost, and the message sent again.

use crate::backend::{
    Backend, Pocketed, befriend, caught_up, group, hears, say, text_content, texts, uin,
};
use im_client::Client;
use im_idl::message::SendRequest;
use std::time::Duration;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

fn send(to: u64, client_message_id: u64) -> SendRequest {
    SendRequest {
        to,
        client_message_id,
        content: Some(text_content("once")),
    }
}

async fn sent_often_heard_once(from: &Client, to: u64, heard_by: &Client, chat: u64) {
    let first = from.call(send(to, 42)).await.unwrap();
    assert!(!first.duplicate);
    from.reconnect().await;
    for _ in 0..3 {
        let again = from.call(send(to, 42)).await.unwrap();
        assert!(again.duplicate);
        assert_eq!(again.time_ms, first.time_ms, "it is the same message");
    }
    // Twenty hours later a device comes back and sends what it never saw acknowledged.
    sleep(Duration::from_secs(20 * 3600)).await;
    assert!(from.call(send(to, 42)).await.unwrap().duplicate);
    assert_eq!(hears(heard_by, chat, 1).await, ["once"]);
    caught_up(heard_by).await;
    assert_eq!(texts(heard_by, chat), ["once"]);
}

#[test]
fn a_single_message_comes_once() {
    run_test("resend", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        befriend(&ada, &bob).await;
        sent_often_heard_once(&ada, uin(&bob), &bob, uin(&ada)).await;
    });
}

#[test]
fn a_group_message_comes_once() {
    run_test("resend to group", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        befriend(&ada, &bob).await;
        let us = group(&ada, &[&bob]).await;
        sent_often_heard_once(&ada, us, &bob, us).await;
    });
}

#[test]
fn a_device_that_forgot_its_snapshot_shows_nothing_twice() {
    run_test("old snapshot", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        befriend(&ada, &bob).await;
        say(&ada, uin(&bob), "one").await.unwrap();
        hears(&bob, uin(&ada), 1).await;
        // A backup from now is restored after the next message was synced and acknowledged.
        let to_bob = uin(&bob);
        let backup = crate::backend::copy_of(&backend, &bob).await;
        say(&ada, to_bob, "two").await.unwrap();
        assert_eq!(hears(&backup, uin(&ada), 2).await, ["one", "two"]);
        let restored = Pocketed::of(&backend, backup).await.back(&backend).await;
        caught_up(&restored).await;
        assert_eq!(texts(&restored, uin(&ada)), ["one", "two"]);
    });
}
