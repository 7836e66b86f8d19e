//! The end of a server, seen from HTTP.

use crate::support::{Site, post};
use svrkit_rt::ServingStatus;

#[tokio::test]
async fn what_is_in_flight_is_finished_and_the_connection_closes() {
    let site = Site::open();
    let mut idle = site.peer();
    idle.send("GET /health HTTP/1.1\r\n\r\n").await;
    assert_eq!(idle.answer().await.status, 200);
    let mut busy = site.peer();
    busy.send(post("/shop.v1.Shop/Wait", "application/json", "", "{}"))
        .await;
    site.ledger.started.notified().await;

    let (ledger, health) = (site.ledger.clone(), site.health.clone());
    let drained = site.drain();
    assert!(idle.is_closed().await);
    assert_eq!(health.status(""), Some(ServingStatus::NotServing));
    assert_eq!(
        health.status("shop.v1.Shop"),
        Some(ServingStatus::NotServing)
    );
    ledger.go_on.notify_one();
    let answer = busy.answer().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("connection"), "close");
    assert!(busy.is_closed().await);
    drained.await.expect("no panic").expect("a clean end");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_finish_is_cancelled() {
    let site = Site::open();
    let mut busy = site.peer();
    let headers = "connect-timeout-ms: 3600000\r\n";
    busy.send(post(
        "/shop.v1.Shop/Wait",
        "application/json",
        headers,
        "{}",
    ))
    .await;
    site.ledger.started.notified().await;
    let ledger = site.ledger.clone();
    let begun = tokio::time::Instant::now();
    site.close().await;
    assert_eq!(begun.elapsed().as_secs(), 10);
    ledger.dropped.notified().await;
    assert!(busy.is_closed().await);
}
