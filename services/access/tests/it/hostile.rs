//! Clients that mean harm, by chance: nothing panics, nothing is kept, and a user beside them is served.

use crate::support::client::{AUTH, NOOP, SEND, send, ticket};
use crate::support::http::{bearer, post};
use crate::support::{Client, Frame, World, until};
use std::time::Duration;
use svrkit_rt::testing::run_test;
use svrkit_rt::{MemoryConnector, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// Bytes as a client would send them.
fn sane(rng: &mut fastrand::Rng, uin: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if rng.bool() {
        bytes.extend(Frame::new(AUTH, 1, ticket(uin, "bad")).bytes());
    }
    for seq in 0..rng.u32(1..20) {
        let (cmd, body) = match rng.u32(..6) {
            0 => (NOOP, Vec::new()),
            1 => (243, Vec::new()),
            2 => (AUTH, ticket(uin, "bad")),
            3 => (rng.u32(..300), vec![rng.u8(..); rng.usize(..600)]),
            4 => (221, Vec::new()),
            _ => (SEND, send(1, rng.u64(..))),
        };
        bytes.extend(Frame::new(cmd, seq, body).bytes());
    }
    bytes
}

/// The same with some of it wrong.
fn mutated(rng: &mut fastrand::Rng, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..rng.usize(..6) {
        let at = rng.usize(..bytes.len());
        match rng.u32(..5) {
            0 => bytes[at] ^= 1 << rng.u32(..8),
            1 => bytes.truncate(at + 1),
            2 => bytes[at] = 0xff,
            3 => drop(bytes.splice(at..at, std::iter::repeat_n(rng.u8(..), rng.usize(..40)))),
            _ => {
                let huge = rng
                    .choice([u32::MAX, 1 << 31, 1 << 20, 300_000, 19])
                    .unwrap();
                let end = (at + 4).min(bytes.len());
                bytes.splice(at..end, huge.to_be_bytes());
            }
        }
    }
    bytes
}

async fn attack(connector: MemoryConnector, bytes: Vec<u8>, mut rng: fastrand::Rng) {
    let Ok(mut stream) = connector.connect() else {
        return;
    };
    let mut left = &bytes[..];
    while !left.is_empty() {
        let (piece, rest) = left.split_at(rng.usize(1..=left.len()));
        if stream.write_all(piece).await.is_err() {
            return;
        }
        if rng.u32(..8) == 0 {
            tokio::time::sleep(Duration::from_millis(rng.u64(..3_000))).await;
        }
        left = rest;
    }
    if rng.bool() {
        let _ = stream.shutdown().await;
    }
    let listen = async {
        let mut scratch = vec![0; 4096];
        while let Ok(1..) = stream.read(&mut scratch).await {}
    };
    let _ = timeout(Duration::from_secs(rng.u64(..20)), listen).await;
}

#[test]
fn mutated_frames() {
    run_test("mutated frames", |seed| async move {
        let world = World::new().await;
        let mut user = world.log_in(10_001, "phone").await;
        let mut rng = seed.rng();
        for round in 0..20_u32 {
            let mut attacks = Vec::new();
            for n in 0..100 {
                let uin = 20_000 + n;
                let bytes = sane(&mut rng, uin);
                let bytes = mutated(&mut rng, bytes);
                let attack = attack(world.long.clone(), bytes, rng.fork());
                attacks.push(tokio::spawn(attack));
            }
            user.chat(round + 2).await;
            for attack in attacks {
                attack.await.unwrap();
            }
        }
        user.chat(100).await;
        until("only the user is left", || {
            world.access.stats().long_links == 1
        })
        .await;
        assert_eq!(world.access.stats().authenticated, 1);
        until("and that is known", || {
            world.fakes.state.sessions().links.len() == 1
        })
        .await;
    });
}

#[test]
fn mutated_requests_and_websockets() {
    run_test("mutated requests", |seed| async move {
        let world = World::new().await;
        let mut user = world.log_in(10_001, "phone").await;
        let mut rng = seed.rng();
        let upgrade =
            b"GET /im/ws HTTP/1.1\r\nHost: im\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        for round in 0..20_u32 {
            let mut attacks = Vec::new();
            for n in 0..60 {
                let mut bytes = match rng.bool() {
                    true => post(
                        "/im/send",
                        "keep-alive",
                        &bearer(20_000 + n, "bad"),
                        &send(1, 1),
                    ),
                    false => upgrade.to_vec(),
                };
                let mut inner = sane(&mut rng, 20_000 + n);
                if rng.bool() {
                    inner = mutated(&mut rng, inner);
                }
                // Masked with nothing.
                bytes.extend([0x82, 0xfe]);
                bytes.extend((inner.len() as u16).to_be_bytes());
                bytes.extend([0; 4]);
                bytes.extend(inner);
                if rng.bool() {
                    bytes = mutated(&mut rng, bytes);
                }
                let attack = attack(world.short.clone(), bytes, rng.fork());
                attacks.push(tokio::spawn(attack));
            }
            user.chat(round + 2).await;
            for attack in attacks {
                attack.await.unwrap();
            }
        }
        until("nobody is left", || {
            let stats = world.access.stats();
            stats.short_links + stats.websockets == 0
        })
        .await;
        user.chat(100).await;
    });
}

/// A byte now and then, from many: they are ended, and nobody waits for them.
#[test]
fn slow_bytes() {
    run_test("slow bytes", |_| async {
        let world = World::new().await;
        let mut user = world.log_in(10_001, "phone").await;
        let frame = Frame::new(SEND, 2, vec![0; 3_000]).bytes();
        let drip = async |mut stream: Stream| {
            for byte in &frame {
                if stream.write_all(&[*byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(700)).await;
            }
            panic!("it was heard to the end");
        };
        let strangers: Vec<Client> = (0..20).map(|_| world.open()).collect();
        let mut logged_in = world.log_in(10_002, "phone").await;
        logged_in.chat(2).await;
        let began = tokio::time::Instant::now();
        for stranger in strangers {
            drip(stranger.stream).await;
        }
        drip(logged_in.stream).await;
        assert!(began.elapsed() < Duration::from_secs(60));
        user.chat(3).await;
    });
}
