//! A WebSocket as a stream of bytes.

use super::codec::{self, Broken, CONTROL_BYTES_MAX, Decoder, Opcode, Step};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use svrkit_rt::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Pongs that wait for a client to read. Further pings are not answered.
const PONGS_BYTES_MAX: usize = 4 * (2 + CONTROL_BYTES_MAX);

/// Payloads of binary messages one way; each write as a message the other.
#[derive(Debug)]
pub(crate) struct WebSocket {
    stream: Stream,
    decoder: Decoder,
    /// Read and not decoded: what came with the handshake.
    first: Vec<u8>,
    /// Frames on their way out, and how much of them is written.
    out: Vec<u8>,
    written: usize,
    /// The close frame is said.
    closed: bool,
    /// The peer's is heard.
    ended: bool,
}

impl WebSocket {
    /// Over a stream whose handshake is done; `first` was read after it.
    pub(crate) fn new(stream: Stream, first: Vec<u8>) -> WebSocket {
        WebSocket {
            stream,
            decoder: Decoder::default(),
            first,
            out: Vec::new(),
            written: 0,
            closed: false,
            ended: false,
        }
    }

    /// Decodes bytes that were read into `buf` after `from`: what is payload stays, moved together. Whether any did.
    fn decode(&mut self, buf: &mut ReadBuf<'_>, from: usize) -> io::Result<bool> {
        let end = buf.filled().len();
        let (mut at, mut kept) = (from, from);
        while at < end && !self.ended {
            let bytes = &mut buf.filled_mut()[..end];
            match self.decoder.step(&mut bytes[at..]) {
                Ok(Step::Data { skip, len }) => {
                    bytes.copy_within(at + skip..at + skip + len, kept);
                    kept += len;
                    at += skip + len;
                }
                Ok(Step::Control { skip, opcode }) => {
                    at += skip;
                    self.heard(opcode);
                }
                Ok(Step::More) => at = end,
                Err(broken) => {
                    self.say_close(broken.close_code());
                    return Err(failed(broken));
                }
            }
        }
        buf.set_filled(kept);
        Ok(kept > from)
    }

    fn heard(&mut self, opcode: Opcode) {
        match opcode {
            Opcode::Ping if self.out.len() - self.written < PONGS_BYTES_MAX => {
                codec::put(&mut self.out, Opcode::Pong, self.decoder.control());
            }
            Opcode::Close => {
                self.ended = true;
                let code = self.decoder.control().first_chunk::<2>();
                self.say_close(code.map_or(1000, |code| u16::from_be_bytes(*code)));
            }
            _ => {}
        }
    }

    fn say_close(&mut self, code: u16) {
        if !self.closed {
            self.closed = true;
            codec::put(&mut self.out, Opcode::Close, &code.to_be_bytes());
        }
    }

    /// Writes what is on its way out.
    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.out.len() {
            let left = &self.out[self.written..];
            match ready!(Pin::new(&mut self.stream).poll_write(cx, left))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => self.written += n,
            }
        }
        // An idle WebSocket holds no buffer.
        self.out = Vec::new();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for WebSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let from = buf.filled().len();
        loop {
            if this.ended {
                // The answer to its close, if it takes it at once.
                let _ = this.poll_out(cx)?;
                return Poll::Ready(Ok(()));
            }
            if this.first.is_empty() {
                ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
                if buf.filled().len() == from {
                    return Poll::Ready(Ok(()));
                }
            } else {
                let n = this.first.len().min(buf.remaining());
                buf.put_slice(&this.first[..n]);
                this.first.drain(..n);
            }
            let any = this.decode(buf, from);
            // Pongs go out with what is written next when they cannot now.
            let _ = this.poll_out(cx)?;
            if any? {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for WebSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        // One message at a time: the client is behind, and what is written is whole frames of a link.
        ready!(self.poll_out(cx))?;
        if self.closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        codec::put(&mut self.out, Opcode::Binary, buf);
        // Whatever of it must wait is flushed.
        let _ = self.poll_out(cx)?;
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.say_close(1000);
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

fn failed(broken: Broken) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, broken.to_string())
}
