//! The frame decoder by itself, for tests that feed it what no connection would survive.

use crate::connection::{FrameReader, Incoming};
use crate::frame::{Header, HeaderError};
use crate::transport::Stream;
use bytes::BytesMut;
use std::future::poll_fn;
use tokio::io::AsyncWriteExt;

/// What a decoder made of some bytes.
#[derive(Debug, Default, PartialEq)]
pub struct Decoded {
    /// Frames within the limit, and whether their payload was whole.
    pub frames: Vec<(Header, bool)>,
    /// Frames over the limit.
    pub too_large: usize,
    /// Why decoding ended before the bytes did.
    pub error: Option<HeaderError>,
    /// The most bytes that the decoder's buffer had room for.
    pub buffer_bytes_max: usize,
}

/// Decodes `bytes` as they come in `pieces` (lengths of the reads; the rest in one).
pub async fn decode(bytes: &[u8], pieces: &[usize], payload_bytes_max: usize) -> Decoded {
    let (mut far, near) = tokio::io::duplex(bytes.len().max(1));
    let mut stream = Stream::new(near);
    let mut reader = FrameReader::new(BytesMut::new(), payload_bytes_max);
    let mut decoded = Decoded::default();
    let mut rest = bytes;
    let mut pieces = pieces.iter();
    while !rest.is_empty() {
        let len = pieces
            .next()
            .map_or(rest.len(), |n| (*n).clamp(1, rest.len()));
        let (piece, after) = rest.split_at(len);
        rest = after;
        if far.write_all(piece).await.is_err() {
            break;
        }
        let mut arrived = 0;
        while arrived < len {
            match poll_fn(|cx| reader.poll_fill(&mut stream, cx)).await {
                Ok(n) if n > 0 => arrived += n,
                _ => return decoded,
            }
            decoded.buffer_bytes_max = decoded.buffer_bytes_max.max(reader.buffer_bytes());
            loop {
                match reader.next() {
                    Ok(Some(Incoming::Frame(header, payload))) => {
                        let whole = payload.and_then(|mut p| p.extension(&header)).is_ok();
                        decoded.frames.push((header, whole));
                    }
                    Ok(Some(Incoming::Unwanted)) => {}
                    Ok(Some(Incoming::TooLarge(_))) => decoded.too_large += 1,
                    Ok(None) => break,
                    Err(e) => {
                        decoded.error = Some(e);
                        return decoded;
                    }
                }
            }
        }
    }
    decoded
}
