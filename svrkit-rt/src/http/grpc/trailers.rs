//! How a call went, as gRPC says it after the last message, or in place of the first.

use crate::http::answer::{ErrorInfo, SVRKIT_CODE};
use crate::metadata::Metadata;
use crate::status::{Code, Status};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use prost::Message;
use std::fmt::Write;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_STATUS_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
/// Tells a caller that makes calls again by itself when it may.
const GRPC_RETRY_PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");
/// Milliseconds after which a caller who met an overloaded server may ask again. As long as what HTTP/1.1 is told.
const RETRY_PUSHBACK_MS: &str = "1000";
/// Bytes of a message for people, as it is encoded: many peers take no more than 8 KiB of headers.
const MESSAGE_BYTES_MAX: usize = 2 * 1024;
const ERROR_INFO_URL: &str = "type.googleapis.com/google.rpc.ErrorInfo";

/// `google.rpc.Status`, by which the details of a failure travel.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

/// The trailers of a call that succeeded, with what goes with its answer.
pub(super) fn of_success(metadata: Option<&Metadata>) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
    if let Some(metadata) = metadata {
        crate::http::headers::put_metadata(metadata, &mut trailers);
    }
    trailers
}

/// The trailers of one that failed.
pub(super) fn of_failure(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    let code = code(status.code());
    trailers.insert(GRPC_STATUS, HeaderValue::from(code));
    if !status.message().is_empty()
        && let Ok(message) = HeaderValue::try_from(percent_encoded(status.message()))
    {
        trailers.insert(GRPC_MESSAGE, message);
    }
    if let Some(info) = ErrorInfo::of(status) {
        let details = RpcStatus {
            code: code.into(),
            message: clipped(status.message()).to_owned(),
            details: vec![Detail {
                type_url: ERROR_INFO_URL.to_owned(),
                value: info.encode_to_vec().into(),
            }],
        };
        let encoded = STANDARD_NO_PAD.encode(details.encode_to_vec());
        if let Ok(details) = HeaderValue::try_from(encoded) {
            trailers.insert(GRPC_STATUS_DETAILS, details);
        }
    }
    if status.code() == Code::Overloaded {
        let pushback = HeaderValue::from_static(RETRY_PUSHBACK_MS);
        trailers.insert(GRPC_RETRY_PUSHBACK, pushback);
        let own = HeaderValue::from_static(Code::Overloaded.name());
        trailers.insert(SVRKIT_CODE, own);
    }
    trailers
}

/// Our numbers are gRPC's, but for overload. That goes as `UNAVAILABLE` and not as `RESOURCE_EXHAUSTED`, which says that the caller has
/// used up what it may: this one may go elsewhere, and callers do that by themselves for `UNAVAILABLE` only.
fn code(code: Code) -> u16 {
    match code {
        Code::Overloaded => Code::Unavailable as u16,
        Code::Ok => Code::Unknown as u16,
        code => code as u16,
    }
}

fn percent_encoded(message: &str) -> String {
    let mut encoded = String::new();
    for byte in clipped(message).bytes() {
        match byte {
            b'%' | 0..b' ' | 0x7f.. => {
                // Writing to a string cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
            byte => encoded.push(byte.into()),
        }
    }
    encoded
}

/// The beginning of a message that is too long, in whole characters.
fn clipped(message: &str) -> &str {
    // Each byte may take three.
    let mut end = message.len().min(MESSAGE_BYTES_MAX / 3);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    &message[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_printable_and_come_back_whole() {
        assert_eq!(percent_encoded("50% of é\n~"), "50%25 of %C3%A9%0A~");
        let long = percent_encoded(&"é".repeat(MESSAGE_BYTES_MAX));
        assert!(long.len() <= MESSAGE_BYTES_MAX && long.len().is_multiple_of("%C3%A9".len()));
    }

    #[test]
    fn a_failure_says_all_that_we_know() {
        let status = Status::not_found("no user").with_reason("im.account", "NO_USER");
        let trailers = of_failure(&status);
        assert_eq!(trailers["grpc-status"], "5");
        assert_eq!(trailers["grpc-message"], "no user");
        let details = STANDARD_NO_PAD.decode(&trailers["grpc-status-details-bin"]);
        let details = RpcStatus::decode(&details.unwrap()[..]).unwrap();
        assert_eq!((details.code, &details.message[..]), (5, "no user"));
        assert_eq!(details.details[0].type_url, ERROR_INFO_URL);
        assert_eq!(
            details.details[0].value[..],
            b"\x0a\x07NO_USER\x12\x0aim.account"[..]
        );
    }

    #[test]
    fn overload_is_unavailable_with_a_time_to_come_back() {
        let trailers = of_failure(&Status::overloaded("waiting_max"));
        assert_eq!(trailers["grpc-status"], "14");
        assert_eq!(trailers["grpc-retry-pushback-ms"], "1000");
        assert_eq!(trailers["svrkit-code"], "overloaded");
        assert!(
            of_failure(&Status::unavailable("gone"))
                .get("svrkit-code")
                .is_none()
        );
    }
}
