//! Who gets compressed bodies: those who have said that they take them, in the codec that both have.

use super::{BOTH, LARGE, answer, ask, preferring, prose, request, unpacked};
use crate::hostile::{channel, server_by_hand};
use crate::support::{ECHO, Peer, Site, Text, call, service};
use bytes::Bytes;
use prost::Message;
use svrkit_rt::frame::Header;
use svrkit_rt::{ChannelConfig, Codec, Codecs, Compression, MethodDescriptor, Server, Stream};
use tokio::sync::mpsc;

const NONE: Codecs = Codecs::NONE;

/// Answers are mixed with secrets.
static SECRET: MethodDescriptor = MethodDescriptor {
    never_compressed: true,
    ..MethodDescriptor::plain(201, "test.v1.Test", "Secret", "test.v1.Test/Secret")
};

fn large() -> Text {
    Text::data(prose(LARGE))
}

/// What a server with these preferences compresses a large answer with, for a peer who takes `takes`.
async fn chosen(codecs: &[Codec], takes: Codecs) -> Codecs {
    let server = Server::new().compression(preferring(codecs));
    let (site, connector) = Site::in_memory(server.service(service().echo()));
    let mut peer = Peer::new(connector.connect().unwrap());
    let body = large().encode_to_vec();
    let (header, text) = ask::<Text>(&mut peer, &request(1, &ECHO, takes, NONE, &body)).await;
    assert_eq!(text, large());
    assert_eq!(header.takes, Codecs::BUILT_IN);
    assert_eq!(
        header.packed.is_empty(),
        header.payload_len as usize == body.len()
    );
    drop(peer);
    site.stop().await;
    header.packed
}

#[svrkit::test]
async fn answers_are_in_what_the_server_prefers_of_what_the_caller_takes() {
    use Codec::{Lz4, Zstd};
    let [lz4, zstd] = BOTH.map(Codecs::only);
    let both = Codecs::BUILT_IN;
    for (server, caller, expected) in [
        (&[Zstd, Lz4][..], both, zstd),
        (&[Lz4, Zstd], both, lz4),
        (&[Zstd, Lz4], lz4, lz4),
        (&[Zstd], lz4, NONE),
        (&[Zstd], zstd, zstd),
        (&[Lz4], zstd, NONE),
        // Who says nothing may be older than all this.
        (&[Lz4, Zstd], NONE, NONE),
        (&[], both, NONE),
    ] {
        let found = chosen(server, caller).await;
        assert_eq!(found, expected, "{server:?} for {caller:?}");
    }
}

/// What a client sends to a callee who says with every answer that it takes `takes`.
fn callee(
    takes: Codecs,
) -> (
    svrkit_rt::Endpoint,
    mpsc::UnboundedReceiver<(Header, Bytes)>,
) {
    let (endpoint, mut incoming) = server_by_hand();
    let (seen, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut peer = Peer::new(Stream::new(incoming.recv().await.unwrap()));
        while let Some((header, body)) = peer.frame().await {
            peer.send(&answer(header.request_id, takes, NONE, b""))
                .await;
            seen.send((header, body)).unwrap();
        }
    });
    (endpoint, requests)
}

fn preferring_zstd() -> ChannelConfig {
    ChannelConfig {
        compression: preferring(&[Codec::Zstd, Codec::Lz4]),
        ..ChannelConfig::default()
    }
}

#[svrkit::test]
async fn requests_are_compressed_once_their_callee_has_said_what_it_takes() {
    let [lz4, zstd] = BOTH.map(Codecs::only);
    for (takes, expected) in [(NONE, NONE), (lz4, lz4), (Codecs::BUILT_IN, zstd)] {
        let (endpoint, mut requests) = callee(takes);
        let channel = channel(endpoint, preferring_zstd());
        for packed in [NONE, expected, expected] {
            call(&channel, &ECHO, large()).await.unwrap();
            let (header, body) = requests.recv().await.unwrap();
            assert_eq!((header.packed, header.takes), (packed, Codecs::BUILT_IN));
            let body = unpacked(header.packed, &body);
            assert_eq!(Text::decode(&body[..]).unwrap(), large());
        }
    }
}

#[svrkit::test]
async fn a_channel_that_says_nothing_compresses_nothing() {
    let (endpoint, mut requests) = callee(Codecs::BUILT_IN);
    let channel = channel(endpoint, ChannelConfig::default());
    for _ in 0..2 {
        call(&channel, &ECHO, large()).await.unwrap();
        assert_eq!(requests.recv().await.unwrap().0.packed, NONE);
    }
}

#[svrkit::test]
async fn short_bodies_are_sent_as_they_are() {
    let (endpoint, mut requests) = callee(Codecs::BUILT_IN);
    let channel = channel(endpoint, preferring_zstd());
    call(&channel, &ECHO, "hello").await.unwrap();
    requests.recv().await.unwrap();
    let above = Compression::default().above_bytes;
    // A field has its number and its length before it.
    for (bytes, is_packed) in [(above - 3, false), (above - 2, true)] {
        let text = Text::data(prose(bytes));
        assert_eq!(text.encoded_len() > above, is_packed);
        call(&channel, &ECHO, text).await.unwrap();
        let (header, _) = requests.recv().await.unwrap();
        assert_eq!(!header.packed.is_empty(), is_packed, "{bytes}");
    }
}

#[svrkit::test]
async fn what_must_never_be_compressed_is_not() {
    let (endpoint, mut requests) = callee(Codecs::BUILT_IN);
    let channel = channel(endpoint, preferring_zstd());
    for _ in 0..2 {
        call(&channel, &SECRET, large()).await.unwrap();
        let (header, _) = requests.recv().await.unwrap();
        // Nor is its callee asked to, whose IDL may be older.
        assert_eq!((header.packed, header.takes), (NONE, NONE));
    }
    let handlers = service().answer(&SECRET, |text| async { Ok(text) });
    let server = Server::new().compression(preferring(&BOTH));
    let (site, connector) = Site::in_memory(server.service(handlers));
    let mut peer = Peer::new(connector.connect().unwrap());
    let body = large().encode_to_vec();
    let request = request(1, &SECRET, Codecs::BUILT_IN, NONE, &body);
    let (header, _) = ask::<Text>(&mut peer, &request).await;
    assert_eq!(header.packed, NONE);
    drop(peer);
    site.stop().await;
}
