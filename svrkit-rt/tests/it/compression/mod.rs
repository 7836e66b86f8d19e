//! Bodies that travel compressed: who gets them, that they come out as they were, and what a peer can do with them.

mod counted;
mod hostile;
mod negotiated;
mod streams;
mod unary;

use crate::support::{Peer, frame};
use bytes::Bytes;
use prost::Message;
use svrkit_rt::frame::{Answer, Head, Header, RequestHead};
use svrkit_rt::{Codec, Codecs, Compression, MethodDescriptor};

/// Both codecs, the one in pure Rust first.
const BOTH: [Codec; 2] = [Codec::Lz4, Codec::Zstd];
/// Larger than the usual size above which bodies are compressed.
const LARGE: usize = 20_000;

/// Text that repeats itself as messages do.
fn prose(bytes: usize) -> Bytes {
    let lines =
        (0..).flat_map(|n: u32| format!("message {n} of the conversation, read\n").into_bytes());
    lines.take(bytes).collect()
}

/// Bytes that no codec makes shorter.
fn noise(bytes: usize) -> Bytes {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| random.u8(..))
        .take(bytes)
        .collect()
}

/// A body as the page of the protocol says, made without the crate that is tested.
fn packed(codec: Codec, body: &[u8]) -> Vec<u8> {
    saying(body.len() as u32, &block(codec, body))
}

/// A block that says to have been so long.
fn saying(len: u32, block: &[u8]) -> Vec<u8> {
    [&len.to_le_bytes(), block].concat()
}

fn block(codec: Codec, body: &[u8]) -> Vec<u8> {
    match codec {
        Codec::Lz4 => lz4_flex::block::compress(body),
        Codec::Zstd => zstd::bulk::compress(body, 3).unwrap(),
    }
}

/// What a body was, by the same means.
fn unpacked(packed: Codecs, body: &[u8]) -> Vec<u8> {
    let Some(codec) = packed.single() else {
        assert!(packed.is_empty());
        return body.to_vec();
    };
    let (len, block) = body.split_first_chunk().expect("a length");
    let len = u32::from_le_bytes(*len) as usize;
    let body = match codec {
        Codec::Lz4 => lz4_flex::block::decompress(block, len).unwrap(),
        Codec::Zstd => zstd::bulk::decompress(block, len).unwrap(),
    };
    assert_eq!(body.len(), len);
    body
}

/// A request from a peer that takes `takes`, with a body in `packed`.
fn request(
    id: u64,
    method: &MethodDescriptor,
    takes: Codecs,
    packed: Codecs,
    body: &[u8],
) -> Vec<u8> {
    let head = Head::Request(RequestHead {
        method_id: method.id,
        streams: method.streaming != svrkit_rt::Streaming::None,
        ..RequestHead::default()
    });
    let header = Header {
        takes,
        packed,
        ..Header::new(id, head)
    };
    frame(header, body)
}

/// A successful answer of a callee that admits everything.
fn answer(id: u64, takes: Codecs, packed: Codecs, body: &[u8]) -> Vec<u8> {
    let answer = Answer {
        admitted_business: u8::MAX,
        admitted_user: u8::MAX,
        ..Answer::default()
    };
    let header = Header {
        takes,
        packed,
        ..Header::new(id, Head::Answer(answer))
    };
    frame(header, body)
}

/// Sends a request, and gives the header of its answer with the message as it was.
async fn ask<M: Message + Default>(peer: &mut Peer, request: &[u8]) -> (Header, M) {
    peer.send(request).await;
    let (header, body) = peer.frame().await.expect("an answer");
    let body = unpacked(header.packed, &body);
    (header, M::decode(&body[..]).unwrap())
}

fn preferring(codecs: &[Codec]) -> Compression {
    Compression {
        codecs: codecs.to_vec(),
        ..Compression::default()
    }
}
