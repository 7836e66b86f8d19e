//! What the head of a request says, and its body.

use bytes::{Bytes, BytesMut};
use hyper::HeaderMap;
use hyper::body::{Body, Incoming};
use hyper::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING,
};
use std::future::poll_fn;
use std::pin::Pin;

const CLIENT_VERSION: HeaderName = HeaderName::from_static("x-client-version");

/// The ticket: `Authorization: Bearer TICKET`.
pub(super) fn ticket(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, ticket) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| ticket.trim())
}

/// What a long link's frames would say; 0 when it is not told.
pub(super) fn client_version(headers: &HeaderMap) -> u32 {
    let value = headers.get(CLIENT_VERSION).map(|value| value.to_str());
    match value {
        Some(Ok(text)) => text.trim().parse().unwrap_or(0),
        _ => 0,
    }
}

/// Whether the body is something else than the message's bytes.
pub(super) fn is_encoded(headers: &HeaderMap) -> bool {
    let encoding = headers.get(CONTENT_ENCODING);
    encoding.is_some_and(|encoding| encoding.as_bytes() != b"identity")
}

/// Whether nobody knows where the body ends.
pub(super) fn is_endless(headers: &HeaderMap) -> bool {
    !headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(TRANSFER_ENCODING)
}

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    TooLarge,
    /// The connection is broken; nobody hears an answer.
    Broken,
}

/// The whole body, of `bytes_max` at most. Memory follows what has arrived.
///
/// # Errors
/// It is longer, or its connection broke.
pub(super) async fn body(mut body: Incoming, bytes_max: usize) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(BodyError::TooLarge);
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.len() + data.len() > bytes_max {
            return Err(BodyError::TooLarge);
        }
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}
