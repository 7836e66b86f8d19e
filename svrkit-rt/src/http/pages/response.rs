//! What a page answers.

use super::events::{EventSender, Producer};
use crate::http::answer::Failure;
use crate::status::Status;
use bytes::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{HeaderMap, StatusCode};
use std::fmt;
use std::future::Future;

/// Everything from here, nothing from elsewhere, in nobody's frame.
const CONTENT_POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// An answer of a page.
///
/// Unless the page sets them itself, it has the headers `content-security-policy` (`default-src 'self'`, in nobody's frame),
/// `x-content-type-options: nosniff`, `referrer-policy: no-referrer`, `x-frame-options: DENY`,
/// `cross-origin-resource-policy: same-origin` and `cache-control: no-store`.
#[derive(Debug)]
pub struct PageResponse {
    pub(super) status: StatusCode,
    /// Boxed, so that a `Result` with an answer for its error is no larger than others.
    pub(super) headers: Box<HeaderMap>,
    pub(super) body: PageBody,
}

pub(super) enum PageBody {
    Whole(Bytes),
    Events(Producer),
}

impl PageResponse {
    /// A body with its type, such as `"image/svg+xml"`; status 200.
    ///
    /// # Panics
    /// When the type is none.
    pub fn new(content_type: &'static str, body: impl Into<Bytes>) -> PageResponse {
        PageResponse::of(content_type, PageBody::Whole(body.into()))
    }

    /// HTML in UTF-8.
    pub fn html(body: impl Into<Bytes>) -> PageResponse {
        PageResponse::new("text/html; charset=utf-8", body)
    }

    /// Plain text in UTF-8.
    pub fn text(body: impl Into<Bytes>) -> PageResponse {
        PageResponse::new("text/plain; charset=utf-8", body)
    }

    /// JSON, written already.
    pub fn json(body: impl Into<Bytes>) -> PageResponse {
        PageResponse::new("application/json", body)
    }

    /// 303: look there instead, by GET.
    pub fn see_other(location: &str) -> PageResponse {
        let mut answer = PageResponse::text(format!("{location}\n"));
        answer.status = StatusCode::SEE_OTHER;
        answer.header(LOCATION.as_str(), location)
    }

    /// A stream of server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
    ///
    /// `produce` runs as a task of its own: it sends what there is to send, at most 16 events ahead of the peer, and the stream ends
    /// when it does. It is dropped when the peer is gone or the server drains.
    pub fn events<F, Fut>(produce: F) -> PageResponse
    where
        F: FnOnce(EventSender) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let produce: Producer = Box::new(|sender| Box::pin(produce(sender)));
        PageResponse::of("text/event-stream", PageBody::Events(produce))
    }

    /// Another status than 200. A number that is none becomes 500.
    pub fn status(mut self, status: u16) -> PageResponse {
        let status = StatusCode::from_u16(status);
        self.status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self
    }

    /// Sets a header. A value that no header can carry is left out, and logged.
    ///
    /// # Panics
    /// When the name is not that of a header, in lower case.
    pub fn header(mut self, name: &'static str, value: &str) -> PageResponse {
        match HeaderValue::from_str(value) {
            Ok(value) => drop(self.headers.insert(HeaderName::from_static(name), value)),
            Err(_) => tracing::warn!(name, "value of a page's header cannot be sent"),
        }
        self
    }

    fn of(content_type: &'static str, body: PageBody) -> PageResponse {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        PageResponse {
            status: StatusCode::OK,
            headers: Box::new(headers),
            body,
        }
    }

    /// Adds the headers that every page has.
    pub(super) fn secured(mut self) -> PageResponse {
        for (name, value) in [
            (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            (X_FRAME_OPTIONS, "DENY"),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                "same-origin",
            ),
            (CACHE_CONTROL, "no-store"),
        ] {
            let entry = self.headers.entry(name);
            entry.or_insert(HeaderValue::from_static(value));
        }
        self
    }
}

/// An error as calls have it: JSON of the Connect protocol, with the HTTP status that it gives the code.
impl From<Status> for PageResponse {
    fn from(status: Status) -> PageResponse {
        Failure::from(status).into()
    }
}

impl From<Failure> for PageResponse {
    fn from(failure: Failure) -> PageResponse {
        let (parts, body) = failure.into_answer().into_parts();
        PageResponse {
            status: parts.status,
            headers: Box::new(parts.headers),
            body: PageBody::Whole(body.into_bytes()),
        }
    }
}

impl From<Result<PageResponse, Status>> for PageResponse {
    fn from(result: Result<PageResponse, Status>) -> PageResponse {
        result.unwrap_or_else(PageResponse::from)
    }
}

impl fmt::Debug for PageBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PageBody::Whole(body) => write!(f, "{} bytes", body.len()),
            PageBody::Events(_) => f.write_str("events"),
        }
    }
}
