//! Work that nobody waits for any more is stopped.

use crate::support::{ACT, ECHO, Peer, Site, Text, call, frame, request_frame, service};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::frame::{Head, Header};
use svrkit_rt::testing::serve;
use svrkit_rt::{Channel, Server};
use tokio::time::sleep;

/// Counts handlers that began and handlers that were dropped unfinished.
#[derive(Clone, Default)]
struct Count {
    begun: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

struct Unfinished(Arc<AtomicUsize>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Count {
    fn begin(&self) -> Unfinished {
        self.begun.fetch_add(1, SeqCst);
        Unfinished(self.dropped.clone())
    }

    fn read(&self) -> (usize, usize) {
        (self.begun.load(SeqCst), self.dropped.load(SeqCst))
    }
}

/// A service that waits for the next one, or for ever.
fn link(next: Option<Channel>, count: &Count) -> Channel {
    let count = count.clone();
    serve(
        Server::new().service(service().answer(&ACT, move |text: Text| {
            let unfinished = count.begin();
            let next = next.clone();
            async move {
                let _unfinished = unfinished;
                match next {
                    Some(next) => call(&next, &ACT, text).await,
                    None => std::future::pending().await,
                }
            }
        })),
    )
}

#[svrkit::test]
async fn a_dropped_call_stops_a_chain_of_three_services() {
    let count = Count::default();
    let last = link(None, &count);
    let middle = link(Some(last), &count);
    let first = link(Some(middle), &count);
    {
        let calling = call(&first, &ACT, "all the way");
        let gone = tokio::time::timeout(Duration::from_millis(100), calling).await;
        assert!(gone.is_err());
    }
    sleep(Duration::from_millis(1)).await;
    assert_eq!(count.read(), (3, 3));
}

#[svrkit::test]
async fn a_cancel_right_behind_its_request_is_not_lost() {
    let count = Count::default();
    let seen = count.clone();
    let handlers = service().echo().answer(&ACT, move |_| {
        let unfinished = seen.begin();
        async move {
            let _unfinished = unfinished;
            std::future::pending().await
        }
    });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut peer = Peer::new(connector.connect().unwrap());
    let mut bytes = request_frame(1, ACT.id, 60_000_000, &[]);
    bytes.extend(frame(Header::new(1, Head::Cancel), &[]));
    bytes.extend(request_frame(2, ECHO.id, 60_000_000, &[]));
    peer.send(&bytes).await;
    let (request_id, result) = peer.answer().await;
    assert_eq!(request_id, 2, "a cancelled request is not answered");
    assert!(result.is_ok());
    let (begun, dropped) = count.read();
    assert_eq!(begun, dropped);
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn cancels_of_strangers_are_ignored() {
    let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
    let mut peer = Peer::new(connector.connect().unwrap());
    peer.send(&frame(Header::new(77, Head::Cancel), &[])).await;
    peer.send(&request_frame(1, ECHO.id, 0, &[])).await;
    assert!(peer.answer().await.1.is_ok());
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn a_peer_that_vanishes_takes_its_work_with_it() {
    let count = Count::default();
    let channel = link(None, &count);
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let channel = channel.clone();
            tokio::spawn(async move { call(&channel, &ACT, "").await })
        })
        .collect();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(count.read(), (10, 0));
    drop(channel);
    for call in &calls {
        call.abort();
    }
    sleep(Duration::from_millis(1)).await;
    assert_eq!(count.read(), (10, 10));
}

/// A late cancel must not hit the next call with the same id: here the first request is answered before its cancel arrives.
#[svrkit::test]
async fn a_cancel_after_the_answer_stops_nothing() {
    let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
    let mut peer = Peer::new(connector.connect().unwrap());
    peer.send(&request_frame(1, ECHO.id, 0, &[])).await;
    assert!(peer.answer().await.1.is_ok());
    peer.send(&frame(Header::new(1, Head::Cancel), &[])).await;
    for request_id in [1, 1, 2] {
        peer.send(&request_frame(request_id, ECHO.id, 0, &[])).await;
        assert!(peer.answer().await.1.is_ok());
    }
    drop(peer);
    site.stop().await;
}
