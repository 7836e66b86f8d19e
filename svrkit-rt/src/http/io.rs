//! A stream as hyper wants it: bytes read already come first, and every step is noted.

use super::activity::Activity;
use crate::connection::FrameReader;
use crate::transport::Stream;
use bytes::{Buf, BytesMut};
use hyper::rt::{Read, ReadBufCursor, Write};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

/// Milliseconds that a last answer may take to be written.
const SAY_MS: u64 = 1_000;

#[derive(Debug)]
pub(super) struct HttpIo {
    stream: Stream,
    /// Bytes read and not yet taken. Empty while the connection is idle: it borrows a buffer for each read.
    buffer: BytesMut,
    activity: Activity,
}

impl HttpIo {
    pub(super) fn new(stream: Stream, first: BytesMut, activity: Activity) -> HttpIo {
        HttpIo {
            stream,
            buffer: first,
            activity,
        }
    }

    /// Ready with `false` at the end of the stream.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut reader = FrameReader::new(std::mem::take(&mut self.buffer), 0);
        let read = reader.poll_fill(&mut self.stream, cx);
        self.buffer = reader.into_buffer();
        let n = ready!(read)?;
        if n > 0 {
            self.activity.received(n);
        }
        Poll::Ready(Ok(n > 0))
    }

    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.activity.sent(match &written {
            Poll::Ready(written) => Some(*written.as_ref().unwrap_or(&0)),
            Poll::Pending => None,
        });
        written
    }

    /// Writes a last answer.
    pub(super) async fn say(&mut self, answer: &[u8]) {
        let until = Instant::now() + Duration::from_millis(SAY_MS);
        // A peer that does not read its last answer will not miss it.
        let _ = timeout_at(until, self.stream.write_all(answer)).await;
    }

    /// Ends writing, and leaves a peer that may still be sending time to read the last answer (RFC 9112, 9.6).
    pub(super) async fn linger(&mut self) {
        self.stream.linger().await;
    }

    /// Ends writing.
    pub(super) async fn close(&mut self) {
        let _ = self.stream.shutdown().await;
    }
}

impl Read for HttpIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.buffer.is_empty() && !ready!(self.poll_fill(cx))? {
            return Poll::Ready(Ok(()));
        }
        let n = self.buffer.len().min(buf.remaining());
        buf.put_slice(&self.buffer[..n]);
        self.buffer.advance(n);
        Poll::Ready(Ok(()))
    }
}

impl Write for HttpIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream.poll_write(cx, &[IoSlice::new(buf)]);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream.poll_write(cx, bufs);
        self.wrote(written)
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
