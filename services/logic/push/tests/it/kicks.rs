//! Kicks.

use crate::support::{ADA, BOB, Node, kick, kick_event, push};
use im_idl::push::KickRequest;
use im_push::Config;
use std::collections::BTreeSet;
use std::time::Duration;
use svrkit_rt::testing::run_test;
use svrkit_rt::{Code, clock};
use tokio::time::sleep;

/// Links that the node is told to end until no more are named.
async fn kicked(node: &mut Node) -> BTreeSet<u64> {
    let mut kicked = BTreeSet::new();
    loop {
        let events = node.poll(20_000).await;
        if events.is_empty() {
            return kicked;
        }
        assert!(events.iter().all(|event| event.versions.is_none()));
        kicked.extend(events.iter().map(|event| event.link));
    }
}

#[test]
fn a_device_or_all_but_one() {
    run_test("devices", |_| async {
        let (push, sessions) = push(Config::default()).await;
        let mut node = Node::greet(&push, "a").await;
        sessions.open("a", ADA, "phone", 1);
        sessions.open("a", ADA, "desk", 2);
        sessions.open("a", ADA, "pad", 3);
        sessions.open("a", BOB, "phone", 4);
        push.kick(kick(ADA, "phone", "OUT")).await.unwrap();
        assert_eq!(node.poll(30_000).await, [kick_event(1, ADA, "OUT")]);
        assert_eq!(kicked(&mut node).await, [1].into());
        let all_but_desk = KickRequest {
            except_device: "desk".to_owned(),
            ..kick(ADA, "", "CHANGED")
        };
        push.kick(all_but_desk).await.unwrap();
        assert_eq!(kicked(&mut node).await, [1, 3].into());
    });
}

#[test]
fn one_link_of_a_node_that_polls_later() {
    run_test("one link", |_| async {
        let (push, _sessions) = push(Config::default()).await;
        let one = KickRequest {
            node: "a".to_owned(),
            link: 5,
            ..kick(ADA, "phone", "KICKED_BY_LOGIN")
        };
        push.kick(one).await.unwrap();
        sleep(Duration::from_secs(20)).await;
        let mut node = Node::greet(&push, "b").await;
        assert!(node.poll(1_000).await.is_empty());
        let mut node = Node::unknown(&push, "a");
        let expected = [kick_event(5, ADA, "KICKED_BY_LOGIN")];
        assert_eq!(node.poll(30_000).await, expected);
        assert!(node.poll(1_000).await.is_empty());
    });
}

#[test]
fn a_kick_waits_for_the_session_service_and_for_what_it_does_not_know_yet() {
    run_test("waits", |_| async {
        let (push, sessions) = push(Config::default()).await;
        let mut node = Node::greet(&push, "a").await;
        let opened_ms = clock::now_ms();
        sessions.set_down(true);
        push.kick(kick(ADA, "", "OUT")).await.unwrap();
        sleep(Duration::from_secs(5)).await;
        sessions.set_down(false);
        sleep(Duration::from_secs(3)).await;
        sessions.open_at(opened_ms, "a", ADA, "phone", 1);
        assert_eq!(kicked(&mut node).await, [1].into());
    });
}

#[test]
fn whoever_logs_in_again_meanwhile_stays() {
    run_test("again", |_| async {
        let (push, sessions) = push(Config::default()).await;
        let mut node = Node::greet(&push, "a").await;
        sessions.open("a", ADA, "phone", 1);
        push.kick(kick(ADA, "phone", "OUT")).await.unwrap();
        sleep(Duration::from_millis(20)).await;
        sessions.close_all();
        sessions.open("a", ADA, "phone", 2);
        assert_eq!(kicked(&mut node).await, [1].into());
    });
}

#[test]
fn kicks_have_a_bound_and_an_end() {
    run_test("bound", |_| async {
        let config = Config {
            kicks_max: 1,
            ..Config::default()
        };
        let (push, _sessions) = push(config).await;
        push.kick(kick(ADA, "", "OUT")).await.unwrap();
        let refused = push.kick(kick(BOB, "", "OUT")).await.unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        sleep(Duration::from_secs(11)).await;
        push.kick(kick(BOB, "", "OUT")).await.unwrap();
    });
}

#[test]
fn a_kick_must_name_somebody() {
    run_test("nobody", |_| async {
        let (push, _sessions) = push(Config::default()).await;
        let nobody = push.kick(kick(0, "phone", "OUT")).await.unwrap_err();
        assert_eq!(nobody.code(), Code::InvalidArgument);
        let wordy = push.kick(kick(ADA, "", &"x".repeat(1_000))).await;
        assert_eq!(wordy.unwrap_err().code(), Code::InvalidArgument);
    });
}
