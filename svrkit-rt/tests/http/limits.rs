//! Every bound of the HTTP entry has an answer of its own.

use crate::support::{Peer, Site, post};
use std::time::Duration;
use svrkit_rt::{Admission, AdmissionConfig, HttpOptions, Limits, Listener, Rate, Server, Stream};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

const SHOW: &str = "/shop.v1.Shop/Show";

#[tokio::test]
async fn a_body_is_refused_by_what_its_head_claims() {
    let site = Site::open();
    let mut peer = site.peer();
    let head = format!(
        "POST {SHOW} HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 4294967296\r\n\r\n"
    );
    peer.send(head).await;
    let answer = peer.answer().await;
    answer.error(429, "resource_exhausted");
    assert_eq!(answer.header("connection"), "close");
    assert!(peer.is_closed().await);
    site.close().await;
}

#[tokio::test]
async fn a_chunked_body_is_refused_when_it_grows_too_large() {
    let site = Site::limited(Limits {
        request_bytes_max: 1_000,
        ..Limits::default()
    });
    let mut peer = site.peer();
    let head = format!(
        "POST {SHOW} HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    peer.send(head).await;
    let chunk = format!("1f4\r\n{}\r\n", " ".repeat(500));
    peer.send(chunk.repeat(3)).await;
    peer.answer().await.error(429, "resource_exhausted");
    site.close().await;
}

#[tokio::test]
async fn the_limits_of_a_method_go_before_those_of_the_server() {
    let site = Site::open();
    let small = |body: &str| post("/shop.v1.Shop/Small", "application/json", "", body);
    assert_eq!(site.ask(&small(r#"{"bigNumber":"62"}"#)).await.status, 200);
    let long = format!("{{\"name\":\"{}\"}}", "n".repeat(60));
    site.ask(&small(&long))
        .await
        .error(429, "resource_exhausted");
    // The answer of 63 letters would be 65 bytes.
    let answer = site.ask(&small(r#"{"bigNumber":"63"}"#)).await;
    answer.error(429, "resource_exhausted");
    site.close().await;
}

#[tokio::test]
async fn an_answer_over_the_limit_of_the_server_is_not_sent() {
    let site = Site::limited(Limits {
        response_bytes_max: 1_000,
        ..Limits::default()
    });
    let request = post(
        "/shop.v1.Shop/Fill",
        "application/json",
        "",
        r#"{"bigNumber":"1000"}"#,
    );
    site.ask(&request).await.error(429, "resource_exhausted");
    site.close().await;
}

#[tokio::test]
async fn heads_are_bounded_in_bytes_and_lines() {
    let site = Site::with(|server| {
        server.http(HttpOptions {
            head_bytes_max: 8_192,
            headers_max: 10,
            ..HttpOptions::default()
        })
    });
    let long = format!("x-long: {}\r\n", "a".repeat(9_000));
    let answer = site.ask(&post(SHOW, "application/json", &long, "{}")).await;
    assert_eq!(answer.status, 431);
    let many: String = (0..20).map(|n| format!("x-{n}: a\r\n")).collect();
    let answer = site.ask(&post(SHOW, "application/json", &many, "{}")).await;
    assert_eq!(answer.status, 431);
    let answer = site.ask("GET / HTTP/1.1\r\nno colon here\r\n\r\n").await;
    assert_eq!(answer.status, 400);
    site.close().await;
}

#[tokio::test]
async fn metadata_is_bounded() {
    let site = Site::limited(Limits {
        metadata_bytes_max: 100,
        ..Limits::default()
    });
    let long = format!("x-long: {}\r\n", "a".repeat(100));
    let answer = site.ask(&post(SHOW, "application/json", &long, "{}")).await;
    answer.error(429, "resource_exhausted");
    site.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_is_told_so() {
    let site = Site::open();
    let begun = Instant::now();
    let mut peer = site.peer();
    peer.send("POST / HTTP/1.1\r\n").await;
    peer.answer().await.error(408, "deadline_exceeded");
    assert!(peer.is_closed().await);
    assert_eq!(begun.elapsed().as_secs(), 10);
    // The same for the second request of a connection, however a byte a second comes.
    let mut peer = site.peer();
    peer.send(post(SHOW, "application/json", "", "{}")).await;
    assert_eq!(peer.answer().await.status, 200);
    sleep(Duration::from_secs(30)).await;
    let begun = Instant::now();
    peer.send("P").await;
    for _ in 0..9 {
        sleep(Duration::from_secs(1)).await;
        peer.send("O").await;
    }
    peer.answer().await.error(408, "deadline_exceeded");
    assert_eq!(begun.elapsed().as_secs(), 10);
    site.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_too_slowly_is_told_so() {
    let site = Site::open();
    let mut peer = site.peer();
    let head = format!(
        "POST {SHOW} HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n"
    );
    peer.send(head).await;
    let begun = Instant::now();
    // Fast enough for a while: well over 1,024 bytes in ten seconds.
    for _ in 0..30 {
        peer.send(" ".repeat(200)).await;
        sleep(Duration::from_secs(1)).await;
    }
    peer.answer().await.error(408, "deadline_exceeded");
    assert_eq!(begun.elapsed().as_secs(), 40);
    assert!(peer.is_closed().await);
    site.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_names_a_time_is_held_to_it_while_it_sends() {
    let site = Site::open();
    let mut peer = site.peer();
    let head = format!(
        "POST {SHOW} HTTP/1.1\r\ncontent-type: application/json\r\nconnect-timeout-ms: 50\r\ncontent-length: 2\r\n\r\n{{"
    );
    peer.send(head).await;
    peer.answer().await.error(504, "deadline_exceeded");
    site.close().await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_in_the_end() {
    let site = Site::open();
    let mut peer = site.peer();
    peer.send(post(SHOW, "application/json", "", "{}")).await;
    assert_eq!(peer.answer().await.status, 200);
    let begun = Instant::now();
    assert!(peer.is_closed().await);
    assert_eq!(begun.elapsed().as_secs(), 60);
    site.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_given_up() {
    let site = Site::open();
    let mut peer = site.peer();
    // More than a pipe holds.
    let body = r#"{"bigNumber":"3000000"}"#;
    peer.send(post("/shop.v1.Shop/Fill", "application/json", "", body))
        .await;
    sleep(Duration::from_secs(29)).await;
    site.health.status("").expect("still there");
    sleep(Duration::from_secs(2)).await;
    // Gone with the answer cut short: what was in the pipe comes, then the end.
    let mut got = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut peer.stream, &mut got).await;
    assert!(!got.is_empty() && got.len() < 3_000_000, "{}", got.len());
    site.close().await;
}

#[tokio::test]
async fn a_connection_too_many_is_told_so() {
    let site = Site::limited(Limits {
        connections_max: 1,
        ..Limits::default()
    });
    let mut first = site.peer();
    first.send("GET /health HTTP/1.1\r\n\r\n").await;
    assert_eq!(first.answer().await.status, 200);
    let mut second = site.peer();
    second.send("GET /health HTTP/1.1\r\n\r\n").await;
    let message = second.answer().await.error(503, "unavailable");
    assert_eq!(message, "connections_max: too many connections");
    assert!(second.is_closed().await);
    drop(first);
    site.close().await;
}

/// Over a real socket, closing with bytes unread would reset the connection and take the answer along.
#[tokio::test]
async fn a_peer_that_sends_too_much_still_reads_why() {
    let listener = Listener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(Server::new().run(listener, async {
        let _ = stopped.await;
    }));
    let stream = TcpStream::connect(address).await.expect("a connection");
    let mut peer = Peer::new(Stream::from(stream));
    let length = 5 * 1024 * 1024;
    let head = format!(
        "POST /svrkit.v1.Builtin/Echo HTTP/1.1\r\ncontent-type: application/proto\r\ncontent-length: {length}\r\n\r\n"
    );
    peer.send(head).await;
    peer.send(vec![0; 512 * 1024]).await;
    peer.answer().await.error(429, "resource_exhausted");
    drop(peer);
    let _ = stop.send(());
    server.await.expect("no panic").expect("a clean end");
}

/// Pages cost it nothing, and another connection has a rate of its own.
#[tokio::test(start_paused = true)]
async fn a_connection_makes_no_more_calls_than_its_rate() {
    let admission = Admission::new(AdmissionConfig {
        caller_rate: Some(Rate {
            burst: 2,
            refill: Duration::from_secs(1),
        }),
        ..AdmissionConfig::default()
    });
    let site = Site::with(|server| server.admission(admission));
    // Without a body: one that is not read would end the connection.
    let show = format!(
        "GET {SHOW}?connect=v1&encoding=json&message=%7B%7D HTTP/1.1\r\nhost: shop\r\n\r\n"
    );
    let mut peer = site.peer();
    for status in [200, 200, 503] {
        peer.send("GET /health HTTP/1.1\r\n\r\n").await;
        assert_eq!(peer.answer().await.status, 200);
        peer.send(&show).await;
        let answer = peer.answer().await;
        assert_eq!(answer.status, status, "{}", answer.text());
        if status == 503 {
            assert!(answer.text().contains("caller_rate"), "{}", answer.text());
            assert_eq!(answer.header("svrkit-code"), "overloaded");
        }
    }
    assert_eq!(site.ask(&show).await.status, 200);
    sleep(Duration::from_secs(1)).await;
    peer.send(&show).await;
    assert_eq!(peer.answer().await.status, 200);
    drop(peer);
    site.close().await;
}
