//! Answers over HTTP.

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

pub(crate) type Answer = Response<Whole>;

/// A body that is there already.
#[derive(Debug, Default)]
pub(crate) struct Whole(Option<Bytes>);

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// The body of a method's answer, or of a refusal: the bytes that a long link would carry.
pub(crate) fn message(body: Bytes) -> Answer {
    with_type(StatusCode::OK, body, "application/octet-stream")
}

/// A line for people.
pub(crate) fn text(status: StatusCode, line: &'static str) -> Answer {
    let body = Bytes::from_static(line.as_bytes());
    with_type(status, body, "text/plain; charset=utf-8")
}

/// What is served there, and how.
pub(crate) fn method_not_allowed(allowed: &'static str) -> Answer {
    let answer = text(StatusCode::METHOD_NOT_ALLOWED, "not with this method\n");
    with_header(answer, ALLOW, HeaderValue::from_static(allowed))
}

/// Nothing comes after it: what is left of the request is not read.
pub(crate) fn closing(answer: Answer) -> Answer {
    with_header(answer, CONNECTION, HeaderValue::from_static("close"))
}

pub(crate) fn with_header(mut answer: Answer, name: HeaderName, value: HeaderValue) -> Answer {
    answer.headers_mut().insert(name, value);
    answer
}

fn with_type(status: StatusCode, body: Bytes, content_type: &'static str) -> Answer {
    let mut answer = Response::new(Whole(Some(body)));
    *answer.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    with_header(answer, CONTENT_TYPE, content_type)
}
