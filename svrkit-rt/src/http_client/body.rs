//! A request's body, whole, and an answer's, within a bound.

use super::error::HttpError;
use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

/// One piece.
pub(super) struct Whole(pub(super) Bytes);

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = std::mem::take(&mut self.0);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}

/// An answer's body, piece by piece.
#[derive(Debug)]
pub(crate) struct Pieces(pub(super) Incoming);

impl Pieces {
    /// The next one; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, HttpError> {
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut self.0).poll_frame(cx)).await {
            let frame = frame.map_err(|source| HttpError::Broken { source })?;
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}

/// Reads to the end. Memory is taken as bytes come.
pub(super) async fn read(pieces: &mut Pieces, max: usize) -> Result<Bytes, HttpError> {
    let mut all = BytesMut::new();
    while let Some(piece) = pieces.next().await? {
        if all.len() + piece.len() > max {
            return Err(HttpError::TooLarge { max });
        }
        all.extend_from_slice(&piece);
    }
    Ok(all.freeze())
}
