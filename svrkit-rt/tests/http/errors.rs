//! Failures in the words of the Connect protocol.

use crate::support::{Site, post};
use serde_json::json;

async fn fail(site: &Site, fault: serde_json::Value) -> crate::support::Answer {
    let body = fault.to_string();
    let request = post("/shop.v1.Shop/Fail", "application/json", "", &body);
    site.ask(&request).await
}

#[tokio::test]
async fn a_status_keeps_its_code_and_message() {
    let site = Site::open();
    for (code, http, name) in [
        (1, 499, "canceled"),
        (5, 404, "not_found"),
        (6, 409, "already_exists"),
        (9, 400, "failed_precondition"),
        (13, 500, "internal"),
        (14, 503, "unavailable"),
    ] {
        let answer = fail(
            &site,
            json!({ "code": code, "message": "no \"such\" thing" }),
        )
        .await;
        let message = answer.error(http, name);
        assert_eq!(message, "no \"such\" thing");
        assert_eq!(answer.header("svrkit-code"), "");
    }
    site.close().await;
}

#[tokio::test]
async fn overload_says_when_to_come_back() {
    let site = Site::open();
    let answer = fail(&site, json!({ "code": 17, "message": "busy" })).await;
    answer.error(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.header("svrkit-code"), "overloaded");
    site.close().await;
}

#[tokio::test]
async fn a_reason_is_an_error_info() {
    let site = Site::open();
    let fault = json!({ "code": 5, "message": "m", "domain": "shop", "reason": "SOLD" });
    let answer = fail(&site, fault).await;
    let detail = &answer.json()["details"][0];
    assert_eq!(detail["type"], "google.rpc.ErrorInfo");
    assert_eq!(detail["value"], "CgRTT0xEEgRzaG9w");
    assert_eq!(detail["debug"]["reason"], "SOLD");
    assert_eq!(detail["debug"]["domain"], "shop");
    site.close().await;
}

#[tokio::test]
async fn a_caller_of_protobuf_gets_its_errors_in_json_too() {
    let site = Site::open();
    let request = post("/shop.v1.Shop/Fail", "application/proto", "", "\u{8}\u{5}");
    site.ask(&request).await.error(404, "not_found");
    site.close().await;
}
