//! HTTP calls go through what framed calls go through: layers, deadlines, panics, limits.

use crate::support::{Site, post};
use std::sync::atomic::Ordering::SeqCst;
use svrkit_rt::{ConcurrencyLimit, Intercept, Limits, Request, Status};

fn wait(headers: &str) -> String {
    post("/shop.v1.Shop/Wait", "application/json", headers, "{}")
}

#[tokio::test]
async fn layers_see_http_calls_and_built_in_ones() {
    let closed = |request: &mut Request| match request.context.method.name {
        "Show" | "Echo" => Err(Status::permission_denied("closed")),
        _ => Ok(()),
    };
    let site = Site::with(|server| server.layer(Intercept(closed)));
    for path in ["/shop.v1.Shop/Show", "/svrkit.v1.Builtin/Echo"] {
        let answer = site.ask(&post(path, "application/json", "", "{}")).await;
        answer.error(403, "permission_denied");
    }
    let answer = site
        .ask(&post("/shop.v1.Shop/Buy", "application/json", "", "{}"))
        .await;
    assert_eq!(answer.status, 200);
    site.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_deadline_stops_the_handler() {
    let site = Site::open();
    let answer = site.ask(&wait("connect-timeout-ms: 30\r\n")).await;
    answer.error(504, "deadline_exceeded");
    site.ledger.dropped.notified().await;
    site.close().await;
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_handler_along() {
    let site = Site::open();
    let mut peer = site.peer();
    peer.send(wait("")).await;
    site.ledger.started.notified().await;
    drop(peer);
    site.ledger.dropped.notified().await;
    assert_eq!(site.ledger.calls.load(SeqCst), 0);
    site.close().await;
}

#[tokio::test]
async fn a_panic_costs_one_answer() {
    let site = Site::open();
    let mut peer = site.peer();
    peer.send(post("/shop.v1.Shop/Panic", "application/json", "", "{}"))
        .await;
    let message = peer.answer().await.error(500, "internal");
    assert!(!message.contains("burns"), "{message}");
    peer.send(post("/shop.v1.Shop/Show", "application/json", "", "{}"))
        .await;
    assert_eq!(peer.answer().await.status, 200);
    site.close().await;
}

#[tokio::test]
async fn requests_in_flight_are_counted_and_let_go() {
    let site = Site::limited(Limits {
        in_flight_max: 1,
        ..Limits::default()
    });
    let mut first = site.peer();
    first.send(wait("")).await;
    site.ledger.started.notified().await;
    let refused = site.ask(&wait("")).await;
    refused.error(503, "unavailable");
    assert_eq!(refused.header("svrkit-code"), "overloaded");
    site.ledger.go_on.notify_one();
    assert_eq!(first.answer().await.status, 200);
    let answer = site
        .ask(&post("/shop.v1.Shop/Show", "application/json", "", "{}"))
        .await;
    assert_eq!(answer.status, 200);
    site.close().await;
}

#[tokio::test]
async fn a_limit_of_the_author_is_told_as_overload() {
    let limit = ConcurrencyLimit { in_flight_max: 0 };
    let site = Site::with(|server| server.layer(limit));
    let answer = site.ask(&wait("")).await;
    answer.error(503, "unavailable");
    site.close().await;
}

#[tokio::test]
async fn an_attachment_needs_frames() {
    let site = Site::open();
    let attach = |blob: &str| {
        let body = format!("{{\"blob\":\"{blob}\"}}");
        post("/shop.v1.Shop/Attach", "application/json", "", &body)
    };
    assert_eq!(site.ask(&attach("")).await.status, 200);
    let message = site.ask(&attach("AP8=")).await.error(501, "unimplemented");
    assert!(message.contains("frames"), "{message}");
    site.close().await;
}
