//! The canonical JSON mapping of protobuf, both ways.

use crate::support::{Answer, Site, post};
use serde_json::json;

async fn show(site: &Site, body: &str) -> Answer {
    let request = post("/shop.v1.Shop/Show", "application/json", "", body);
    site.ask(&request).await
}

#[tokio::test]
async fn every_kind_of_field_comes_back_in_its_canonical_form() {
    let site = Site::open();
    // Either name of a field, numbers as text or not, enums by name or number, both alphabets of base64.
    let ask = json!({
        "user": { "id": 7 },
        "big_number": "-9007199254740993",
        "blob": "_-8",
        "words": ["a", "ü"],
        "counts": { "x": "18446744073709551615" },
        "color": 1,
        "at": "2026-01-02T03:04:05.5Z",
        "maybe": 0,
        "right": 0,
        "name": null,
    });
    let answer = show(&site, &ask.to_string()).await;
    let canonical = json!({
        "user": { "id": "7" },
        "bigNumber": "-9007199254740993",
        "blob": "/+8=",
        "words": ["a", "ü"],
        "counts": { "x": "18446744073709551615" },
        "color": "COLOR_RED",
        "at": "2026-01-02T03:04:05.500Z",
        "maybe": 0,
        "right": 0,
    });
    assert_eq!(answer.json()["ask"], canonical);
    site.close().await;
}

#[tokio::test]
async fn an_unknown_field_is_refused_by_name() {
    let site = Site::open();
    let message = show(&site, r#"{"nmae":"Ann"}"#)
        .await
        .error(400, "invalid_argument");
    assert!(message.contains("nmae"), "{message}");
    let message = show(&site, r#"{"user":{"uin":1}}"#)
        .await
        .error(400, "invalid_argument");
    assert!(message.contains("uin"), "{message}");
    site.close().await;
}

#[tokio::test]
async fn what_is_no_such_message_is_refused() {
    let site = Site::open();
    let deep = "[".repeat(100_000);
    let nested = format!("{{\"words\":{deep}");
    for body in [
        "",
        "nonsense",
        "[]",
        "{",
        "{}{}",
        "null",
        "\u{0}",
        r#"{"name":1}"#,
        r#"{"color":"COLOR_BLUE"}"#,
        r#"{"left":"a","right":1}"#,
        r#"{"maybe":-1}"#,
        r#"{"bigNumber":"9223372036854775808"}"#,
        r#"{"blob":"*"}"#,
        r#"{"at":"yesterday"}"#,
        &deep,
        &nested,
    ] {
        let answer = show(&site, body).await;
        answer.error(400, "invalid_argument");
    }
    let request = post("/shop.v1.Shop/Show", "application/proto", "", "\u{7f}");
    let message = site.ask(&request).await.error(400, "invalid_argument");
    assert!(message.contains("shop.v1.Ask"), "{message}");
    site.close().await;
}
