//! Bounds: what is over them is refused, or ends, and nobody else notices.

use crate::support::client::{AUTH, NOOP, SEND, send, ticket};
use crate::support::{Client, Frame, World, run, until};
use im_access::Config;
use std::time::Duration;
use svrkit_rt::testing::run_test;
use svrkit_rt::{Listener, TcpOptions};
use tokio::io::AsyncWriteExt;

fn seconds(range: std::ops::RangeInclusive<u64>) -> std::ops::RangeInclusive<Duration> {
    Duration::from_secs(*range.start())..=Duration::from_secs(*range.end())
}

#[test]
fn a_link_that_says_nothing_is_ended_soon() {
    run_test("first frame", |_| async {
        let world = World::new().await;
        let lived = world.open().lives().await;
        assert!(seconds(4..=8).contains(&lived), "{lived:?}");
        // Half a frame is none.
        let mut half = world.open();
        half.write(&Frame::new(NOOP, 1, Vec::new()).bytes()[..19])
            .await;
        let lived = half.lives().await;
        assert!(seconds(4..=8).contains(&lived), "{lived:?}");
    });
}

#[test]
fn a_stranger_is_ended_however_much_he_says() {
    run_test("stranger", |_| async {
        let world = World::new().await;
        let mut link = world.open();
        let began = tokio::time::Instant::now();
        loop {
            let frame = Frame::new(NOOP, 1, Vec::new());
            if link.stream.write_all(&frame.bytes()).await.is_err() || link.next().await.is_none() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let lived = began.elapsed();
        assert!(seconds(29..=33).contains(&lived), "{lived:?}");
    });
}

#[test]
fn a_silent_link_lives_for_15_minutes_and_a_beating_one_for_ever() {
    run_test("idle", |_| async {
        let world = World::new().await;
        let mut silent = world.log_in(10_001, "phone").await;
        let mut beating = world.log_in(10_002, "phone").await;
        let beats = tokio::spawn(async move {
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_secs(600)).await;
                beating.ask(NOOP, u32::MAX, Vec::new()).await;
            }
        });
        let lived = silent.lives().await;
        assert!(seconds(899..=903).contains(&lived), "{lived:?}");
        beats.await.unwrap();
    });
}

/// Longer than the wheel that all links share goes round.
#[test]
fn a_silent_link_may_be_allowed_hours() {
    run_test("idle for hours", |_| async {
        let config = Config {
            idle_timeout_ms: 2 * 3_600_000,
            ..Config::default()
        };
        let world = World::with(config).await;
        let lived = world.log_in(10_001, "phone").await.lives().await;
        assert!(seconds(7_199..=7_203).contains(&lived), "{lived:?}");
    });
}

