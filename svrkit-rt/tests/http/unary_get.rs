//! GET for methods that may be called twice.

use crate::generated::shop::v1::Seen;
use crate::support::Site;
use svrkit_rt::codegen::prost::Message;

async fn get(site: &Site, query: &str) -> crate::support::Answer {
    let request = format!("GET /shop.v1.Shop/Show?{query} HTTP/1.1\r\nhost: shop\r\n\r\n");
    site.ask(&request).await
}

#[tokio::test]
async fn json_stands_in_the_query() {
    let site = Site::open();
    let message = "%7B%22user%22%3A%7B%22id%22%3A%229%22%7D%2C%22name%22%3A%22A+b%22%7D";
    let answer = get(
        &site,
        &format!("connect=v1&encoding=json&message={message}"),
    )
    .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.json()["ask"]["name"], "A b");
    assert_eq!(answer.json()["routingKey"], "9");
    site.close().await;
}

#[tokio::test]
async fn protobuf_stands_in_the_query_as_base64() {
    let site = Site::open();
    // Field 1 is a user whose id is 9; with padding and without.
    for message in ["CgIICQ", "CgIICQ=="] {
        let answer = get(&site, &format!("base64=1&encoding=proto&message={message}")).await;
        assert_eq!(answer.header("content-type"), "application/proto");
        let seen = Seen::decode(&answer.body[..]).expect("a Seen");
        assert_eq!(seen.routing_key, 9);
    }
    let empty = get(&site, "encoding=proto&message=").await;
    assert_eq!(empty.status, 200);
    site.close().await;
}

#[tokio::test]
async fn a_query_that_is_no_call_is_refused() {
    let site = Site::open();
    for query in [
        "",
        "message=%7B%7D",
        "encoding=json",
        "encoding=xml&message=%7B%7D",
        "encoding=json&message=%7B%7D&connect=v2",
        "encoding=json&message=%7",
        "encoding=json&message=%FF",
        "encoding=proto&base64=1&message=***",
    ] {
        get(&site, query).await.error(400, "invalid_argument");
    }
    let compressed = get(&site, "encoding=json&message=%7B%7D&compression=gzip").await;
    compressed.error(501, "unimplemented");
    site.close().await;
}
