//! Hostile requests: whatever comes, the server answers or closes, panics never, and takes no memory beyond its limits.
//!
//! `SVRKIT_MUTATIONS=1000000 cargo test --release -p svrkit-rt --test http mutated` asks more.

use crate::support::{Site, post};
use fastrand::Rng;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::{HttpOptions, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// Requests of a usual run.
const MUTATIONS: usize = 100_000;
/// Connections open at once.
const AT_ONCE: usize = 16;
/// Mebibytes that the process may grow by: pipes, heads and bodies of all connections open at once, and the allocator's slack.
const GROWTH_MIB_MAX: u64 = 128;

/// No request may keep its sender for longer than all limits of a connection together.
const PATIENCE: Duration = Duration::from_secs(300);

/// Good requests, from which bad ones are made.
fn seeds() -> Vec<Vec<u8>> {
    let show = "/shop.v1.Shop/Show";
    let json = r#"{"user":{"id":"42"},"name":"Ann","words":["a","b"],"counts":{"x":"1"},"at":"2026-01-02T03:04:05Z"}"#;
    let chunked = format!(
        "POST {show} HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
    );
    let headers = "connect-timeout-ms: 100\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\nnote-bin: aGk\r\n";
    [
        post(show, "application/json", headers, json),
        post(show, "application/proto", "", "\u{a}\u{2}\u{8}\u{9}"),
        post(
            "/cgi-bin/buy",
            "application/json",
            "authorization: Bearer x\r\n",
            "{}",
        ),
        post(
            "/shop.v1.Shop/Small",
            "application/json",
            "expect: 100-continue\r\n",
            "{}",
        ),
        chunked,
        format!("GET {show}?connect=v1&encoding=json&message=%7B%7D HTTP/1.1\r\n\r\n"),
        format!("GET {show}?base64=1&encoding=proto&message=CgIICQ HTTP/1.1\r\n\r\n"),
        "GET /services HTTP/1.1\r\naccept: text/html;q=0.9,application/json;q=1\r\n\r\n".to_owned(),
        "HEAD /health HTTP/1.0\r\nconnection: keep-alive\r\n\r\n".to_owned(),
    ]
    .map(String::into_bytes)
    .into()
}

/// Words that a parser may stumble over.
const WORDS: &[&[u8]] = &[
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\0",
    b"\xff",
    b"%",
    b"%ff",
    b":",
    b" ",
    b"4294967296",
    b"18446744073709551616",
    b"-1",
    b"transfer-encoding: chunked\r\n",
    b"content-length: 9999999\r\n",
    b"content-length: 0\r\n",
    b"ffffffffffffffff\r\n",
    b"connection: upgrade\r\nupgrade: h2c\r\n",
    b"{",
    b"[",
    b"\"",
    b"\\u0000",
    b"e308",
    b"HTTP/1.1",
    b"HTTP/2.0",
    b"application/proto",
    b"x-a: b\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\xd7\x01",
];

/// A request that nobody should send. Every other one has a sound head, to get past the parser to what is behind it.
fn hostile(rng: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let request = rng.choice(seeds).cloned().unwrap_or_default();
    let head_end = request.windows(4).position(|w| w == b"\r\n\r\n");
    let head_end = head_end.map_or(request.len(), |at| at + 4);
    let (head, body) = request.split_at(head_end);
    let length = format!("content-length: {}\r\n", body.len());
    let sized = String::from_utf8_lossy(head).into_owned();
    if rng.bool() || !sized.contains(&length) {
        return mutated(rng, request, seeds);
    }
    let body = mutated(rng, body.to_vec(), seeds);
    let new_length = format!("content-length: {}\r\n", body.len());
    let head = sized.replace(&length, &new_length);
    [head.as_bytes(), &body].concat()
}

/// `bytes` after up to four changes.
fn mutated(rng: &mut Rng, mut bytes: Vec<u8>, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut below = |n: usize| rng.usize(..n.max(1));
    for _ in 0..below(5) {
        let at = below(bytes.len() + 1);
        match below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << below(8),
            1 if at < bytes.len() => bytes[at] = below(256) as u8,
            2 => bytes.truncate(at),
            3 => {
                let end = at + below(bytes.len() - at + 1);
                bytes.drain(at..end);
            }
            4 => {
                let end = at + below(bytes.len() - at + 1);
                let piece = bytes[at..end].to_vec();
                let times = [1, 2, 50][below(3)];
                let tail = bytes.split_off(at);
                for _ in 0..times {
                    bytes.extend_from_slice(&piece);
                }
                bytes.extend_from_slice(&tail);
            }
            5 => {
                let word = WORDS[below(WORDS.len())];
                bytes.splice(at..at, word.iter().copied());
            }
            _ => {
                let other = &seeds[below(seeds.len())];
                let from = below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
        bytes.truncate(64 * 1024);
    }
    bytes
}

/// Bytes of memory that the process has ever held, in MiB; 0 where the system does not say.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:"));
    let kib = line.and_then(|l| l.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

#[test]
fn mutated_requests_hurt_nobody() {
    let count = std::env::var("SVRKIT_MUTATIONS").ok();
    let count = count.map_or(MUTATIONS, |n| n.parse().expect("a number"));
    // A panic in a connection's task would be swallowed by the server; here it is counted.
    let panics = Arc::new(AtomicUsize::new(0));
    let counted = panics.clone();
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if is_mine() {
            counted.fetch_add(1, SeqCst);
        }
        usual(info);
    }));
    // On a paused clock, requests that never end run into their limits at once.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let before = peak_mib();
    runtime.block_on(attack(count));
    let grown = peak_mib() - before;
    assert_eq!(panics.load(SeqCst), 0);
    assert!(grown < GROWTH_MIB_MAX, "grew by {grown} MiB");
}

