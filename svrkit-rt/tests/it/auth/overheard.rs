//! What was heard on one connection is of no use on another.

use super::{channel_to, key, seen_as, server};
use crate::support::{Peer, Site};
use std::io;
use std::sync::{Arc, Mutex};
use svrkit_rt::frame::Head;
use svrkit_rt::{BoxFuture, Code, Connect, Endpoint, MemoryConnector, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, split};

/// Frames of a caller that identifies, as it sent them.
pub(super) struct Overheard {
    pub(super) identify: Vec<u8>,
    proof: Vec<u8>,
}

/// A way to a server on which somebody listens.
struct Tapped {
    to: MemoryConnector,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Connect for Tapped {
    fn connect(&self) -> BoxFuture<io::Result<Stream>> {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let (server, heard) = (self.to.connect(), self.heard.clone());
        Box::pin(async move {
            let (mut from_server, mut to_server) = split(server?);
            let (mut from_caller, mut to_caller) = split(far);
            tokio::spawn(async move {
                let there = async {
                    let mut bytes = [0; 4096];
                    while let Ok(n @ 1..) = from_caller.read(&mut bytes).await {
                        heard.lock().unwrap().extend_from_slice(&bytes[..n]);
                        to_server.write_all(&bytes[..n]).await?;
                    }
                    io::Result::Ok(())
                };
                let back = tokio::io::copy(&mut from_server, &mut to_caller);
                tokio::select! { _ = there => {} _ = back => {} }
            });
            Ok(Stream::new(near))
        })
    }
}

/// Listens to Ada.
pub(super) async fn overhear(connector: &MemoryConnector) -> Overheard {
    let heard = Arc::<Mutex<Vec<u8>>>::default();
    let tapped = Tapped {
        to: connector.clone(),
        heard: heard.clone(),
    };
    let endpoint = Endpoint::custom("tapped", tapped).identify(key("ada"));
    let channel = channel_to(endpoint);
    assert_eq!(seen_as(&channel).await.unwrap(), "ada by key");
    let mut heard = heard.lock().unwrap().clone();
    let mut proof = heard.split_off(48 + 8 + 32 + "ada".len());
    proof.truncate(48 + 32);
    Overheard {
        identify: heard,
        proof,
    }
}

#[svrkit::test]
async fn a_proof_does_not_fit_a_second_time() {
    let (site, connector) = Site::in_memory(server());
    let heard = overhear(&connector).await;
    let mut eve = Peer::new(connector.connect().unwrap());
    eve.send(&heard.identify).await;
    let (challenge, _) = eve.frame().await.unwrap();
    assert_eq!(challenge.head, Head::Challenge);
    eve.send(&heard.proof).await;
    let status = eve.go_away().await;
    assert_eq!(status.code(), Code::Unauthenticated, "{status}");
    site.stop().await;
}

#[svrkit::test]
async fn who_does_not_answer_a_challenge_is_sent_away() {
    let (site, connector) = Site::in_memory(server());
    let heard = overhear(&connector).await;
    let mut eve = Peer::new(connector.connect().unwrap());
    eve.send(&heard.identify).await;
    eve.frame().await.unwrap();
    let before = tokio::time::Instant::now();
    let status = eve.go_away().await;
    assert_eq!(status.code(), Code::Unauthenticated, "{status}");
    assert!(status.message().contains("proof_timeout_ms"), "{status}");
    assert_eq!(before.elapsed().as_millis(), 5_000);
    site.stop().await;
}

#[svrkit::test]
async fn a_name_is_shown_once() {
    let (site, connector) = Site::in_memory(server());
    let heard = overhear(&connector).await;
    let mut eve = Peer::new(connector.connect().unwrap());
    eve.send(&[&heard.identify[..], &heard.identify].concat())
        .await;
    eve.frame().await.unwrap();
    let status = eve.go_away().await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    site.stop().await;
}
