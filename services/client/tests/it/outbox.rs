//! A message is sent, with one and the same id, until the server has answered for good.

use crate::fake::{BOB, EVE, Fake, error_of, id, ids};
use im_client::{Config, Event, FileStore};
use im_idl::base::Error;
use im_idl::contact::OnlineRequest;
use im_idl::group::CreateRequest;
use std::time::Duration;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;
use tokio::time::Instant;

#[test]
fn a_lost_acknowledgement_is_made_good_by_the_same_id() {
    run_test("lost acknowledgement", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        fake.lock().lose_acknowledgements = 2;
        let sent = client.send_text(BOB, "hello").await.unwrap();
        let id = sent.client_message_id;
        let answer = sent.acknowledged().await.unwrap();
        assert!(answer.duplicate);
        assert_eq!(fake.lock().arrived, [(BOB, id); 3]);
        assert_eq!(fake.lock().stored, [(BOB, id)]);
        assert_eq!(ids(&client, BOB), [id]);
    });
}

#[test]
fn a_chat_waits_for_its_first_message_and_others_do_not() {
    run_test("order", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        fake.lock().mute.insert(BOB);
        let first = client.send_text(BOB, "1").await.unwrap();
        let second = client.send_text(BOB, "2").await.unwrap();
        let eve = client.send_text(EVE, "x").await.unwrap();
        let eve_id = eve.client_message_id;
        eve.acknowledged().await.unwrap();
        let first_id = first.client_message_id;
        assert_eq!(fake.lock().stored, [(BOB, first_id), (EVE, eve_id)]);
        // Unanswered, it is sent again on the same link, and only then the second.
        fake.lock().mute.clear();
        let second_id = second.client_message_id;
        second.acknowledged().await.unwrap();
        first.acknowledged().await.unwrap();
        let arrived = fake.lock().arrived.clone();
        let to_bob: Vec<u64> = arrived.iter().filter(|a| a.0 == BOB).map(|a| a.1).collect();
        assert_eq!(to_bob, [first_id, first_id, second_id]);
        assert_eq!(fake.lock().connects.len(), 1);
    });
}

#[test]
fn what_may_pass_is_tried_again_as_late_as_the_server_wants() {
    run_test("again", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        let slower = Error {
            retry_after_ms: 5_000,
            ..error_of(Code::Overloaded)
        };
        fake.lock().send_error.insert(BOB, slower);
        let begun = Instant::now();
        let sent = client.send_text(BOB, "hello").await.unwrap();
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(fake.lock().arrived.len(), 1);
        fake.lock().send_error.clear();
        sent.acknowledged().await.unwrap();
        assert!(begun.elapsed() >= Duration::from_secs(5));
        assert_eq!(fake.lock().arrived.len(), 2);
    });
}

#[test]
fn what_is_refused_for_good_makes_room_for_the_next() {
    run_test("refused", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        let denied = error_of(Code::PermissionDenied);
        fake.lock().send_error.insert(BOB, denied);
        let mut events = client.events();
        let sent = client.send_text(BOB, "no").await.unwrap();
        let no = sent.client_message_id;
        let refused = sent.acknowledged().await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
        fake.lock().send_error.clear();
        let sent = client.send_text(BOB, "yes").await.unwrap();
        let yes = sent.client_message_id;
        sent.acknowledged().await.unwrap();
        assert_eq!(ids(&client, BOB), [yes]);
        let refused = |event: Event| matches!(event, Event::Refused { client_message_id, .. } if client_message_id == no);
        assert!(refused(events.next().await.unwrap()));
    });
}

#[test]
fn a_message_survives_the_process_that_accepted_it() {
    run_test("restart", |_| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ada");
        let fake = Fake::new();
        let store = FileStore::open(&path).unwrap();
        let client = fake.builder().store(store).start().await.unwrap();
        crate::fake::register(&client).await;
        fake.lock().is_down = true;
        fake.cut();
        let sent = client.send_text(BOB, "hello").await.unwrap();
        let id = sent.client_message_id;
        drop(client);
        assert_eq!(
            sent.acknowledged().await.unwrap_err().code(),
            Code::Cancelled
        );
        assert!(fake.lock().stored.is_empty());

        fake.lock().is_down = false;
        let store = FileStore::open(&path).unwrap();
        let client = fake.builder().store(store).start().await.unwrap();
        let settled = client.until(|state| state.outgoing().is_empty().then_some(()));
        settled.await.unwrap();
        assert_eq!(fake.lock().stored, [(BOB, id)]);
        assert_eq!(ids(&client, BOB), [id]);
    });
}

#[test]
fn a_call_is_asked_again_on_the_next_link_only_if_that_does_no_harm() {
    run_test("calls", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        let synced = client.until(|state| (!state.snapshot().is_empty()).then_some(()));
        synced.await.unwrap();
        fake.lock().calls.clear();
        fake.lock().break_on_calls = 1;
        client.call(OnlineRequest {}).await.unwrap();
        let times = |cmd| fake.lock().calls.iter().filter(|c| **c == cmd).count();
        assert_eq!(times(id::<OnlineRequest>()), 2);
        fake.lock().break_on_calls = 1;
        let failed = client.call(CreateRequest::default()).await.unwrap_err();
        assert_eq!(failed.code(), Code::Unavailable);
        client.online().await.unwrap();
        assert_eq!(times(id::<CreateRequest>()), 1);
    });
}
