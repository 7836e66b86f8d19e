//! Mars' frame: five big-endian numbers of 32 bits (length of the head, client version, command id, sequence number, length of the
//! body), then the body.

use bytes::{Buf, Bytes, BytesMut};
use prost::Message;
use std::fmt;

/// Bytes of a head as we write it. A longer one is read, and what it has more is skipped.
pub const HEAD_BYTES: usize = 20;
/// The version that clients of this protocol say they have.
pub const CLIENT_VERSION: u32 = 200;
/// Bytes of a body: Mars gives a link up above 1 MiB a frame.
pub const BODY_BYTES_MAX: usize = 1024 * 1024 - HEAD_BYTES;
/// The sequence number of what the server pushes.
pub const SEQ_PUSH: u32 = 0;
/// The sequence number of heartbeats.
pub const SEQ_HEARTBEAT: u32 = 0xFFFF_FFFF;

/// Bytes of the longest head that is believed.
const HEAD_BYTES_MAX: usize = 1024;

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub cmd_id: u32,
    /// Which request it answers; [`SEQ_PUSH`] when none.
    pub seq: u32,
    /// A message of protobuf.
    pub body: Bytes,
}

/// Why bytes are no frame. Nothing after it on the same link can be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// A head of this many bytes.
    Head(u32),
    /// The other end speaks this client version, and not ours.
    Version(u32),
    /// A body of this many bytes.
    Body(u32),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::Head(len) => write!(f, "head of a frame is {len} bytes"),
            FrameError::Version(version) => write!(f, "frame is of client version {version}"),
            FrameError::Body(len) => write!(f, "body of a frame is {len} bytes"),
        }
    }
}

impl std::error::Error for FrameError {}

/// Appends a frame to `out`.
///
/// # Panics
/// When the body is larger than 4 GiB.
pub fn encode_frame(
    client_version: u32,
    cmd_id: u32,
    seq: u32,
    body: &impl Message,
    out: &mut BytesMut,
) {
    encode_head(client_version, cmd_id, seq, body.encoded_len(), out);
    body.encode_raw(out);
}

/// Appends a frame's head, and room for its body.
pub(super) fn encode_head(
    client_version: u32,
    cmd_id: u32,
    seq: u32,
    body_bytes: usize,
    out: &mut BytesMut,
) {
    let body_len = u32::try_from(body_bytes).expect("a body of less than 4 GiB");
    out.reserve(HEAD_BYTES + body_bytes);
    for number in [HEAD_BYTES as u32, client_version, cmd_id, seq, body_len] {
        out.extend_from_slice(&number.to_be_bytes());
    }
}

/// Takes the next whole frame from the front of `input`; `None` when there is none yet.
///
/// # Errors
/// These bytes are no frame, or not of `client_version`.
pub fn decode_frame(
    client_version: u32,
    input: &mut BytesMut,
) -> Result<Option<Frame>, FrameError> {
    let Some(head) = input.first_chunk::<HEAD_BYTES>() else {
        return Ok(None);
    };
    let number =
        |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (head_len, version, cmd_id) = (number(0), number(4), number(8));
    let (seq, body_len) = (number(12), number(16));
    let head_bytes = head_len as usize;
    if !(HEAD_BYTES..=HEAD_BYTES_MAX).contains(&head_bytes) {
        return Err(FrameError::Head(head_len));
    }
    if version != client_version {
        return Err(FrameError::Version(version));
    }
    if body_len as usize > BODY_BYTES_MAX {
        return Err(FrameError::Body(body_len));
    }
    let frame_bytes = head_bytes + body_len as usize;
    if input.len() < frame_bytes {
        return Ok(None);
    }
    input.advance(head_bytes);
    let body = match body_len {
        0 => Bytes::new(),
        len => input.split_to(len as usize).freeze(),
    };
    Ok(Some(Frame { cmd_id, seq, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Mars' own packer writes them.
    const NOOP: &str = "00000014000000c800000006ffffffff00000000";
    const HELLO: &str = "00000014000000c80000000300000002000000030a0161";

    fn bytes(hex: &str) -> BytesMut {
        let hex: Vec<u8> = hex.bytes().filter(|b| *b != b' ').collect();
        let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        hex.chunks(2).map(|two| pair(two).unwrap()).collect()
    }

    #[derive(Clone, PartialEq, Message)]
    struct Name {
        #[prost(string, tag = "1")]
        name: String,
    }

    #[test]
    fn frames_are_those_of_mars() {
        let mut out = BytesMut::new();
        encode_frame(200, 6, SEQ_HEARTBEAT, &(), &mut out);
        assert_eq!(out, bytes(NOOP));
        out.clear();
        let name = "a".to_owned();
        encode_frame(200, 3, 2, &Name { name }, &mut out);
        assert_eq!(out, bytes(HELLO));
    }

    #[test]
    fn frames_come_in_any_pieces() {
        let mut wire = bytes(NOOP);
        wire.extend_from_slice(&bytes(HELLO));
        let mut input = BytesMut::new();
        let mut frames = Vec::new();
        for byte in wire {
            input.extend_from_slice(&[byte]);
            frames.extend(decode_frame(200, &mut input).unwrap());
        }
        let seqs: Vec<(u32, u32)> = frames.iter().map(|f| (f.cmd_id, f.seq)).collect();
        assert_eq!(seqs, [(6, SEQ_HEARTBEAT), (3, 2)]);
        assert_eq!(frames[1].body, "\n\u{1}a");
        assert!(input.is_empty());
    }

    #[test]
    fn a_longer_head_is_skipped_and_what_is_no_frame_is_told() {
        let mut input = bytes("00000018000000c80000271100000000 00000001 deadbeef 41");
        let frame = decode_frame(200, &mut input).unwrap().unwrap();
        assert_eq!((frame.cmd_id, frame.seq), (10_001, SEQ_PUSH));
        assert_eq!(frame.body, "A");
        let error = |hex| decode_frame(200, &mut bytes(hex)).unwrap_err();
        assert_eq!(
            error("00000013000000c8000000060000000000000000"),
            FrameError::Head(19)
        );
        assert_eq!(
            error("00000014000000c7000000060000000000000000"),
            FrameError::Version(199)
        );
        assert_eq!(
            error("00000014000000c8000000060000000000100000"),
            FrameError::Body(1_048_576)
        );
    }
}