#[test]
fn a_frame_must_make_progress() {
    run_test("slow frame", |_| async {
        let world = World::new().await;
        let frame = Frame::new(SEND, 2, vec![0; 200_000]).bytes();
        let mut slow = world.log_in(10_001, "phone").await;
        let mut steady = world.log_in(10_002, "phone").await;
        let steady = tokio::spawn({
            let frame = frame.clone();
            async move {
                for piece in frame.chunks(5_000) {
                    steady.write(piece).await;
                    tokio::time::sleep(Duration::from_secs(9)).await;
                }
                steady.recv().await
            }
        });
        let began = tokio::time::Instant::now();
        for piece in frame.chunks(50) {
            if slow.stream.write_all(piece).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert!(seconds(10..=14).contains(&began.elapsed()));
        assert_eq!(steady.await.unwrap().seq, 2);
    });
}

#[test]
fn a_frame_over_the_limit_is_refused_and_skipped() {
    run_test("large frame", |_| async {
        let world = World::new().await;
        let mut link = world.open();
        let refused = link.ask(AUTH, 1, vec![0; 4_077]).await;
        assert_eq!(refused.error().code, 8, "4 KiB before authentication");
        link.log_in(10_001, "phone").await;
        let taken = link.ask(SEND, 2, vec![0; 256 * 1024 - 20]).await;
        assert_eq!(
            taken.error().code,
            3,
            "it is no message, but it came through"
        );
        let refused = link.ask(SEND, 3, vec![0; 256 * 1024 - 19]).await;
        assert_eq!(refused.error().code, 8);
        let refused = link.ask(SEND, 4, vec![0; 1024 * 1024 - 20]).await;
        assert_eq!(refused.error().code, 8);
        link.chat(5).await;
    });
}

#[test]
fn a_user_who_calls_too_often_is_told_when_to_come_again() {
    run_test("rate", |_| async {
        let config = Config {
            user_burst: 5,
            user_refill_us: 1_000_000,
            ..Config::default()
        };
        let world = World::with(config).await;
        let mut phone = world.log_in(10_001, "phone").await;
        let mut desk = world.log_in(10_001, "desk").await;
        for seq in 2..7 {
            phone.chat(seq).await;
        }
        // The user's, not the link's.
        let error = desk.ask(SEND, 2, send(1, 1)).await.error();
        assert_eq!((error.code, &*error.reason), (8, "im.access/TOO_OFTEN"));
        assert!((1..=1_000).contains(&error.retry_after_ms));
        let answer = desk.ask(221, 3, Vec::new()).await;
        assert!(answer.body.is_empty(), "another command");
        let mut other = world.log_in(10_002, "phone").await;
        other.chat(2).await;
        tokio::time::sleep(Duration::from_millis(error.retry_after_ms.into())).await;
        desk.chat(4).await;
        assert_eq!(world.access.stats().refused, 1);
    });
}

#[test]
fn an_address_that_tries_too_many_tickets_is_told_so() {
    run_test("ticket rate", |_| async {
        let config = Config {
            address_burst: 3,
            address_refill_us: 1_000_000,
            ..Config::default()
        };
        let world = World::with(config).await;
        let mut link = world.open();
        for _ in 0..3 {
            let refused = link.ask(AUTH, 1, b"\x0a\x01x".to_vec()).await;
            assert_eq!(refused.error().code, 16);
        }
        let refused = link.ask(AUTH, 1, ticket(10_001, "phone")).await;
        assert_eq!(refused.error().code, 8);
        assert!(refused.error().retry_after_ms > 0);
    });
}

/// Beyond its calls in flight a link is not read from: its requests wait in the network, not here.
#[test]
fn a_link_with_too_many_calls_waits() {
    run_test("calls in flight", |_| async {
        let config = Config {
            calls_per_link_max: 4,
            ..Config::default()
        };
        let world = World::with(config).await;
        let mut link = world.log_in(10_001, "phone").await;
        let mut other = world.log_in(10_002, "phone").await;
        for seq in 2..12 {
            link.send(SEND, seq, send(2, seq.into())).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(world.fakes.seen().len(), 4);
        other.chat(2).await;
        world.fakes.gate.add_permits(10);
        for _ in 2..12 {
            assert_eq!(link.recv().await.cmd, SEND);
        }
    });
}

/// A client that does not read is not read from, and ended in the end.
#[test]
fn a_client_that_does_not_read_is_ended() {
    run_test("no reader", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        let ask = prost::Message::encode_to_vec(&im_idl::account::ExportRequest {
            cursor: "1000000".into(),
        });
        let began = tokio::time::Instant::now();
        for seq in 2..100 {
            let frame = Frame::new(111, seq, ask.clone()).bytes();
            link.stream.write_all(&frame).await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(28)).await;
        assert_eq!(world.access.stats().long_links, 1);
        until("it is gone", || world.access.stats().long_links == 0).await;
        assert!(seconds(29..=40).contains(&began.elapsed()));
        // No more was kept of all that than a link may cost.
        assert!(world.access.stats().refused > 0);
    });
}

#[test]
fn strangers_are_bounded_and_users_are_not_among_them() {
    run_test("doors", |_| async {
        let config = Config {
            unauthenticated_per_address_max: 5,
            ..Config::default()
        };
        let world = World::with(config).await;
        let mut user = world.log_in(10_001, "phone").await;
        let mut strangers: Vec<Client> = (0..5).map(|_| world.open()).collect();
        for stranger in &mut strangers {
            stranger.ask(NOOP, 1, Vec::new()).await;
        }
        world.open().ends().await;
        assert_eq!(world.access.stats().turned_away, 1);
        user.chat(2).await;
        // Whoever is authenticated makes room, and so does whoever leaves.
        strangers[0].log_in(10_002, "phone").await;
        world.open().ask(NOOP, 1, Vec::new()).await;
        until("he is gone", || world.access.stats().long_links == 6).await;
        strangers.pop();
        until("another is gone", || world.access.stats().long_links == 5).await;
        world.open().ask(NOOP, 1, Vec::new()).await;
    });
}

#[test]
fn links_of_all_kinds_are_bounded() {
    run_test("links_max", |_| async {
        let config = Config {
            links_max: 3,
            ..Config::default()
        };
        let world = World::with(config).await;
        let mut links = Vec::new();
        for n in 0..3 {
            links.push(world.log_in(10_001 + n, "phone").await);
        }
        world.open().ends().await;
        drop(links.pop());
        until("one is gone", || world.access.stats().long_links == 2).await;
        world.log_in(10_009, "phone").await;
    });
}

#[test]
fn so_many_tickets_are_verified_at_once() {
    run_test("verifies", |_| async {
        let config = Config {
            verifies_max: 3,
            ..Config::default()
        };
        let world = World::with(config).await;
        let mut opening = Vec::new();
        for n in 0..60 {
            let mut link = world.open();
            opening.push(tokio::spawn(async move {
                link.log_in(10_001 + n, "phone").await;
            }));
        }
        for link in opening {
            link.await.unwrap();
        }
        let state = &world.fakes.state;
        let most = state
            .verifying_most
            .load(std::sync::atomic::Ordering::SeqCst);
        assert_eq!(most, 3);
    });
}

#[tokio::test]
async fn plaintext_is_for_this_machine_unless_the_configuration_says_so() {
    let fakes = crate::support::Fakes::new();
    let anywhere = || {
        let address = "0.0.0.0:0".parse().unwrap();
        Listener::bind_tcp(address, TcpOptions::default()).unwrap()
    };
    let (_, _end, refused) = run(&fakes, Config::default(), Some(anywhere()), None).await;
    let refused = refused.await.unwrap().unwrap_err();
    assert_eq!(refused.code(), svrkit_rt::Code::FailedPrecondition);
    let config = Config {
        plaintext_anywhere: true,
        ..Config::default()
    };
    let (_, end, running) = run(&fakes, config, Some(anywhere()), None).await;
    drop(end);
    running.await.unwrap().unwrap();
}
