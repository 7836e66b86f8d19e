//! News.

use crate::support::{ADA, BOB, Node, news_event, notify, push};
use im_push::Config;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use svrkit_rt::testing::run_test;
use tokio::time::{Instant, sleep};

#[test]
fn news_reach_each_link_of_their_user_at_its_node() {
    run_test("reach", |_| async {
        let (push, sessions) = push(Config::default()).await;
        let (mut a, mut b) = (Node::greet(&push, "a").await, Node::greet(&push, "b").await);
        sessions.open("a", ADA, "phone", 1);
        sessions.open("b", ADA, "desk", 1);
        sessions.open("b", BOB, "phone", 2);
        notify(&push, ADA, 5).await;
        assert_eq!(a.poll(30_000).await, [news_event(1, ADA, 5)]);
        assert_eq!(b.poll(30_000).await, [news_event(1, ADA, 5)]);
        assert!(b.poll(1_000).await.is_empty());
    });
}

#[test]
fn what_gathers_during_a_lookup_goes_with_the_next_as_one() {
    run_test("gather", |_| async {
        let (push, sessions) = push(Config::default()).await;
        let mut node = Node::greet(&push, "a").await;
        sessions.open("a", ADA, "phone", 1);
        sessions.lookup_ms.store(100, SeqCst);
        for version in 1..=50 {
            notify(&push, ADA, version).await;
        }
        assert_eq!(node.poll(30_000).await, [news_event(1, ADA, 1)]);
        assert_eq!(node.poll(30_000).await, [news_event(1, ADA, 50)]);
        assert!(node.poll(1_000).await.is_empty());
        assert_eq!(sessions.lookups.load(SeqCst), 2);
    });
}

#[test]
fn many_users_take_several_lookups() {
    run_test("chunks", |_| async {
        let config = Config {
            users_per_lookup_max: 10,
            ..Config::default()
        };
        let (push, sessions) = push(config).await;
        let mut node = Node::greet(&push, "a").await;
        sessions.lookup_ms.store(100, SeqCst);
        for uin in 0..25 {
            sessions.open("a", ADA + uin, "phone", uin);
            notify(&push, ADA + uin, 7).await;
        }
        let mut told = Vec::new();
        while told.len() < 25 {
            told.extend(node.poll(30_000).await);
        }
        told.sort_by_key(|event| event.link);
        let expected: Vec<_> = (0..25).map(|n| news_event(n, ADA + n, 7)).collect();
        assert_eq!(told, expected);
        assert_eq!(sessions.lookups.load(SeqCst), 4, "1, and 24 by 10");
    });
}

#[test]
fn news_outlive_a_restart_of_the_session_service() {
    run_test("restart", |_| async {
        let (push, sessions) = push(Config::default()).await;
        let mut node = Node::greet(&push, "a").await;
        sessions.open("a", ADA, "phone", 1);
        sessions.set_down(true);
        notify(&push, ADA, 5).await;
        sleep(Duration::from_millis(900)).await;
        sessions.set_down(false);
        assert_eq!(node.poll(30_000).await, [news_event(1, ADA, 5)]);
    });
}

#[test]
fn news_do_not_outlive_a_longer_absence_and_later_ones_come() {
    run_test("absence", |_| async {
        let (push, sessions) = push(Config::default()).await;
        let mut node = Node::greet(&push, "a").await;
        sessions.open("a", ADA, "phone", 1);
        sessions.open("a", BOB, "phone", 2);
        sessions.set_down(true);
        notify(&push, ADA, 5).await;
        sleep(Duration::from_secs(5)).await;
        let lookups = sessions.lookups.load(SeqCst);
        // Pauses grow, and each lookup is repeated while the channel's budget lasts.
        assert!((4..40).contains(&lookups), "{lookups} lookups");
        sessions.set_down(false);
        assert!(node.poll(5_000).await.is_empty());
        let before = Instant::now();
        notify(&push, BOB, 6).await;
        assert_eq!(node.poll(30_000).await, [news_event(2, BOB, 6)]);
        assert!(before.elapsed() < Duration::from_millis(10));
    });
}

#[test]
fn each_trouble_has_its_own_time() {
    run_test("troubles", |_| async {
        let (push, sessions) = push(Config::default()).await;
        let mut node = Node::greet(&push, "a").await;
        sessions.open("a", ADA, "phone", 1);
        for version in 1..=3 {
            sessions.set_down(true);
            notify(&push, ADA, version).await;
            sleep(Duration::from_millis(900)).await;
            sessions.set_down(false);
            // News without a pause: delivery goes on and on.
            for _ in 0..3_000 {
                notify(&push, BOB, 1).await;
                sleep(Duration::from_millis(1)).await;
            }
            let told = node.poll(30_000).await;
            assert_eq!(told, [news_event(1, ADA, version)]);
        }
    });
}

#[test]
fn a_full_mailbox_makes_its_node_compare() {
    run_test("full", |_| async {
        let config = Config {
            links_per_node_max: 2,
            ..Config::default()
        };
        let (push, sessions) = push(config).await;
        let mut node = Node::greet(&push, "a").await;
        let epoch = node.epoch;
        for uin in 0..3 {
            sessions.open("a", ADA + uin, "phone", uin);
            notify(&push, ADA + uin, 5).await;
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(node.poll(30_000).await, [news_event(2, ADA + 2, 5)]);
        assert_ne!(node.epoch, epoch);
    });
}
