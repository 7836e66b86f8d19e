//! Content codings: what is taken, and who is answered in one.

use crate::generated::shop::v1::Ask;
use crate::support::{Answer, Site, post};
use svrkit_rt::codegen::prost::Message;
use svrkit_rt::{Codec, Compression, Limits};

const SHOW: &str = "/shop.v1.Shop/Show";
/// Larger than what is compressed by default.
const LARGE: usize = 10_000;

fn compressing() -> Site {
    Site::with(|server| server.compression(Compression::with(Codec::Zstd)))
}

/// A message whose name is so long.
fn ask(len: usize) -> Ask {
    Ask {
        name: "Ann ".repeat(len / 4),
        ..Ask::default()
    }
}

/// What a protobuf body is answered with that is sent with these headers, each with its line end.
async fn send(site: &Site, headers: &str, body: &[u8]) -> Answer {
    let len = body.len();
    let head = format!(
        "POST {SHOW} HTTP/1.1\r\ncontent-type: application/proto\r\n{headers}content-length: {len}\r\n\r\n"
    );
    let mut peer = site.peer();
    peer.send([head.as_bytes(), body].concat()).await;
    peer.answer().await
}

async fn send_zstd(site: &Site, frame: &[u8]) -> Answer {
    send(site, "content-encoding: zstd\r\n", frame).await
}

fn zstd(body: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(body, 3).expect("a frame")
}

#[tokio::test]
async fn who_takes_zstandard_is_answered_in_it() {
    let site = compressing();
    let body = format!(r#"{{"name":"{}"}}"#, ask(LARGE).name);
    for (accepts, is_encoded) in [
        ("accept-encoding: gzip, zstd\r\n", true),
        ("accept-encoding: zstd;q=0\r\n", false),
        ("accept-encoding: gzip\r\n", false),
        ("", false),
    ] {
        let answer = site
            .ask(&post(SHOW, "application/json", accepts, &body))
            .await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("vary"), "accept-encoding");
        let json = match is_encoded {
            false => answer.body.clone(),
            true => {
                assert_eq!(answer.header("content-encoding"), "zstd");
                assert!(answer.body.len() < LARGE / 10);
                zstd::stream::decode_all(&answer.body[..]).expect("a frame")
            }
        };
        let seen: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        assert_eq!(seen["ask"]["name"], ask(LARGE).name);
    }
    site.close().await;
}

#[tokio::test]
async fn short_answers_and_those_of_other_servers_are_as_they_are() {
    let accepts = "accept-encoding: zstd\r\n";
    for (site, len) in [(compressing(), 4), (Site::open(), LARGE)] {
        let answer = send(&site, accepts, &ask(len).encode_to_vec()).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.len() >= len);
        site.close().await;
    }
}

#[tokio::test]
async fn requests_in_zstandard_are_read_whatever_is_sent() {
    let site = Site::open();
    let body = ask(LARGE).encode_to_vec();
    // Of a known length, and of one that nobody says.
    let unsized_frame = zstd::stream::encode_all(&body[..], 3).expect("a frame");
    for frame in [zstd(&body), unsized_frame] {
        let answer = send_zstd(&site, &frame).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.len() > LARGE);
    }
    site.close().await;
}

#[tokio::test]
async fn what_comes_out_is_within_the_limit_or_nothing() {
    let site = Site::limited(Limits {
        request_bytes_max: 1_000,
        ..Limits::default()
    });
    let fits = Ask::decode(&ask(900).encode_to_vec()[..]).expect("an Ask");
    let answer = send_zstd(&site, &zstd(&fits.encode_to_vec())).await;
    assert_eq!(answer.status, 200);
    for over in [ask(2_000).encode_to_vec(), vec![0; 64 << 20]] {
        let bomb = zstd(&over);
        // A bomb that is itself too long is not even read.
        assert!(bomb.len() < 10_000);
        send_zstd(&site, &bomb)
            .await
            .error(429, "resource_exhausted");
    }
    site.close().await;
}

#[tokio::test]
async fn damage_is_the_callers_fault() {
    let site = Site::open();
    let frame = zstd(&ask(LARGE).encode_to_vec());
    for damaged in [&frame[..frame.len() / 2], b"no frame", &frame[4..]] {
        let answer = send_zstd(&site, damaged).await;
        answer.error(400, "invalid_argument");
    }
    site.close().await;
}

#[tokio::test]
async fn other_codings_are_refused_by_name() {
    let site = Site::open();
    let ask = |headers: &str| post(SHOW, "application/json", headers, "{}");
    let answer = site.ask(&ask("content-encoding: gzip\r\n")).await;
    answer.error(501, "unimplemented");
    assert_eq!(answer.header("accept-encoding"), "zstd, identity");
    let answer = site.ask(&ask("content-encoding: identity\r\n")).await;
    assert_eq!(answer.status, 200);
    site.close().await;
}
