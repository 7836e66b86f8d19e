//! A byte pipe that frames go through.

use super::frame::{
    CLIENT_VERSION, Frame, FrameError, SEQ_HEARTBEAT, decode_frame, encode_frame, encode_head,
};
use bytes::{Buf, BytesMut};
use im_idl::access::Command;
use prost::Message;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use svrkit_rt::Stream;
use tokio::io::{AsyncReadExt, AsyncWrite};

/// Room that a read has at least: a batch of messages in one call of the kernel.
const READ_BYTES: usize = 16 * 1024;
/// Greatest sequence number of a request; what is above has a meaning of its own in Mars.
const SEQ_MAX: u32 = 0xFFFF_FFEF;

/// One open long link. Frames to send gather until [`Link::next`] waits, so many go in one write. Idle, it holds no buffer.
#[derive(Debug)]
pub struct Link {
    stream: Stream,
    client_version: u32,
    input: BytesMut,
    output: BytesMut,
    unflushed: bool,
    seq: u32,
    sent_bytes: u64,
    received_bytes: u64,
}

/// Why a link ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum LinkError {
    /// The other end closed it.
    Closed,
    /// The transport broke.
    Io(io::Error),
    /// What came was no frame.
    Frame(FrameError),
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::Closed => f.write_str("the server closed the link"),
            LinkError::Io(_) => f.write_str("the link broke"),
            LinkError::Frame(_) => f.write_str("the server does not speak our protocol"),
        }
    }
}

impl std::error::Error for LinkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LinkError::Closed => None,
            LinkError::Io(e) => Some(e),
            LinkError::Frame(e) => Some(e),
        }
    }
}

impl Link {
    /// Over an open stream, with the usual client version.
    pub fn new(stream: Stream) -> Link {
        Link::with_version(stream, CLIENT_VERSION)
    }

    /// Over an open stream, as a client of another version.
    pub fn with_version(stream: Stream, client_version: u32) -> Link {
        Link {
            stream,
            client_version,
            input: BytesMut::new(),
            output: BytesMut::new(),
            unflushed: false,
            seq: 0,
            sent_bytes: 0,
            received_bytes: 0,
        }
    }

    /// Queues a request, and returns the sequence number that its answer will have.
    pub fn send(&mut self, cmd_id: u32, body: &impl Message) -> u32 {
        let seq = self.next_seq();
        encode_frame(self.client_version, cmd_id, seq, body, &mut self.output);
        seq
    }

    /// As [`Link::send`], of a body that is encoded already.
    pub fn send_encoded(&mut self, cmd_id: u32, body: &[u8]) -> u32 {
        let (version, seq) = (self.client_version, self.next_seq());
        encode_head(version, cmd_id, seq, body.len(), &mut self.output);
        self.output.extend_from_slice(body);
        seq
    }

    fn next_seq(&mut self) -> u32 {
        self.seq = if self.seq == SEQ_MAX { 1 } else { self.seq + 1 };
        self.seq
    }

    /// Queues a heartbeat.
    pub fn send_heartbeat(&mut self) {
        let (version, noop) = (self.client_version, Command::Noop as u32);
        encode_frame(version, noop, SEQ_HEARTBEAT, &(), &mut self.output);
    }

    /// Bytes that wait to be written.
    pub fn unsent_bytes(&self) -> usize {
        self.output.len()
    }

    /// Bytes written so far, and read.
    pub fn traffic(&self) -> (u64, u64) {
        (self.sent_bytes, self.received_bytes)
    }

    /// The next frame from the server. While it waits, what is queued is written. Cancel safe.
    ///
    /// # Errors
    /// The link has ended.
    pub async fn next(&mut self) -> Result<Frame, LinkError> {
        loop {
            let frame = decode_frame(self.client_version, &mut self.input);
            if let Some(frame) = frame.map_err(LinkError::Frame)? {
                return Ok(frame);
            }
            let read = poll_fn(|cx| {
                if let Poll::Ready(Err(e)) = self.poll_write(cx) {
                    return Poll::Ready(Err(e));
                }
                self.poll_read(cx)
            });
            match read.await {
                Ok(0) => return Err(LinkError::Closed),
                Ok(n) => self.received_bytes += n as u64,
                Err(e) => return Err(LinkError::Io(e)),
            }
        }
    }

    /// Writes all that is queued. Cancel safe.
    ///
    /// # Errors
    /// The link has ended.
    pub async fn flush(&mut self) -> Result<(), LinkError> {
        let written = poll_fn(|cx| self.poll_write(cx));
        written.await.map_err(LinkError::Io)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.output.is_empty() {
            let n = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.output))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.output.advance(n);
            self.sent_bytes += n as u64;
            self.unflushed = true;
        }
        if self.unflushed {
            self.output = BytesMut::new();
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.input.reserve(READ_BYTES);
        let read = pin!(self.stream.read_buf(&mut self.input)).poll(cx);
        if read.is_pending() && self.input.is_empty() {
            self.input = BytesMut::new();
        }
        read
    }
}
