//! Frames that were damaged, cut, repeated and mixed: the decoder and the server behind it neither panic nor take memory for them.

use crate::support::{ECHO, PUT, Site, TALK, Text, call, service};
use prost::Message;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use svrkit_rt::Server;
use svrkit_rt::frame::{Answer, Credit, GoAway, HEADER_BYTES, Head, Header, RequestHead};
use svrkit_rt::testing::{Seed, probe, run_test};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Inputs of the decoder alone. More by `SVRKIT_MUTATIONS`; the server gets a tenth.
const INPUTS: usize = 100_000;
const PAYLOAD_BYTES_MAX: usize = 64 * 1024;
/// The payload, a read ahead, and what growing by doubling may waste of both.
const BUFFER_BYTES_MAX: usize = 4 * PAYLOAD_BYTES_MAX;

fn inputs() -> usize {
    let asked = std::env::var("SVRKIT_MUTATIONS").ok();
    asked.map_or(INPUTS, |n| n.parse().expect("SVRKIT_MUTATIONS is a number"))
}

fn bytes(rng: &mut fastrand::Rng, len: usize) -> Vec<u8> {
    std::iter::repeat_with(|| rng.u8(..)).take(len).collect()
}

/// A frame such as a proper peer might send.
fn frame(rng: &mut fastrand::Rng, out: &mut Vec<u8>) {
    let head = match rng.u8(..16) {
        0 => Head::Cancel,
        1 => Head::GoAway(GoAway {
            code: rng.u16(..20),
        }),
        2 => Head::Unknown(rng.u8(11..16)),
        3 => Head::Answer(Answer {
            code: rng.u16(..20),
            ..Answer::default()
        }),
        4..8 => Head::Message,
        8 => Head::End,
        9 => Head::Credit(Credit { bytes: rng.u32(..) }),
        10..12 => Head::Request(RequestHead {
            method_id: if rng.bool() { TALK.id } else { PUT.id },
            timeout_us: rng.u32(..),
            streams: rng.u8(..8) > 0,
            ..RequestHead::default()
        }),
        _ => Head::Request(RequestHead {
            method_id: if rng.u8(..4) == 0 {
                rng.u32(..)
            } else {
                ECHO.id
            },
            timeout_us: rng.u32(..),
            routing_key: rng.u64(..),
            ..RequestHead::default()
        }),
    };
    let mut extension = Vec::new();
    let has_trace = rng.u8(..4) == 0;
    if has_trace {
        extension.extend(bytes(rng, 25));
    }
    for _ in 0..rng.usize(..3) {
        let value = rng.usize(..20);
        extension.extend([3, value as u8, 0, b'k', b'e', b'y']);
        extension.extend(bytes(rng, value));
    }
    let len = rng.usize(..60);
    let text = Text::data(bytes(rng, len));
    let body = text.encode_to_vec();
    let attached = rng.usize(..80);
    let attachment = bytes(rng, attached);
    let payload = [&extension[..], &body, &attachment].concat();
    let mut header = Header {
        payload_len: payload.len() as u32,
        extension_len: extension.len() as u32,
        attachment_len: attachment.len() as u32,
        has_trace,
        ..Header::new(rng.u64(..8), head)
    };
    if rng.u8(..3) == 0 {
        header.checksum = Some(0);
        let raw = header.encode();
        let sum = crc32c::crc32c_append(crc32c::crc32c(&raw[..HEADER_BYTES - 4]), &payload);
        header.checksum = Some(sum);
    }
    out.extend(header.encode());
    out.extend(payload);
}

fn frames(rng: &mut fastrand::Rng) -> (Vec<u8>, usize) {
    let count = rng.usize(1..5);
    let mut bytes = Vec::new();
    for _ in 0..count {
        frame(rng, &mut bytes);
    }
    (bytes, count)
}

