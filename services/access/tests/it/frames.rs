//! The bytes of the long link.

use crate::support::client::{AUTH, NOOP, SEND, VERSION, send, ticket};
use crate::support::{Frame, World};
use im_idl::message::SendResponse;
use std::time::Duration;
use svrkit_rt::testing::run_test;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let pairs = digits
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).unwrap());
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

/// What Mars' own packer writes, and what its client takes for an answer.
#[test]
fn golden_bytes() {
    run_test("golden bytes", |_| async {
        let world = World::new().await;
        let mut link = world.open();
        let noop = hex("00000014 000000c8 00000006 ffffffff 00000000");
        link.write(&noop).await;
        let mut echo = [0; 20];
        link.stream.read_exact(&mut echo).await.unwrap();
        assert_eq!(echo[..], noop, "a heartbeat is echoed");

        let signalling = hex("00000014 000000c8 000000f3 fffffffd 00000000");
        link.write(&signalling).await;
        // Command 3 is nobody's; the answer has its command, its seq and its version, and says so in field 15.
        link.write(&hex("00000014 000000c8 00000003 00000002 00000003 0a0161"))
            .await;
        let refused = link.recv().await;
        assert_eq!((refused.version, refused.cmd, refused.seq), (200, 3, 2));
        assert_eq!(refused.error().code, 12);
    });
}

#[test]
fn frames_come_in_any_pieces() {
    run_test("pieces", |_| async {
        let world = World::new().await;
        let mut link = world.open();
        let mut bytes = Frame::new(AUTH, 1, ticket(10_001, "phone")).bytes();
        for seq in 2..6 {
            bytes.extend(Frame::new(SEND, seq, send(1, seq.into())).bytes());
        }
        for byte in bytes {
            link.write(&[byte]).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(link.recv().await.cmd, AUTH);
        for seq in 2..6 {
            let answer = link.recv().await;
            assert_eq!((answer.cmd, answer.seq), (SEND, seq));
            assert_eq!(answer.decode::<SendResponse>().time_ms, u64::from(seq));
        }
    });
}

#[test]
fn frames_that_come_together_are_answered_each() {
    run_test("together", |_| async {
        let world = World::new().await;
        let mut link = world.open();
        // What comes behind the ticket waits for it.
        let mut bytes = Frame::new(AUTH, 1, ticket(10_001, "phone")).bytes();
        for seq in 2..1_000 {
            bytes.extend(Frame::new(SEND, seq, send(1, seq.into())).bytes());
        }
        link.write(&bytes).await;
        assert_eq!(link.recv().await.cmd, AUTH);
        let mut seqs: Vec<u32> = Vec::new();
        for _ in 2..1_000 {
            let answer = link.recv().await;
            assert_eq!(
                answer.decode::<SendResponse>().time_ms,
                u64::from(answer.seq)
            );
            seqs.push(answer.seq);
        }
        seqs.sort_unstable();
        assert_eq!(seqs, (2..1_000).collect::<Vec<_>>());
    });
}

#[test]
fn a_longer_head_is_skipped() {
    run_test("longer head", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        let body = send(1, 77);
        let mut bytes = Frame::new(SEND, 5, body.clone()).bytes();
        bytes[3] = 24;
        bytes.splice(20..20, *b"opts");
        bytes.extend(Frame::new(NOOP, u32::MAX, Vec::new()).bytes());
        link.write(&bytes).await;
        let (first, second) = (link.recv().await, link.recv().await);
        let answer = if first.cmd == SEND { first } else { second };
        assert_eq!(answer.decode::<SendResponse>().time_ms, 77);
    });
}

#[test]
fn answers_are_matched_by_seq_and_need_not_wait_for_each_other() {
    run_test("out of order", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        link.send(SEND, 8, send(2, 8)).await;
        link.send(SEND, 9, send(1, 9)).await;
        assert_eq!(link.recv().await.seq, 9);
        link.hears_nothing(Duration::from_secs(1)).await;
        world.fakes.gate.add_permits(1);
        assert_eq!(link.recv().await.seq, 8);
    });
}

#[test]
fn each_answer_has_the_version_of_its_request() {
    run_test("versions", |_| async {
        let world = World::new().await;
        let mut link = world.open();
        for version in [VERSION, 0, u32::MAX] {
            let frame = Frame {
                version,
                ..Frame::new(NOOP, u32::MAX, Vec::new())
            };
            link.write(&frame.bytes()).await;
            assert_eq!(link.recv().await, frame);
        }
    });
}

#[test]
fn what_is_no_frame_ends_the_link() {
    run_test("no frame", |_| async {
        let world = World::new().await;
        for head in [
            "00000013 000000c8 00000006 ffffffff 00000000",
            "00000000 000000c8 00000006 ffffffff 00000000",
            "00000014 000000c8 00000006 ffffffff 00100000",
            "ffffffff 000000c8 00000006 ffffffff ffffffff",
            "474554202f20485454502f312e310d0a0d0a0d0a",
        ] {
            let mut link = world.open();
            link.write(&hex(head)).await;
            link.ends().await;
        }
    });
}

/// A client that has said all may still hear all.
#[test]
fn a_link_that_is_half_closed_is_answered() {
    run_test("half closed", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        link.send(SEND, 3, send(2, 3)).await;
        link.stream.shutdown().await.unwrap();
        link.hears_nothing(Duration::from_secs(1)).await;
        world.fakes.gate.add_permits(1);
        assert_eq!(link.recv().await.seq, 3);
        link.ends().await;
    });
}
