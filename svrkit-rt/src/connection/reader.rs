//! Cuts what a stream brings into frames; lengths are checked before memory is taken.

use super::buffers;
use crate::frame::{HEADER_BYTES, Head, Header, HeaderError, Payload};
use crate::status::Status;
use crate::transport::Stream;
use bytes::{Buf, Bytes, BytesMut};
use std::io;
use std::task::{Context, Poll};

/// Room that a read is given.
const READ_BYTES: usize = 64 * 1024;
/// Room that is made for a frame on its header's word alone. Beyond it, memory follows the bytes that have arrived.
const PROMISED_BYTES_MAX: usize = 256 * 1024;
/// Below this much room a read would bring too little for its cost.
const READ_BYTES_MIN: usize = 16 * 1024;

/// Frames that a connection's task takes before it lets their handlers or callers run. Woken tasks queue up, and tokio's queue holds
/// 256; what overflows it waits out of turn. In turns of 24, eight busy connections fit: p99 is 1.6 × p50 on a saturated core, and
/// stays so when 1 % of the calls are slow. In turns of 32 a call is 3 % cheaper, but p99 grows by half when some are slow; in turns
/// of 16 it is 10 % dearer.
pub(crate) const TURN_FRAMES_MAX: usize = 24;

/// One frame from the peer.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A frame within the limits; the status says so if its checksum was wrong.
    Frame(Header, Result<Payload, Status>),
    /// A frame over the limit. Its payload is skipped, not kept.
    TooLarge(Header),
    /// A frame that was not wanted. Its payload was not looked at.
    Unwanted,
}

impl Incoming {
    /// Whether it belongs to the messages of a call, rather than to the call itself. These are told apart first and taken elsewhere, so
    /// that requests and answers are not moved once more for their sake.
    #[inline]
    pub(crate) fn is_of_stream(&self) -> bool {
        match self {
            Incoming::Frame(header, _) | Incoming::TooLarge(header) => {
                matches!(header.head, Head::Message | Head::End | Head::Credit(_))
            }
            Incoming::Unwanted => false,
        }
    }
}

#[derive(Debug)]
pub(crate) struct FrameReader {
    buffer: BytesMut,
    /// Bytes of an oversized payload still to be thrown away.
    skipping: u64,
    payload_bytes_max: usize,
    /// The last look found a whole frame, so there may be another.
    found: bool,
}

impl FrameReader {
    /// `first` are bytes that were read already.
    pub(crate) fn new(first: BytesMut, payload_bytes_max: usize) -> FrameReader {
        FrameReader {
            // There may be whole frames in it.
            found: !first.is_empty(),
            buffer: first,
            skipping: 0,
            payload_bytes_max,
        }
    }

    /// The bytes read and not yet taken as frames.
    pub(crate) fn into_buffer(self) -> BytesMut {
        self.buffer
    }

    /// Whether the stream stands between two frames.
    pub(crate) fn between_frames(&self) -> bool {
        self.buffer.is_empty() && self.skipping == 0
    }

    /// Bytes that the buffer has room for.
    #[cfg(feature = "testing")]
    pub(crate) fn buffer_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    /// Whether frames were read that have not been taken yet, as far as is known.
    pub(crate) fn has_more(&self) -> bool {
        self.found
    }

    /// The next whole frame that has been read.
    ///
    /// # Errors
    /// The peer does not send frames; nothing after this can be understood.
    pub(crate) fn next(&mut self) -> Result<Option<Incoming>, HeaderError> {
        self.next_wanted(|_| true)
    }

    /// As [`FrameReader::next`]; a frame whose header is not wanted costs no more than its header.
    ///
    /// # Errors
    /// As [`FrameReader::next`].
    pub(crate) fn next_wanted(
        &mut self,
        wanted: impl FnOnce(&Header) -> bool,
    ) -> Result<Option<Incoming>, HeaderError> {
        let incoming = self.cut(wanted);
        self.found = matches!(incoming, Ok(Some(_)));
        incoming
    }

    fn cut(
        &mut self,
        wanted: impl FnOnce(&Header) -> bool,
    ) -> Result<Option<Incoming>, HeaderError> {
        if self.skipping > 0 {
            let n = self.skipping.min(self.buffer.len() as u64);
            self.buffer.advance(n as usize);
            self.skipping -= n;
        }
        let Some(raw) = self.buffer.first_chunk::<HEADER_BYTES>() else {
            return Ok(None);
        };
        let raw = *raw;
        let header = Header::decode(&raw)?;
        let payload_len = header.payload_len as usize;
        if payload_len > header.payload_bytes_max(self.payload_bytes_max) {
            self.buffer.advance(HEADER_BYTES);
            self.skipping = payload_len as u64;
            return Ok(Some(Incoming::TooLarge(header)));
        }
        if self.buffer.len() - HEADER_BYTES < payload_len {
            return Ok(None);
        }
        if !wanted(&header) {
            self.buffer.advance(HEADER_BYTES + payload_len);
            return Ok(Some(Incoming::Unwanted));
        }
        self.buffer.advance(HEADER_BYTES);
        let bytes = match payload_len {
            0 => Bytes::new(),
            len => self.buffer.split_to(len).freeze(),
        };
        Ok(Some(Incoming::Frame(
            header,
            Payload::cut(&header, &raw, bytes),
        )))
    }

    /// Reads once. Ready(0) is the end of the stream. A pending read between two frames holds no buffer.
    pub(crate) fn poll_fill(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.buffer.capacity() == 0 {
            self.buffer = buffers::take_read();
        }
        self.make_room();
        let read = stream.poll_read(cx, &mut self.buffer);
        if read.is_pending() && self.buffer.is_empty() {
            buffers::give_back_read(std::mem::take(&mut self.buffer));
        }
        read
    }

    fn make_room(&mut self) {
        let buffered = self.buffer.len();
        let wanted = match self
            .buffer
            .first_chunk::<HEADER_BYTES>()
            .map(Header::decode)
        {
            // `next` has checked the length against the limit: an oversized frame is never left at the front.
            Some(Ok(header)) if self.skipping == 0 => {
                let missing = (HEADER_BYTES + header.payload_len as usize).saturating_sub(buffered);
                missing.min(buffered.max(PROMISED_BYTES_MAX))
            }
            _ => 0,
        };
        let room = self.buffer.capacity() - buffered;
        if room < wanted.max(READ_BYTES_MIN) {
            self.buffer.reserve(wanted.max(READ_BYTES));
        }
    }
}