/// Whether this thread runs this test: others of this file's process panic on purpose.
fn is_mine() -> bool {
    std::thread::current().name() == Some("mutated::mutated_requests_hurt_nobody")
}

async fn attack(count: usize) {
    let site = Site::with(|server| {
        server
            .limits(Limits {
                request_bytes_max: 16 * 1024,
                ..Limits::default()
            })
            .http(HttpOptions {
                head_bytes_max: 16 * 1024,
                ..HttpOptions::default()
            })
    });
    let attackers = (0..AT_ONCE).map(|n| {
        let connector = site.connector.clone();
        tokio::spawn(async move {
            let (mut rng, seeds) = (Rng::with_seed(n as u64), seeds());
            let (mut answered, mut served) = (0, 0);
            for _ in 0..count / AT_ONCE {
                let request = hostile(&mut rng, &seeds);
                let mut stream = connector.connect().expect("the listener is there");
                let exchange = async {
                    let _ = stream.write_all(&request).await;
                    if rng.u8(..8) == 0 {
                        let _ = stream.shutdown().await;
                    }
                    let mut answer = Vec::new();
                    let _ = stream.take(1 << 20).read_to_end(&mut answer).await;
                    answer
                };
                match timeout(PATIENCE, exchange).await {
                    Ok(answer) => {
                        answered += usize::from(answer.starts_with(b"HTTP/1"));
                        served += usize::from(answer.starts_with(b"HTTP/1.1 200"));
                    }
                    Err(_) => panic!("no end to {:?}", String::from_utf8_lossy(&request)),
                }
            }
            (answered, served)
        })
    });
    let (mut answered, mut served) = (0, 0);
    for attacker in attackers.collect::<Vec<_>>() {
        let done = attacker.await.expect("no panic");
        answered += done.0;
        served += done.1;
    }
    // Mutations that the first line of a parser throws out would prove little.
    assert!(answered > count / 2, "{answered} of {count} were answered");
    assert!(served > count / 8, "{served} of {count} were served");
    // And it still serves.
    let request = post("/shop.v1.Shop/Show", "application/json", "", "{}");
    assert_eq!(site.ask(&request).await.status, 200);
    site.close().await;
}
