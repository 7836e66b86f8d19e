//! The long poll.

use crate::support::{ADA, Node, news_event, notify, push};
use im_push::Config;
use std::time::Duration;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;
use tokio::time::{Instant, sleep};

#[test]
fn a_poll_waits_for_events_and_no_longer() {
    run_test("waits", |_| async {
        let (push, sessions) = push(Config::default()).await;
        let mut node = Node::greet(&push, "a").await;
        sessions.open("a", ADA, "phone", 1);
        let begun = Instant::now();
        let told = async {
            sleep(Duration::from_secs(3)).await;
            notify(&push, ADA, 5).await;
        };
        let (events, ()) = tokio::join!(node.poll(20_000), told);
        assert_eq!(events, [news_event(1, ADA, 5)]);
        assert_eq!(begun.elapsed().as_secs(), 3);
        assert!(node.poll(2_000).await.is_empty());
        assert_eq!(begun.elapsed().as_secs(), 5);
    });
}

#[test]
fn a_poll_that_asks_for_longer_is_answered_in_time() {
    run_test("longest", |_| async {
        let (push, _sessions) = push(Config::default()).await;
        let mut node = Node::greet(&push, "a").await;
        let begun = Instant::now();
        assert!(node.poll(u32::MAX).await.is_empty());
        assert_eq!(begun.elapsed().as_secs(), 30);
    });
}

#[test]
fn an_answer_that_was_lost_is_given_again() {
    run_test("lost", |_| async {
        let (push, sessions) = push(Config::default()).await;
        let mut node = Node::greet(&push, "a").await;
        sessions.open("a", ADA, "phone", 1);
        notify(&push, ADA, 5).await;
        let lost = node.call(30_000).await.unwrap();
        assert_eq!(lost.events, [news_event(1, ADA, 5)]);
        assert_eq!(node.poll(30_000).await, lost.events);
        assert!(node.poll(1_000).await.is_empty());
    });
}

#[test]
fn a_poll_whose_caller_is_gone_takes_nothing() {
    run_test("gone", |_| async {
        let (push, sessions) = push(Config::default()).await;
        let mut node = Node::greet(&push, "a").await;
        sessions.open("a", ADA, "phone", 1);
        let gone = tokio::time::timeout(Duration::from_secs(1), node.call(30_000)).await;
        assert!(gone.is_err(), "nothing has come");
        notify(&push, ADA, 5).await;
        assert_eq!(node.poll(30_000).await, [news_event(1, ADA, 5)]);
    });
}

#[test]
fn a_second_poll_of_a_node_ends_the_first() {
    run_test("second", |_| async {
        let (push, sessions) = push(Config::default()).await;
        let node = Node::greet(&push, "a").await;
        sessions.open("a", ADA, "phone", 1);
        let second = async {
            sleep(Duration::from_secs(1)).await;
            node.call(30_000).await
        };
        let told = async {
            sleep(Duration::from_secs(2)).await;
            notify(&push, ADA, 5).await;
        };
        let (first, second, ()) = tokio::join!(node.call(30_000), second, told);
        assert_eq!(first.unwrap_err().code(), Code::Aborted);
        assert_eq!(second.unwrap().events, [news_event(1, ADA, 5)]);
    });
}

#[test]
fn a_node_that_was_away_too_long_sees_another_epoch() {
    run_test("away", |_| async {
        let (push, sessions) = push(Config::default()).await;
        let mut node = Node::greet(&push, "a").await;
        sessions.open("a", ADA, "phone", 1);
        let epoch = node.epoch;
        sleep(Duration::from_secs(25)).await;
        assert!(node.poll(1_000).await.is_empty());
        assert_eq!(node.epoch, epoch);
        notify(&push, ADA, 5).await;
        sleep(Duration::from_secs(60)).await;
        assert_eq!(
            node.poll(30_000).await,
            [],
            "answered at once, with the epoch"
        );
        assert_ne!(node.epoch, epoch);
    });
}

#[test]
fn a_restart_is_seen_at_once() {
    run_test("restart", |_| async {
        let (first, _sessions) = push(Config::default()).await;
        let old = Node::greet(&first, "a").await;
        let (second, _sessions) = push(Config::default()).await;
        let mut node = Node::unknown(&second, "a");
        node.taken = old.taken;
        let begun = Instant::now();
        assert!(node.poll(30_000).await.is_empty());
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert_ne!(node.epoch, old.epoch);
    });
}

#[test]
fn nodes_and_names_have_bounds() {
    run_test("bounds", |_| async {
        let config = Config {
            nodes_max: 1,
            ..Config::default()
        };
        let (push, _sessions) = push(config).await;
        Node::greet(&push, "a").await;
        let second = Node::unknown(&push, "b").call(0).await.unwrap_err();
        assert_eq!(second.code(), Code::ResourceExhausted);
        let nameless = Node::unknown(&push, "").call(0).await.unwrap_err();
        assert_eq!(nameless.code(), Code::InvalidArgument);
    });
}
