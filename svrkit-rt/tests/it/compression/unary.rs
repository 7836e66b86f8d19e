//! What comes out is what went in, with all that goes beside it.

use super::{BOTH, LARGE, noise, packed, preferring, prose, request};
use crate::support::{ECHO, Over, Peer, Site, Text, service};
use bytes::Bytes;
use prost::Message;
use std::time::Duration;
use svrkit_rt::{Call, ChannelConfig, Codec, Codecs, Reply, Server};

/// A site and a channel that both compress with `codec`.
fn config(codec: Codec, checksum: bool) -> ChannelConfig {
    ChannelConfig {
        compression: preferring(&[codec]),
        checksum,
        ..ChannelConfig::default()
    }
}

#[svrkit::test]
async fn everything_comes_back_as_it_went() {
    for (codec, checksum) in [
        (Codec::Lz4, false),
        (Codec::Lz4, true),
        (Codec::Zstd, false),
        (Codec::Zstd, true),
    ] {
        let server = Server::new().compression(preferring(&[codec]));
        let site = Site::start(Over::Tcp, server.service(service().echo())).await;
        let channel = site.channel_with(config(codec, checksum));
        let bodies = [
            prose(0),
            prose(5_000),
            prose(LARGE),
            prose(300_000),
            prose(2_000_000),
            noise(LARGE),
            noise(300_000),
            Bytes::from(vec![0; 3_000_000]),
        ];
        // The second time the callee has said what it takes.
        for body in bodies.iter().chain(&bodies) {
            let text = Text::data(body.clone());
            let call = Call::new(text.clone())
                .timeout(Duration::from_secs(60))
                .metadata("client-version", "7.0")
                .unwrap()
                .attachment(noise(9_000));
            let reply: Reply<Text> = channel.unary(&ECHO, call).await.unwrap();
            assert_eq!(reply.message, text);
            assert_eq!(reply.metadata.get_str("client-version"), Some("7.0"));
            assert_eq!(reply.attachment, noise(9_000));
        }
        site.stop().await;
    }
}

#[svrkit::test]
async fn what_others_compress_is_read() {
    let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
    let mut peer = Peer::new(connector.connect().unwrap());
    let body = Text::data(prose(LARGE)).encode_to_vec();
    for (id, codec) in (1..).zip(BOTH) {
        let packed = packed(codec, &body);
        let request = request(id, &ECHO, Codecs::NONE, Codecs::only(codec), &packed);
        peer.send(&request).await;
        // Nothing was said of what may be compressed back.
        assert_eq!(peer.answer().await, (id, Ok(body.clone().into())));
    }
    drop(peer);
    site.stop().await;
}