/// Some damage.
fn mutate(rng: &mut fastrand::Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..6) {
        if bytes.is_empty() {
            return;
        }
        let at = rng.usize(..bytes.len());
        let len = rng.usize(..=(bytes.len() - at).min(100));
        match rng.u8(..7) {
            0 => bytes[at] ^= 1 << rng.u8(..8),
            1 => bytes[at] = *rng.choice([0, 1, 0x7f, 0x80, 0xff, 0xd7].iter()).unwrap(),
            2 => drop(bytes.drain(at..at + len)),
            3 => {
                let again = bytes[at..at + len].to_vec();
                let to = rng.usize(..=bytes.len());
                bytes.splice(to..to, again);
            }
            4 => bytes.truncate(at),
            5 => bytes.insert(at, rng.u8(..)),
            // The lengths in the first header, where damage is most telling.
            _ => {
                let field = *rng.choice([4, 36, 40].iter()).unwrap();
                if let Some(length) = bytes.get_mut(field..field + 4) {
                    length.copy_from_slice(&rng.u32(..).rotate_right(rng.u32(..32)).to_le_bytes());
                }
            }
        }
    }
}

fn pieces(rng: &mut fastrand::Rng) -> Vec<usize> {
    let longest = *rng.choice([1, 7, 50, 400].iter()).unwrap();
    (0..rng.usize(..20))
        .map(|_| rng.usize(1..=longest))
        .collect()
}

#[test]
fn the_decoder_survives_mutated_frames() {
    crate::alone(|| run_test("the_decoder_survives_mutated_frames", decode_mutated));
}

async fn decode_mutated(seed: Seed) {
    let mut rng = seed.rng();
    let mut refused = 0;
    for _ in 0..inputs() {
        let (mut bytes, _) = frames(&mut rng);
        mutate(&mut rng, &mut bytes);
        let pieces = pieces(&mut rng);
        let decoded = probe::decode(&bytes, &pieces, PAYLOAD_BYTES_MAX).await;
        let bounded = decoded.buffer_bytes_max <= BUFFER_BYTES_MAX;
        assert!(bounded, "{bytes:?}: {decoded:?}");
        refused += decoded.error.is_some() as usize;
    }
    let enough = inputs() / 100;
    assert!(
        refused > enough,
        "the damage was too small to test anything"
    );
}

#[test]
fn frames_are_the_same_however_they_are_cut() {
    crate::alone(|| run_test("frames_are_the_same_however_they_are_cut", decode_cut));
}

async fn decode_cut(seed: Seed) {
    let mut rng = seed.rng();
    for _ in 0..inputs() / 20 {
        let (bytes, count) = frames(&mut rng);
        let whole = probe::decode(&bytes, &[], PAYLOAD_BYTES_MAX).await;
        assert_eq!(whole.frames.len(), count, "{bytes:?}");
        assert_eq!(whole.error, None);
        let cut = probe::decode(&bytes, &pieces(&mut rng), PAYLOAD_BYTES_MAX).await;
        assert_eq!(cut.frames, whole.frames);
    }
}

#[test]
fn a_server_survives_mutated_frames() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    crate::alone(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(|info| {
            PANICS.fetch_add(1, SeqCst);
            eprintln!("{info}");
        }));
        run_test("a_server_survives_mutated_frames", serve_mutated);
        std::panic::set_hook(before);
        assert_eq!(PANICS.load(SeqCst), 0);
    });
}

async fn serve_mutated(seed: Seed) {
    let handlers = service()
        .echo()
        .put(&PUT, |mut requests| async move {
            while requests.next().await?.is_some() {}
            Ok(Text::default())
        })
        .talk(&TALK, |context, mut requests, mut answers| async move {
            while let Some(text) = requests.next().await? {
                answers.send(text).await?;
            }
            Ok(context)
        });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut rng = seed.rng();
    let mut resident = 0;
    for n in 0..inputs() / 10 {
        let (mut bytes, _) = frames(&mut rng);
        mutate(&mut rng, &mut bytes);
        let mut stream = connector.connect().unwrap();
        // The server may send us away before it has all of it.
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        let mut answers = Vec::new();
        stream.read_to_end(&mut answers).await.unwrap();
        assert!(answers.len() < 100_000);
        if n == inputs() / 20 {
            resident = crate::resident_bytes();
        }
    }
    let grown = crate::resident_bytes().saturating_sub(resident);
    assert!(grown < 8 << 20, "{grown} bytes more than half-way through");
    call(&site.channel(), &ECHO, "still there").await.unwrap();
    site.stop().await;
}
