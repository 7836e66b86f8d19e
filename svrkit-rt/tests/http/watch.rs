//! A look at a running server's connections.

use crate::generated::shop::v1::{Ask, ShopClient};
use crate::support::Site;
use svrkit_rt::{Channel, Server};

#[tokio::test]
async fn connections_are_seen_with_what_they_carry() {
    let mut watch = None;
    let site = Site::with(|server| {
        watch = Some(server.watch());
        server
    });
    let watch = watch.expect("a watch");
    assert!(watch.connections(0, 10).is_empty());

    let shop = ShopClient::new(Channel::memory(site.connector.clone()).expect("a channel"));
    shop.show(Ask::default()).await.expect("an answer");
    let waiting = tokio::spawn(async move { shop.wait(Ask::default()).await });
    site.ledger.started.notified().await;
    let mut peer = site.peer();
    peer.send("GET /health HTTP/1.1\r\n\r\n").await;
    peer.answer().await;

    let open = watch.connections(0, 10);
    let [frames, http] = open.as_slice() else {
        panic!("{open:?}");
    };
    assert_eq!((frames.id, http.id), (1, 2));
    assert_eq!(frames.traffic.protocol, "frames");
    assert_eq!(frames.traffic.in_flight, 1);
    assert!(frames.traffic.received_bytes >= 96 && frames.traffic.sent_bytes >= 48);
    assert_eq!(http.traffic.protocol, "http");
    assert_eq!(http.traffic.received_bytes, 24);
    assert!(http.traffic.sent_bytes > 24);
    assert_eq!(watch.connections(1, 10).len(), 1);
    assert_eq!(watch.connections(0, 1).len(), 1);
    assert_eq!(watch.connections(u64::MAX, 10).len(), 0);
    let names: Vec<_> = watch.services().iter().map(|s| s.full_name).collect();
    assert!(names.contains(&"shop.v1.Shop"), "{names:?}");

    site.ledger.go_on.notify_one();
    waiting.await.expect("no panic").expect("an answer");
    drop(peer);
    site.close().await;
    assert_eq!(watch.connection_count(), 0);
}

#[tokio::test]
async fn before_a_server_runs_there_is_nothing() {
    let watch = Server::new().watch();
    assert_eq!(watch.connection_count(), 0);
    assert!(watch.services().is_empty());
}
