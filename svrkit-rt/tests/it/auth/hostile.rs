//! Frames of these kinds that make no sense end their connection, and nothing else.

use super::{channel_to, key, seen_as, server};
use crate::support::{Peer, Site, frame};
use svrkit_rt::frame::{Head, Header};
use svrkit_rt::{Code, Endpoint, Status};

async fn told(site: &svrkit_rt::MemoryConnector, bytes: &[u8]) -> Status {
    let mut peer = Peer::new(site.connect().unwrap());
    peer.send(bytes).await;
    peer.go_away().await
}

#[svrkit::test]
async fn lengths_are_compared_before_anything_is_kept() {
    let (site, connector) = Site::in_memory(server());
    for head in [Head::Identify, Head::Proof] {
        // Nothing follows: what is promised is not waited for.
        let mut header = Header::new(0, head);
        header.payload_len = 129;
        let status = told(&connector, &header.encode()).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
    for len in [0, 39, 128] {
        let status = told(
            &connector,
            &frame(Header::new(0, Head::Identify), &vec![7; len]),
        )
        .await;
        let expected = match len {
            128 => Code::Unauthenticated,
            _ => Code::InvalidArgument,
        };
        // Of 128 bytes the name is no UTF-8, or nobody's.
        assert_eq!(status.code(), expected, "{len} bytes: {status}");
    }
    site.stop().await;
}

#[svrkit::test]
async fn a_proof_of_nothing_is_none() {
    let (site, connector) = Site::in_memory(server());
    let status = told(&connector, &frame(Header::new(0, Head::Proof), &[7; 32])).await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    site.stop().await;
}

#[svrkit::test]
async fn any_bytes_harm_nobody_else() {
    let (site, connector) = Site::in_memory(server());
    let ada = channel_to(Endpoint::memory(connector.clone()).identify(key("ada")));
    for seed in 0..500 {
        let mut random = fastrand::Rng::with_seed(seed);
        let head = [Head::Identify, Head::Challenge, Head::Proof][random.usize(..3)];
        let body: Vec<u8> = (0..random.usize(..200)).map(|_| random.u8(..)).collect();
        let mut peer = Peer::new(connector.connect().unwrap());
        peer.send(&frame(Header::new(random.u64(..), head), &body))
            .await;
        // A challenge to a server is skipped.
        if head != Head::Challenge {
            assert_ne!(peer.go_away().await.code(), Code::Ok);
        }
    }
    assert_eq!(seen_as(&ada).await.unwrap(), "ada by key");
    site.stop().await;
}
