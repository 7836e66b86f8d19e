//! What the headers of a request say.

use super::timeout;
use crate::context::{Context, Priority};
use crate::deadline::Deadline;
use crate::descriptor::MethodDescriptor;
use crate::http::exchange::{text, traceparent};
use crate::http::headers::to_metadata;
use crate::server::Limits;
use crate::status::Status;
use hyper::HeaderMap;
use hyper::header::CONTENT_TYPE;

/// The content type of every answer, and of every request that is served.
pub(super) const GRPC: &str = "application/grpc";
/// The codings of messages that are read.
pub(super) const IDENTITY: &str = "identity";

/// Whether a request is one of gRPC with protobuf in it.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    let value = text(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim();
    matches!(media_type, GRPC | "application/grpc+proto")
}

/// Whether its messages are written in a way that is not read.
pub(super) fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get("grpc-encoding")
        .is_some_and(|encoding| encoding != IDENTITY)
}

/// The context of a call, whose routing key is not known yet; and the deadline, if the caller gave one.
///
/// # Errors
/// `InvalidArgument` for what does not make sense, `ResourceExhausted` for too much metadata.
pub(super) fn context(
    method: &'static MethodDescriptor,
    headers: &HeaderMap,
    limits: &Limits,
) -> Result<(Box<Context>, Option<Deadline>), Status> {
    let asked = match headers.get("grpc-timeout") {
        None => None,
        Some(value) => Some(timeout::parse(value.to_str().unwrap_or_default())?),
    };
    let asked = asked.map(Deadline::after);
    let deadline = asked.unwrap_or_else(|| own_deadline(method));
    let mut context = Box::new(Context::new(method, deadline));
    context.priority = Priority::drawn(method.priority);
    context.trace = traceparent(headers);
    context.attempt = attempt(headers);
    context.metadata = to_metadata(headers, limits.metadata_bytes_max)?;
    Ok((context, asked))
}

/// The time that a method gives itself, from now.
pub(super) fn own_deadline(method: &MethodDescriptor) -> Deadline {
    Deadline::after(std::time::Duration::from_millis(method.timeout_ms as u64))
}

fn attempt(headers: &HeaderMap) -> u8 {
    let before = text(headers, "grpc-previous-rpc-attempts");
    let before = before.and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
    before.min(u8::MAX.into()) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn content_types_are_told_apart() {
        for (value, expected) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("application/grpc; charset=utf-8", true),
            ("application/grpc+json", false),
            ("application/grpc-web", false),
            ("application/json", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]);
            assert_eq!(is_grpc(&headers), expected, "{value}");
        }
        assert!(!is_grpc(&HeaderMap::new()));
    }
}
