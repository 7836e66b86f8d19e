//! What a peer can do to an HTTP/2 connection, by hand: bytes and frames that no client sends.

use super::client::{Client, framed, head};
use crate::support::{Site, service};
use bytes::{BufMut, BytesMut};
use std::time::Duration;
use svrkit_rt::{Limits, MemoryConnector, Server, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_HEADERS: u8 = 4;
const ENHANCE_YOUR_CALM: u32 = 11;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    bytes.put_uint(payload.len() as u64, 3);
    bytes.put_u8(kind);
    bytes.put_u8(flags);
    bytes.put_u32(stream);
    bytes.put_slice(payload);
    bytes.to_vec()
}

/// The head of a POST, with static entries of HPACK, and a header of so many bytes.
fn post(path: &str, extra: usize) -> Vec<u8> {
    // `:method: POST`, `:scheme: http`, `:path`, `content-type`, `x`.
    let mut block = vec![0x83, 0x86];
    let mut literal = |name: &[u8], value: &[u8]| {
        block.extend_from_slice(name);
        let mut len = value.len();
        if len < 127 {
            block.push(len as u8);
        } else {
            block.push(127);
            len -= 127;
            while len >= 128 {
                block.push((len % 128) as u8 | 128);
                len /= 128;
            }
            block.push(len as u8);
        }
        block.extend_from_slice(value);
    };
    literal(&[0x04], path.as_bytes());
    literal(&[0x0f, 0x10], b"application/grpc");
    literal(&[0x00, 0x01, b'x'], &vec![b'v'; extra]);
    block
}

async fn peer(connector: &MemoryConnector) -> Stream {
    let mut stream = connector.connect().unwrap();
    stream.write_all(PREFACE).await.unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    stream
}

/// The code of the go-away that comes before the connection ends; `None` if there is none.
async fn go_away(stream: &mut Stream) -> Option<u32> {
    let mut code = None;
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            return code;
        }
        let len = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; len];
        if stream.read_exact(&mut payload).await.is_err() {
            return code;
        }
        if head[3] == GOAWAY {
            code = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
        }
    }
}

/// Others are served, whatever one did.
async fn serves(connector: &MemoryConnector) {
    let mut client = Client::connect(connector).await;
    let answer = client.call(head("/test.v1.Test/Echo"), framed("a")).await;
    assert_eq!(answer.ok(), ["a".into()]);
}

/// CVE-2023-44487.
#[svrkit::test]
async fn whoever_opens_and_resets_streams_is_sent_away() {
    let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
    let mut stream = peer(&connector).await;
    let mut flood = Vec::new();
    for n in 0..200 {
        let id = 2 * n + 1;
        flood.extend(frame(
            HEADERS,
            END_HEADERS,
            id,
            &post("/test.v1.Test/Echo", 1),
        ));
        flood.extend(frame(RST_STREAM, 0, id, &8_u32.to_be_bytes()));
    }
    let _ = stream.write_all(&flood).await;
    let code = timeout(Duration::from_secs(60), go_away(&mut stream)).await;
    assert_eq!(code.unwrap(), Some(ENHANCE_YOUR_CALM));
    serves(&connector).await;
    site.stop().await;
}

#[svrkit::test]
async fn a_head_over_its_bound_is_refused_before_it_is_kept() {
    let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
    let mut client = Client::connect(&connector).await;
    let mut large = head("/test.v1.Test/Echo");
    let value = "v".repeat(70 * 1024);
    large.headers_mut().insert("x", value.parse().unwrap());
    let (sending, answer) = client.open(large);
    drop(sending);
    // The client may know the bound already, and not send it.
    if let Ok(answer) = answer.await {
        assert_eq!(answer.http, 431);
    }
    drop(client);
    serves(&connector).await;
    site.stop().await;
}

/// Whoever begins and goes no further is not waited for.
#[svrkit::test]
async fn a_preface_and_no_request() {
    for sent in [&PREFACE[..3], &PREFACE[..10], PREFACE] {
        let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
        let begun = Instant::now();
        let mut stream = connector.connect().unwrap();
        stream.write_all(sent).await.unwrap();
        let mut rest = Vec::new();
        let _ = timeout(Duration::from_secs(60), stream.read_to_end(&mut rest))
            .await
            .unwrap();
        assert!(
            begun.elapsed() <= Duration::from_secs(12),
            "{:?}",
            begun.elapsed()
        );
        site.stop().await;
    }
}

/// The preface may come byte by byte.
#[svrkit::test]
async fn a_preface_in_pieces() {
    let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
    let mut stream = connector.connect().unwrap();
    for byte in PREFACE {
        stream.write_all(&[*byte]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], SETTINGS);
    drop(stream);
    site.stop().await;
}

#[svrkit::test]
async fn noise_after_the_preface_ends_that_connection_only() {
    let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut stream = peer(&connector).await;
        let noise: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(300).collect();
        let _ = stream.write_all(&noise).await;
        drop(stream);
    }
    serves(&connector).await;
    site.stop().await;
}

/// A message that stands still is not waited for longer than the limits say, though the call has time.
#[svrkit::test]
async fn a_message_that_comes_too_slowly() {
    let limits = Limits {
        progress_interval_ms: 1_000,
        ..Limits::default()
    };
    let (site, connector) = Site::in_memory(Server::new().service(service().echo()).limits(limits));
    let mut client = Client::connect(&connector).await;
    let head = super::client::with("/test.v1.Test/Echo", &[("grpc-timeout", "1H")]);
    let begun = Instant::now();
    let (sending, answer) = client.open(head);
    sending.send(framed("abc").slice(..6)).await.unwrap();
    let answer = answer.await.unwrap().whole().await;
    assert!(answer.failed(4).starts_with("progress_bytes_min"));
    assert_eq!(begun.elapsed().as_secs(), 1);
    drop((sending, client));
    site.stop().await;
}
