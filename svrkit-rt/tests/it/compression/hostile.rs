//! Bodies that are not what they say: their calls fail, nobody's memory pays, and the connection lives.

use super::{BOTH, LARGE, answer, block, packed, prose, request, saying};
use crate::hostile::{channel, server_by_hand};
use crate::support::{ECHO, Peer, SMALL, Site, Text, call, service};
use prost::Message;
use svrkit_rt::frame::Header;
use svrkit_rt::{
    ChannelConfig, Code, Codec, Codecs, Limits, MethodDescriptor, Server, Status, Stream,
};

/// A server, and a peer that sends it compressed bodies.
struct Sender {
    site: Site,
    peer: Peer,
    sent: u64,
}

impl Sender {
    fn new(limits: Limits) -> Sender {
        let handlers = service().echo().answer(&SMALL, |text| async { Ok(text) });
        let server = Server::new().limits(limits).service(handlers);
        let (site, connector) = Site::in_memory(server);
        Sender {
            site,
            peer: Peer::new(connector.connect().unwrap()),
            sent: 0,
        }
    }

    /// How a request with this body fails, whose handler must not run. Then the connection still serves.
    async fn refused(&mut self, method: &MethodDescriptor, packed: Codecs, body: &[u8]) -> Status {
        self.sent += 2;
        let id = self.sent;
        let request = request(id, method, Codecs::NONE, packed, body);
        self.peer.send(&request).await;
        let (answered, result) = self.peer.answer().await;
        assert_eq!(answered, id);
        let status = result.expect_err("it must fail");
        assert!(status.not_started(), "{status}");
        status
    }

    async fn fails(&mut self, packed: Codecs, body: &[u8], code: Code) -> Status {
        let status = self.refused(&ECHO, packed, body).await;
        assert_eq!(status.code(), code, "{status}");
        let good = super::request(self.sent + 1, &ECHO, Codecs::NONE, Codecs::NONE, b"");
        self.peer.send(&good).await;
        assert_eq!(self.peer.answer().await.0, self.sent + 1);
        status
    }

    async fn stop(self) {
        drop(self.peer);
        self.site.stop().await;
    }
}

fn message() -> Vec<u8> {
    Text::data(prose(LARGE)).encode_to_vec()
}

#[svrkit::test]
async fn lengths_that_lie() {
    let mut sender = Sender::new(Limits::default());
    let body = message();
    let len = body.len() as u32;
    for codec in BOTH {
        let (block, only) = (block(codec, &body), Codecs::only(codec));
        for wrong in [len - 1, len + 1, 3_000_000] {
            let status = sender
                .fails(only, &saying(wrong, &block), Code::DataLoss)
                .await;
            let words = [codec.name().to_owned(), wrong.to_string()];
            let found = words.iter().all(|word| status.message().contains(word));
            assert!(found, "{status}");
        }
        // Not compared with what is there, but with what may be.
        for wrong in [5_000_000, u32::MAX] {
            let lies = saying(wrong, &block);
            let status = sender.fails(only, &lies, Code::ResourceExhausted).await;
            assert!(status.message().contains(&wrong.to_string()), "{status}");
        }
        // No shorter than before, or not even a length.
        let (with_len, none) = (block.len() + 4, &block[..3]);
        for wrong in [0, 1, with_len as u32] {
            let lies = saying(wrong, &block);
            sender.fails(only, &lies, Code::InvalidArgument).await;
        }
        sender.fails(only, none, Code::InvalidArgument).await;
        sender.fails(only, b"", Code::InvalidArgument).await;
    }
    sender.stop().await;
}

#[svrkit::test]
async fn bombs_do_not_go_off() {
    let mut sender = Sender::new(Limits::default());
    let zeros = vec![0; 64 << 20];
    for codec in BOTH {
        let (block, only) = (block(codec, &zeros), Codecs::only(codec));
        let honest = saying(zeros.len() as u32, &block);
        sender.fails(only, &honest, Code::ResourceExhausted).await;
        let lies = saying(1 << 20, &block);
        sender.fails(only, &lies, Code::DataLoss).await;
    }
    sender.stop().await;
}

#[svrkit::test]
async fn damage_is_told_from_a_message() {
    let mut sender = Sender::new(Limits::default());
    let body = message();
    for codec in BOTH {
        let (whole, only) = (block(codec, &body), Codecs::only(codec));
        for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
            let cut = saying(body.len() as u32, &whole[..cut]);
            sender.fails(only, &cut, Code::DataLoss).await;
        }
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..500 {
            let block: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(300).collect();
            let packed = saying(random.u32(400..100_000), &block);
            sender.fails(only, &packed, Code::DataLoss).await;
        }
        // Some of these give a body of the right length, and then no message, or another one.
        for at in 0..whole.len().min(300) {
            let mut damaged = whole.clone();
            damaged[at] ^= random.u8(1..);
            let packed = saying(body.len() as u32, &damaged);
            let request = request(1, &ECHO, Codecs::NONE, only, &packed);
            sender.peer.send(&request).await;
            assert_eq!(sender.peer.answer().await.0, 1);
        }
    }
    sender.stop().await;
}

