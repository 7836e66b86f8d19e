//! Single messages: who may send what to whom, and how fast.

use crate::world::*;
use im_idl::contact::Relation;
use im_idl::message::SendRequest;
use im_idl::refusal::error;
use im_message::Config;
use std::time::Duration;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

#[test]
fn a_friends_message_is_kept_and_news_are_told() {
    run_test("friend", |_| async {
        let world = World::new();
        let service = world.service().await;
        let sent = send(&service, ADA, BOB, 7).await.unwrap();
        assert_eq!(
            (sent.time_ms, sent.duplicate, sent.group_seq),
            (1_000, false, 0)
        );
        assert!(send(&service, ADA, BOB, 7).await.unwrap().duplicate);
        sleep(Duration::from_secs(1)).await;
        let state = world.state();
        let [(receiver, item, device)] = &state.appended[..] else {
            panic!("{:?}", state.appended);
        };
        assert_eq!((*receiver, item.sender, item.chat), (BOB, ADA, ADA));
        assert_eq!((item.client_message_id, &item.content), (7, &text("hello")));
        assert_eq!(device, "phone");
        assert_eq!(state.news, [(BOB, 1)].into());
    });
}

#[test]
fn only_friends_who_are_not_blocked_get_through() {
    run_test("refused", |_| async {
        let world = World::new();
        let service = world.service().await;
        let denied = |reason: &str| (Code::PermissionDenied, reason.to_owned());
        assert_eq!(
            refusal(send(&service, CLEO, BOB, 1).await),
            denied("NOT_FRIENDS")
        );
        // What counts is what the receiver sees.
        for (owner, peer, relation, blocked, reason) in [
            (BOB, ADA, Relation::Friend, true, "REFUSED"),
            (BOB, ADA, Relation::AskedMe, false, "NOT_FRIENDS"),
        ] {
            world
                .state()
                .relations
                .insert((owner, peer), (relation, blocked));
            assert_eq!(refusal(send(&service, ADA, BOB, 1).await), denied(reason));
        }
        assert!(world.state().appended.is_empty());
    });
}

#[test]
fn what_makes_no_sense_is_refused_before_anybody_is_asked() {
    run_test("nonsense", |_| async {
        let world = World::new();
        let service = world.service().await;
        for (to, id) in [(ADA, 1), (BOB, 0), (5, 1), (u64::MAX, 1)] {
            let (code, _) = refusal(send(&service, ADA, to, id).await);
            assert_eq!(code, Code::InvalidArgument, "{to} {id}");
        }
        for (content, reason) in [
            (None, "CONTENT_UNKNOWN"),
            (text(""), "TEXT_EMPTY"),
            (text(&"x".repeat(4097)), "TEXT_TOO_LONG"),
        ] {
            let request = SendRequest {
                to: BOB,
                client_message_id: 1,
                content,
            };
            let answer = service.send_with(by(ADA, request)).await;
            assert_eq!(refusal(answer), (Code::InvalidArgument, reason.to_owned()));
        }
        let (code, _) = refusal(send(&service, 0, BOB, 1).await);
        assert_eq!(code, Code::Unauthenticated);
    });
}

#[test]
fn who_is_too_fast_is_told_when_to_go_on() {
    run_test("rate", |_| async {
        let world = World::new();
        let config = Config {
            send_burst: 2,
            sends_per_s: 1,
            ..Config::default()
        };
        let service = world.service_with(config).await;
        for id in 1..=2 {
            send(&service, ADA, BOB, id).await.unwrap();
        }
        let refused = send(&service, ADA, BOB, 3).await.unwrap_err();
        let told = error(&refused);
        assert_eq!((told.code, &*told.reason), (8, "im.message/TOO_FAST"));
        assert!((1..=1_000).contains(&told.retry_after_ms), "{told:?}");
        send(&service, BOB, ADA, 1).await.expect("others go on");
        sleep(Duration::from_millis(told.retry_after_ms.into())).await;
        send(&service, ADA, BOB, 3).await.unwrap();
    });
}
