//! News: pushed when they can be, found by a heartbeat when they could not.

use crate::support::client::{NOOP, NOTIFY, SEND, send};
use crate::support::{Client, World, until};
use im_access::Config;
use im_idl::access::Notify;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use svrkit_rt::testing::run_test;

async fn beat(link: &mut Client) -> Option<u64> {
    let answer = link.ask(NOOP, u32::MAX, Vec::new()).await;
    let versions = answer.decode::<Notify>().versions;
    versions.map(|versions| versions.messages)
}

async fn is_notified(link: &mut Client) -> u64 {
    let push = link.recv().await;
    assert_eq!((push.cmd, push.seq, push.version), (NOTIFY, 0, 200));
    push.decode::<Notify>().versions.unwrap().messages
}

#[test]
fn news_are_pushed() {
    run_test("pushed", |_| async {
        let world = World::new().await;
        let mut phone = world.log_in(10_001, "phone").await;
        let mut desk = world.log_in(10_001, "desk").await;
        let mut other = world.log_in(10_002, "phone").await;
        world.fakes.notify(10_001, 7);
        assert_eq!(is_notified(&mut phone).await, 7);
        assert_eq!(is_notified(&mut desk).await, 7);
        // What is old is no news, and other kinds are.
        world.fakes.notify(10_001, 7);
        world.fakes.notify(10_001, 3);
        phone.hears_nothing(Duration::from_secs(2)).await;
        world.fakes.notify(10_001, 8);
        assert_eq!(is_notified(&mut phone).await, 8);
        other.hears_nothing(Duration::from_secs(1)).await;
        assert_eq!(world.access.stats().notifications, 4);
    });
}

#[test]
fn news_wait_for_the_answer_that_is_under_way_and_no_longer() {
    run_test("news and answers", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        // Two messages that are not answered until the gate opens, once for each.
        link.send(SEND, 2, send(2, 2)).await;
        link.send(SEND, 3, send(2, 3)).await;
        world.fakes.notify(10_001, 7);
        link.hears_nothing(Duration::from_secs(1)).await;
        world.fakes.gate.add_permits(1);
        assert_eq!(link.recv().await.cmd, SEND);
        assert_eq!(is_notified(&mut link).await, 7, "the other still waits");
        world.fakes.gate.add_permits(1);
        assert_eq!(link.recv().await.cmd, SEND);
        world.fakes.notify(10_001, 8);
        assert_eq!(is_notified(&mut link).await, 8);
    });
}

#[test]
fn a_lost_push_is_found_by_the_next_heartbeat() {
    run_test("lost push", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        assert_eq!(beat(&mut link).await, None, "nothing is known yet");
        link.hears_nothing(Duration::from_secs(5)).await;
        // Somebody writes, and the push service drops the news.
        world.fakes.set_newest(10_001, 9);
        link.hears_nothing(Duration::from_secs(60)).await;
        beat(&mut link).await;
        assert_eq!(is_notified(&mut link).await, 9);
        assert_eq!(beat(&mut link).await, Some(9));
        link.hears_nothing(Duration::from_secs(5)).await;
    });
}

#[test]
fn a_lost_push_is_found_when_the_sync_service_is_back() {
    run_test("sync away", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        world.fakes.set_newest(10_001, 9);
        world.fakes.state.sync_is_away.store(true, SeqCst);
        beat(&mut link).await;
        link.hears_nothing(Duration::from_secs(60)).await;
        world.fakes.state.sync_is_away.store(false, SeqCst);
        assert_eq!(is_notified(&mut link).await, 9);
    });
}

#[test]
fn heartbeats_are_compared_together() {
    run_test("heartbeats together", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        for _ in 0..100 {
            beat(&mut link).await;
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(world.fakes.state.compared.load(SeqCst), 1);
    });
}

#[test]
fn strangers_heartbeats_ask_nobody() {
    run_test("strangers' heartbeats", |_| async {
        let world = World::new().await;
        let mut link = world.open();
        assert_eq!(beat(&mut link).await, None);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(world.fakes.state.compared.load(SeqCst), 0);
    });
}

#[test]
fn a_restarted_push_service_has_all_links_compared_spread_over_time() {
    run_test("push restart", |_| async {
        let config = Config {
            check_users_max: 5,
            checks_per_interval_max: 2,
            ..Config::default()
        };
        let world = World::with(config).await;
        let mut links = Vec::new();
        for n in 0..50 {
            links.push(world.log_in(10_001 + n, "phone").await);
            world.fakes.set_newest(10_001 + n, 4);
        }
        // The push service is heard of once before: a first answer is no restart.
        world.fakes.notify(10_001, 1);
        assert_eq!(is_notified(&mut links[0]).await, 1);
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.fakes.restart_push();
        let compared = || world.fakes.state.compared.load(SeqCst);
        until("the first are compared", || compared() > 0).await;
        assert!(compared() <= 10);
        for link in &mut links {
            assert_eq!(is_notified(link).await, 4);
        }
    });
}

/// What a client does not read is one frame, whatever happens meanwhile.
#[test]
fn news_of_a_client_that_does_not_read_are_merged() {
    run_test("slow reader", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        // Answers that fill the pipe.
        let big = im_idl::account::ExportRequest {
            cursor: "600000".into(),
        };
        link.send(111, 2, prost::Message::encode_to_vec(&big)).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        for messages in 1..=1_000 {
            world.fakes.notify(10_001, messages);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(link.recv().await.cmd, 111);
        assert_eq!(is_notified(&mut link).await, 1_000);
        link.hears_nothing(Duration::from_secs(2)).await;
        assert_eq!(world.access.stats().notifications, 1);
    });
}

/// News that come while a link is being registered are not lost.
#[test]
fn news_before_the_answer_to_the_login_are_said_after_it() {
    run_test("early news", |_| async {
        let world = World::new().await;
        let mut link = world.open();
        let ticket = crate::support::client::ticket(10_001, "phone");
        link.send(2, 1, ticket).await;
        let sessions = || world.fakes.state.sessions().links.len();
        while sessions() == 0 {
            tokio::task::yield_now().await;
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        world.fakes.notify(10_001, 5);
        assert_eq!(link.recv().await.cmd, 2);
        assert_eq!(is_notified(&mut link).await, 5);
    });
}
