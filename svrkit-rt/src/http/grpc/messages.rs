//! The messages of a request, cut from the body that brings them.

use super::framed::PREFIX_BYTES;
use crate::server::Limits;
use crate::status::Status;
use crate::streaming::HeldBytes;
use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Incoming};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Reads messages within bounds. What is not read stays in HTTP/2's window, and the peer waits.
#[derive(Debug)]
pub(super) struct Messages {
    body: Incoming,
    /// What came and was not cut yet.
    rest: Bytes,
    bounds: MessageBounds,
    held: Arc<HeldBytes>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct MessageBounds {
    /// Bytes of one message.
    pub(super) message_bytes_max: usize,
    progress_interval: Duration,
    progress_bytes_min: usize,
}

impl MessageBounds {
    pub(super) fn new(message_bytes_max: usize, limits: &Limits) -> MessageBounds {
        MessageBounds {
            message_bytes_max,
            progress_interval: Duration::from_millis(limits.progress_interval_ms),
            progress_bytes_min: limits.progress_bytes_min,
        }
    }
}

/// Why a message was not read.
#[derive(Debug)]
pub(super) enum ReadError {
    /// It has `len` bytes, more than it may.
    TooLarge { len: usize, max: usize },
    /// It comes slower than the limits ask.
    TooSlow,
    /// It is compressed, though no coding was agreed on.
    Compressed,
    /// The body ends within it.
    CutOff,
    /// The unfinished messages of all streams hold too many bytes.
    Crowded,
    /// The peer is gone, has reset the stream, or broke the protocol.
    Broken,
}

/// What a message must have grown by, and when.
struct Progress {
    by: Instant,
    bytes: usize,
}

/// Bytes of an unfinished message, counted with those of all others.
struct Growing {
    message: BytesMut,
    held: Arc<HeldBytes>,
}

impl Messages {
    pub(super) fn new(body: Incoming, bounds: MessageBounds, held: Arc<HeldBytes>) -> Messages {
        Messages {
            body,
            rest: Bytes::new(),
            bounds,
            held,
        }
    }

    /// The next message, for which the peer may take as long as the call lasts, once it begins to come not longer than the limits say;
    /// `None` after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, ReadError> {
        if self.rest.is_empty() && !self.fill(None).await? {
            return Ok(None);
        }
        self.whole().await.map(Some)
    }

    /// The one message of a body; `None` if there is none. It must be on its way.
    pub(super) async fn first(&mut self) -> Result<Option<Bytes>, ReadError> {
        let mut progress = self.progress();
        if self.rest.is_empty() && !self.fill(Some(&mut progress)).await? {
            return Ok(None);
        }
        self.whole().await.map(Some)
    }

    async fn whole(&mut self) -> Result<Bytes, ReadError> {
        let mut progress = self.progress();
        let prefix = self.take(PREFIX_BYTES, &mut progress).await?;
        if prefix[0] != 0 {
            return Err(ReadError::Compressed);
        }
        let len = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
        let max = self.bounds.message_bytes_max;
        if len > max {
            return Err(ReadError::TooLarge { len, max });
        }
        self.take(len, &mut progress).await
    }

    /// The next `n` bytes. Memory is taken as they come, never for what a prefix claims.
    async fn take(&mut self, n: usize, progress: &mut Progress) -> Result<Bytes, ReadError> {
        if self.rest.len() >= n {
            return Ok(self.rest.split_to(n));
        }
        let mut growing = Growing {
            message: BytesMut::new(),
            held: self.held.clone(),
        };
        loop {
            let missing = n - growing.message.len();
            let some = self.rest.split_to(missing.min(self.rest.len()));
            growing.add(&some)?;
            if growing.message.len() == n {
                return Ok(growing.finish());
            }
            if !self.fill(Some(progress)).await? {
                return Err(ReadError::CutOff);
            }
        }
    }

    /// Reads on; `false` at the end of the body.
    async fn fill(&mut self, mut progress: Option<&mut Progress>) -> Result<bool, ReadError> {
        while self.rest.is_empty() {
            let next = poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx));
            let frame = match &mut progress {
                None => next.await,
                Some(progress) => match timeout_at(progress.by, next).await {
                    Ok(frame) => frame,
                    Err(_) if progress.bytes >= self.bounds.progress_bytes_min => {
                        **progress = Progress::begin(self.bounds.progress_interval);
                        continue;
                    }
                    Err(_) => return Err(ReadError::TooSlow),
                },
            };
            let Some(frame) = frame else {
                return Ok(false);
            };
            // Trailers of a request mean nothing.
            if let Ok(data) = frame.map_err(|_| ReadError::Broken)?.into_data() {
                if let Some(progress) = &mut progress {
                    progress.bytes += data.len();
                }
                self.rest = data;
            }
        }
        Ok(true)
    }

    fn progress(&self) -> Progress {
        Progress::begin(self.bounds.progress_interval)
    }
}

impl Progress {
    fn begin(interval: Duration) -> Progress {
        Progress {
            by: Instant::now() + interval,
            bytes: 0,
        }
    }
}

impl Growing {
    fn add(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        if !self.held.enter(bytes.len()) {
            return Err(ReadError::Crowded);
        }
        self.message.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(mut self) -> Bytes {
        self.held.leave(self.message.len());
        self.message.split().freeze()
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        self.held.leave(self.message.len());
    }
}

impl ReadError {
    pub(super) fn status(&self) -> Status {
        match self {
            ReadError::TooLarge { len, max } => {
                Status::resource_exhausted(format!("a message is {len} bytes, over {max}"))
            }
            ReadError::TooSlow => {
                Status::deadline_exceeded("progress_bytes_min: a message arrives too slowly")
            }
            ReadError::Compressed => {
                Status::internal("a message is compressed, and grpc-encoding does not say how")
            }
            ReadError::CutOff => Status::invalid_argument("the request ends within a message"),
            ReadError::Crowded => {
                let message = "stream_bytes_max: messages of all streams hold too many bytes";
                Status::overloaded(message)
            }
            ReadError::Broken => Status::cancelled("the caller is gone"),
        }
    }
}
