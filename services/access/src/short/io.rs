//! A stream as hyper wants it: bytes read already come first, and that any came is noted.

use super::pace::Pace;
use hyper::rt::{Read, ReadBufCursor, Write};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use svrkit_rt::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are read at once: a head and a usual body.
const READ_BYTES: usize = 4 * 1024;

pub(super) struct HttpIo {
    stream: Stream,
    first: Vec<u8>,
    pace: Arc<Pace>,
}

impl HttpIo {
    pub(super) fn new(stream: Stream, first: Vec<u8>, pace: Arc<Pace>) -> HttpIo {
        HttpIo {
            stream,
            first,
            pace,
        }
    }

    /// The stream, and what was read from it and not taken: `unparsed` by hyper, and before it came to hyper.
    pub(super) fn into_parts(self, unparsed: &[u8]) -> (Stream, Vec<u8>) {
        let mut first = unparsed.to_vec();
        first.extend_from_slice(&self.first);
        (self.stream, first)
    }

    /// Ends writing, and leaves a peer that may still be sending time to read the last answer (RFC 9112, 9.6).
    pub(super) async fn close(mut self) {
        self.stream.linger().await;
    }
}

impl Read for HttpIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let n = self.first.len().min(buf.remaining());
            buf.put_slice(&self.first[..n]);
            self.first.drain(..n);
            self.pace.received();
            return Poll::Ready(Ok(()));
        }
        let mut bytes = [0; READ_BYTES];
        let room = bytes.len().min(buf.remaining());
        let mut read = ReadBuf::new(&mut bytes[..room]);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
        if !read.filled().is_empty() {
            buf.put_slice(read.filled());
            self.pace.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl Write for HttpIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
