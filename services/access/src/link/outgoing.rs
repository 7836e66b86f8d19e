//! What is to be written to a link.

use crate::buffers;
use crate::frame::{self, Head};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use svrkit_rt::Stream;
use tokio::io::AsyncWrite;

/// Frames that go together in one write. Holds a buffer only while there are any.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    /// Of them already written.
    written: usize,
    /// The client takes no more for now.
    blocked: bool,
    /// The stream may keep what was written until it is flushed.
    unflushed: bool,
    /// Nothing comes after what is here.
    last: bool,
}

impl Outgoing {
    pub(super) fn put(&mut self, head: Head, body: &[u8]) {
        if self.bytes.capacity() == 0 {
            self.bytes = buffers::take_write();
        }
        frame::put(&mut self.bytes, head, body);
    }

    /// Nothing comes after what is here.
    pub(super) fn last(&mut self) {
        self.last = true;
    }

    pub(super) fn is_last(&self) -> bool {
        self.last
    }

    /// Bytes that are not written.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.written
    }

    /// Whether something waits for the client to read.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// Writes all there is, or as much as the client takes. Whether it took any.
    ///
    /// # Errors
    /// The link is broken.
    pub(super) fn poll_write(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
    ) -> io::Result<bool> {
        let before = self.written;
        self.blocked = false;
        while self.len() > 0 {
            self.unflushed = true;
            match Pin::new(&mut *stream).poll_write(cx, &self.bytes[self.written..]) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(n)) => self.written += n,
                Poll::Ready(Err(e)) => return Err(e),
                Poll::Pending => {
                    self.blocked = true;
                    return Ok(self.written > before);
                }
            }
        }
        let progress = self.written > before;
        if self.bytes.capacity() > 0 {
            buffers::give_back_write(std::mem::take(&mut self.bytes));
            self.written = 0;
        }
        if self.unflushed {
            match Pin::new(stream).poll_flush(cx) {
                Poll::Ready(flushed) => flushed?,
                Poll::Pending => {
                    self.blocked = true;
                    return Ok(progress);
                }
            }
            self.unflushed = false;
        }
        Ok(progress)
    }
}
