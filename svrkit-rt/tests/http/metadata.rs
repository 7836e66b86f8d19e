//! What travels beside a message: metadata, trace and time, as headers.

use crate::support::{Site, post};

const SHOW: &str = "/shop.v1.Shop/Show";
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test]
async fn headers_that_belong_to_nobody_else_are_metadata() {
    let site = Site::open();
    let headers = "X-Tenant: blue\r\nnote-bin: aGk\r\nauthorization: Bearer secret\r\ncookie: a=b\r\nuser-agent: t\r\n\
        accept: */*\r\nte: trailers\r\nconnect-protocol-version: 1\r\n";
    let answer = site
        .ask(&post(SHOW, "application/json", headers, "{}"))
        .await;
    let expected = serde_json::json!({ "x-tenant": "blue", "note-bin": "hi" });
    assert_eq!(answer.json()["metadata"], expected);
    let bad = post(SHOW, "application/json", "note-bin: *\r\n", "{}");
    site.ask(&bad).await.error(400, "invalid_argument");
    site.close().await;
}

#[tokio::test]
async fn metadata_of_an_answer_becomes_headers() {
    let site = Site::open();
    let body = r#"{"words":["a","b"],"blob":"AP8="}"#;
    let request = post("/shop.v1.Shop/Tell", "application/json", "", body);
    let answer = site.ask(&request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("word"), "a,b");
    assert_eq!(answer.header("blob-bin"), "AP8");
    assert_eq!(answer.header("noise"), "");
    // Metadata cannot speak for HTTP.
    assert_eq!(answer.header("content-length"), "2");
    site.close().await;
}

#[tokio::test]
async fn the_trace_goes_on() {
    let site = Site::open();
    let headers = format!("traceparent: {TRACE}\r\n");
    let answer = site
        .ask(&post(SHOW, "application/json", &headers, "{}"))
        .await;
    let trace = answer.json()["trace"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert_eq!(trace[..36], TRACE[..36]);
    let answer = site
        .ask(&post(
            SHOW,
            "application/json",
            "traceparent: 00-0-0-0\r\n",
            "{}",
        ))
        .await;
    assert_eq!(answer.status, 200);
    site.close().await;
}

#[tokio::test(start_paused = true)]
async fn time_is_the_callers_or_the_methods() {
    let site = Site::open();
    let remaining = |headers: &'static str| {
        let request = post(SHOW, "application/json", headers, "{}");
        let site = &site;
        async move {
            let answer = site.ask(&request).await.json();
            answer["remainingMs"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        }
    };
    assert_eq!(remaining("").await, "700");
    assert_eq!(remaining("connect-timeout-ms: 90\r\n").await, "90");
    // Nobody may ask for longer than a deadline can be.
    assert_eq!(
        remaining("connect-timeout-ms: 9999999999\r\n").await,
        "3600000"
    );
    for bad in ["x", "-1", "+5", "1.5", "", "99999999999"] {
        let headers = format!("connect-timeout-ms: {bad}\r\n");
        let request = post(SHOW, "application/json", &headers, "{}");
        site.ask(&request).await.error(400, "invalid_argument");
    }
    let none = post(SHOW, "application/json", "connect-timeout-ms: 0\r\n", "{}");
    site.ask(&none).await.error(504, "deadline_exceeded");
    site.close().await;
}

#[tokio::test]
async fn the_priority_is_the_idls_whatever_a_client_says() {
    let site = Site::open();
    let headers = "priority: u=0\r\nsvrkit-priority: 0\r\n";
    let answer = site
        .ask(&post(SHOW, "application/json", headers, "{}"))
        .await;
    assert_eq!(answer.json()["priority"], 7);
    site.close().await;
}
