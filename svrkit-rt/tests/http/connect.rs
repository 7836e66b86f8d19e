//! Unary calls after the Connect protocol: which requests are calls, and how they are answered.

use crate::generated::shop::v1::{Ask, Seen, User};
use crate::support::{Site, post};
use svrkit_rt::codegen::prost::Message;

const SHOW: &str = "/shop.v1.Shop/Show";

#[tokio::test]
async fn json_in_json_out() {
    let site = Site::open();
    let body = r#"{"user":{"id":"42"},"name":"Ann"}"#;
    let answer = site.ask(&post(SHOW, "application/json", "", body)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    let seen = answer.json();
    assert_eq!(seen["ask"]["name"], "Ann");
    assert_eq!(seen["routingKey"], "42");
    site.close().await;
}

#[tokio::test]
async fn protobuf_in_protobuf_out() {
    let site = Site::open();
    let ask = Ask {
        user: Some(User {
            id: 42,
            ..User::default()
        }),
        ..Ask::default()
    };
    let body = ask.encode_to_vec();
    for content_type in ["application/proto", "application/protobuf"] {
        let mut peer = site.peer();
        let head = format!(
            "POST {SHOW} HTTP/1.1\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        peer.send([head.as_bytes(), &body].concat()).await;
        let answer = peer.answer().await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "application/proto");
        let seen = Seen::decode(&answer.body[..]).expect("a Seen");
        assert_eq!(seen.routing_key, 42);
        assert_eq!(seen.ask, Some(ask.clone()));
    }
    site.close().await;
}

/// A chunked body is a body like any other.
#[tokio::test]
async fn chunked_bodies_are_read() {
    let site = Site::open();
    let request = format!(
        "POST {SHOW} HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n\
         7\r\n{{\"name\"\r\n6\r\n:\"Bo\"}}\r\n0\r\n\r\n"
    );
    let answer = site.ask(&request).await;
    assert_eq!(answer.json()["ask"]["name"], "Bo");
    site.close().await;
}

#[tokio::test]
async fn a_connection_is_kept_and_pipelined_requests_are_answered_in_order() {
    let site = Site::open();
    let mut peer = site.peer();
    let names = ["a", "b", "c"];
    let requests = names.map(|n| {
        let body = format!("{{\"name\":\"{n}\"}}");
        post(SHOW, "application/json", "", &body)
    });
    peer.send(requests.concat()).await;
    for name in names {
        assert_eq!(peer.answer().await.json()["ask"]["name"], name);
    }
    peer.send(post(
        SHOW,
        "application/json",
        "connection: close\r\n",
        "{}",
    ))
    .await;
    assert_eq!(peer.answer().await.status, 200);
    assert!(peer.is_closed().await);
    site.close().await;
}

#[tokio::test]
async fn other_content_types_are_told_what_is_served() {
    let site = Site::open();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/connect+json",
        "application/grpc",
        "",
    ] {
        let answer = site.ask(&post(SHOW, content_type, "", "{}")).await;
        answer.error(415, "invalid_argument");
        let accepted = answer.header("accept-post");
        assert_eq!(accepted, "application/json, application/proto");
    }
    site.close().await;
}

#[tokio::test]
async fn the_version_of_the_protocol_is_checked_where_it_is_given() {
    let site = Site::open();
    let ask = |headers: &str| post(SHOW, "application/json", headers, "{}");
    let answer = site.ask(&ask("connect-protocol-version: 1\r\n")).await;
    assert_eq!(answer.status, 200);
    let answer = site.ask(&ask("connect-protocol-version: 2\r\n")).await;
    answer.error(400, "invalid_argument");
    site.close().await;
}

#[tokio::test]
async fn only_post_calls_what_is_not_idempotent() {
    let site = Site::open();
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let mut peer = site.peer();
        peer.send(format!("{method} /shop.v1.Shop/Buy HTTP/1.1\r\n\r\n"))
            .await;
        let answer = peer.bare_answer().await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), "POST");
    }
    let answer = site.ask(&format!("PUT {SHOW} HTTP/1.1\r\n\r\n")).await;
    answer.error(405, "unimplemented");
    assert_eq!(answer.header("allow"), "GET, POST");
    site.close().await;
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let site = Site::open();
    for path in [
        "/shop.v1.Shop/Steal",
        "/shop.v1.Bank/Show",
        "/favicon.ico",
        "//",
        "/shop.v1.Shop/Show/",
    ] {
        let answer = site.ask(&post(path, "application/json", "", "{}")).await;
        answer.error(404, "unimplemented");
    }
    let answer = site.ask("OPTIONS * HTTP/1.1\r\n\r\n").await;
    answer.error(404, "unimplemented");
    site.close().await;
}

#[cfg(not(feature = "grpc"))]
#[tokio::test]
async fn http2_is_told_what_is_spoken_here() {
    let site = Site::open();
    let answer = site.ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    answer.error(505, "unimplemented");
    site.close().await;
}
