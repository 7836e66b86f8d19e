//! What the codecs cost and gain: `cargo test --release -p svrkit-rt --features lz4,zstd --lib compression::figures -- --ignored --nocapture`.

use super::codec::Codec;
use super::codecs::Codecs;
use super::config::Compression;
use super::packer::Packer;
use super::packing::Packing;
use crate::descriptor::MethodDescriptor;
use bytes::Bytes;
use prost::Message;
use std::hint::black_box;
use std::time::Instant;

const KIB: usize = 1024;
const MIB: f64 = (KIB * KIB) as f64;
/// Turns of which the best counts: others use the machine, too.
const TURNS: usize = 200;
const WORDS: [&str; 24] = [
    "the", "of", "and", "to", "in", "that", "we", "is", "was", "it", "for", "with", "tomorrow",
    "dinner", "train", "really", "photo", "meeting", "thanks", "weekend", "office", "later",
    "already", "perhaps",
];

static METHOD: MethodDescriptor = MethodDescriptor::plain(1, "a.B", "C", "a.B/C");

/// A page of an inbox: numbers that count up, numbers that do not, and short texts.
#[derive(Clone, PartialEq, Message)]
struct Inbox {
    #[prost(message, repeated, tag = "1")]
    items: Vec<Item>,
}

#[derive(Clone, PartialEq, Message)]
struct Item {
    #[prost(uint64, tag = "1")]
    version: u64,
    #[prost(uint64, tag = "2")]
    sender: u64,
    #[prost(uint64, tag = "3")]
    sent_ms: u64,
    #[prost(fixed64, tag = "4")]
    client_message_id: u64,
    #[prost(string, tag = "5")]
    text: String,
}

fn sentence(random: &mut fastrand::Rng, words: usize) -> String {
    let words: Vec<_> = (0..words)
        .map(|_| WORDS[random.usize(..WORDS.len())])
        .collect();
    words.join(" ")
}

fn inbox(bytes: usize) -> Bytes {
    let mut random = fastrand::Rng::with_seed(1);
    let mut inbox = Inbox::default();
    while inbox.encoded_len() < bytes {
        let at = inbox.items.len() as u64;
        inbox.items.push(Item {
            version: 1_000_000 + at,
            sender: 10_000 + random.u64(..200),
            sent_ms: 1_790_000_000_000 + at * 7_000 + random.u64(..5_000),
            client_message_id: random.u64(..),
            text: {
                let words = random.usize(1..20);
                sentence(&mut random, words)
            },
        });
    }
    inbox.encode_to_vec().into()
}

fn text(bytes: usize) -> Bytes {
    let mut random = fastrand::Rng::with_seed(2);
    let mut text = String::new();
    while text.len() < bytes {
        text.push_str(&sentence(&mut random, 12));
        text.push_str(".\n");
    }
    text.truncate(bytes);
    text.into()
}

fn noise(bytes: usize) -> Bytes {
    let mut random = fastrand::Rng::with_seed(3);
    std::iter::repeat_with(|| random.u8(..))
        .take(bytes)
        .collect()
}

/// Microseconds of the best turn for each MiB of `bytes`.
fn us_per_mib(bytes: usize, mut work: impl FnMut()) -> f64 {
    let turns = (0..TURNS).map(|_| {
        let begun = Instant::now();
        work();
        begun.elapsed().as_secs_f64() * 1e6
    });
    turns.fold(f64::INFINITY, f64::min) * MIB / bytes as f64
}

#[test]
#[ignore = "a measurement"]
fn costs_and_gains() {
    println!("| body | codec | ratio | compress, \u{b5}s/MiB | decompress, \u{b5}s/MiB |");
    println!("|---|---|---|---|---|");
    type Make = fn(usize) -> Bytes;
    for (what, make) in [
        ("messages", inbox as Make),
        ("text", text),
        ("noise", noise),
    ] {
        for kib in [1, 16, 256] {
            for codec in Codec::ALL {
                let body = make(kib * KIB);
                let compression = Compression {
                    codecs: vec![codec],
                    above_bytes: 0,
                };
                let pack = || {
                    // A new one each time: what gains nothing would be left alone.
                    let packer = Packer::new(&compression)?;
                    packer.pack(Codecs::BUILT_IN, &METHOD, &body, None)
                };
                let packing_us = us_per_mib(body.len(), || drop(black_box(pack())));
                let (ratio, unpacking) = match pack() {
                    None => ("sent as it is".to_owned(), "".to_owned()),
                    Some(packed) => {
                        let ratio = body.len() as f64 / packed.body.len() as f64;
                        let packing = Packing::of(Codecs::only(codec), &packed.body);
                        let packing = packing.unwrap().unwrap();
                        let us = us_per_mib(body.len(), || {
                            drop(black_box(packing.unpack(&packed.body)));
                        });
                        (format!("{ratio:.1}"), format!("{us:.0}"))
                    }
                };
                println!(
                    "| {kib} KiB {what} | {} | {ratio} | {packing_us:.0} | {unpacking} |",
                    codec.name()
                );
            }
        }
    }
}
