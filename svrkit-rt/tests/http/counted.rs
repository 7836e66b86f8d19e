//! Calls over HTTP count as others do.

use crate::support::{Site, post};
use svrkit_rt::monitor::{self, Value};

fn calls(code: &str) -> u64 {
    let labels = [
        ("service", "shop.v1.Shop"),
        ("method", "Show"),
        ("code", code),
    ];
    match monitor::snapshot().get("rpc_server_calls", &labels) {
        Some(Value::Counter(n)) => *n,
        None => 0,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_call_over_http_is_a_call() {
    let site = Site::open();
    let before = calls("ok");
    let request = post("/shop.v1.Shop/Show", "application/json", "", "{}");
    site.ask(&request).await.json();
    // Other tests of this program call it, too.
    assert!(calls("ok") > before);
    site.close().await;
}