#[svrkit::test]
async fn a_body_is_in_one_codec() {
    let mut sender = Sender::new(Limits::default());
    let packed = packed(Codec::Zstd, &message());
    let status = sender
        .fails(Codecs::BUILT_IN, &packed, Code::InvalidArgument)
        .await;
    assert!(status.message().contains("two codecs"), "{status}");
    // The other one's.
    let lz4 = Codecs::only(Codec::Lz4);
    sender.fails(lz4, &packed, Code::DataLoss).await;
    sender.stop().await;
}

#[svrkit::test]
async fn no_body_is_larger_than_a_frame() {
    let mut sender = Sender::new(Limits {
        frame_bytes_max: 50_000,
        ..Limits::default()
    });
    for codec in BOTH {
        let only = Codecs::only(codec);
        let fits = packed(codec, &Text::data(vec![0; 40_000]).encode_to_vec());
        sender
            .peer
            .send(&request(1, &ECHO, Codecs::NONE, only, &fits))
            .await;
        assert!(sender.peer.answer().await.1.is_ok());
        let over = packed(codec, &Text::data(vec![0; 60_000]).encode_to_vec());
        sender.fails(only, &over, Code::ResourceExhausted).await;
    }
    sender.stop().await;
}

#[svrkit::test]
async fn limits_are_of_what_bodies_were() {
    let mut sender = Sender::new(Limits {
        in_flight_bytes_max: 50_000,
        ..Limits::default()
    });
    for codec in BOTH {
        let only = Codecs::only(codec);
        // The IDL says 100.
        let body = packed(codec, &Text::data(vec![0; 200]).encode_to_vec());
        let status = sender.refused(&SMALL, only, &body).await;
        assert_eq!(status.code(), Code::ResourceExhausted);
        let held = packed(codec, &Text::data(vec![0; 60_000]).encode_to_vec());
        let status = sender.fails(only, &held, Code::Overloaded).await;
        assert!(status.message().contains("in_flight_bytes_max"), "{status}");
    }
    sender.stop().await;
}

/// They fail for what their headers say, not for what their bodies are.
#[svrkit::test]
async fn who_is_refused_is_not_decompressed() {
    let unknown = MethodDescriptor::plain(9_999, "test.v1.Test", "None", "test.v1.Test/None");
    let damaged = saying(100_000, b"no block of any codec");
    let mut sender = Sender::new(Limits::default());
    for only in BOTH.map(Codecs::only) {
        let status = sender.refused(&unknown, only, &damaged).await;
        assert_eq!(status.code(), Code::Unimplemented);
    }
    sender.stop().await;
    let mut full = Sender::new(Limits {
        in_flight_per_connection_max: 0,
        ..Limits::default()
    });
    for only in BOTH.map(Codecs::only) {
        let status = full.refused(&ECHO, only, &damaged).await;
        assert_eq!(status.code(), Code::Overloaded);
    }
    full.stop().await;
}

#[svrkit::test]
async fn a_checksum_is_of_what_travels() {
    let mut sender = Sender::new(Limits::default());
    let body = packed(Codec::Zstd, &message());
    let mut request = request(1, &ECHO, Codecs::NONE, Codecs::only(Codec::Zstd), &body);
    request[2] |= 1;
    let sum = crc32c::crc32c_append(crc32c::crc32c(&request[..44]), &body);
    request[44..48].copy_from_slice(&sum.to_le_bytes());
    sender.peer.send(&request).await;
    assert!(sender.peer.answer().await.1.is_ok());
    *request.last_mut().unwrap() ^= 1;
    sender.peer.send(&request).await;
    let status = sender.peer.answer().await.1.unwrap_err();
    assert!(status.message().contains("checksum"), "{status}");
    sender.stop().await;
}

/// How a call fails that a callee answers with this body, and whether the next one on the connection is served.
async fn answered(packed: Codecs, body: Vec<u8>) -> Status {
    let (endpoint, mut incoming) = server_by_hand();
    tokio::spawn(async move {
        let mut peer = Peer::new(Stream::new(incoming.recv().await.unwrap()));
        let (Header { request_id, .. }, _) = peer.frame().await.unwrap();
        peer.send(&answer(request_id, Codecs::NONE, packed, &body))
            .await;
        let (Header { request_id, .. }, _) = peer.frame().await.unwrap();
        peer.send(&answer(request_id, Codecs::NONE, Codecs::NONE, b""))
            .await;
        assert!(peer.frame().await.is_none());
    });
    let channel = channel(endpoint, ChannelConfig::default());
    let status = call(&channel, &ECHO, "").await.expect_err("it must fail");
    call(&channel, &ECHO, "").await.expect("it must be served");
    status
}

#[svrkit::test]
async fn a_client_is_as_wary() {
    let body = message();
    let len = body.len() as u32;
    for codec in BOTH {
        let (block, only) = (block(codec, &body), Codecs::only(codec));
        for (said, code) in [
            (len + 1, Code::DataLoss),
            (len - 1, Code::DataLoss),
            (17 << 20, Code::ResourceExhausted),
            (u32::MAX, Code::ResourceExhausted),
            (0, Code::InvalidArgument),
        ] {
            let status = answered(only, saying(said, &block)).await;
            assert_eq!(status.code(), code, "{status}");
        }
    }
    let status = answered(Codecs::BUILT_IN, packed(Codec::Lz4, &body)).await;
    assert_eq!(status.code(), Code::InvalidArgument);
}
