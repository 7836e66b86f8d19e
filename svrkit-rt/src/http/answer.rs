//! Answers: a body with its type, or a failure after the error rules of the Connect protocol.

use super::body::Outgoing;
use crate::status::{Code, Status};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use hyper::header::{
    ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use prost::Message;
use serde_json::json;

pub(super) type Answer = Response<Outgoing>;

/// Seconds after which a caller who met an overloaded server may ask again.
const RETRY_AFTER_S: &str = "1";
/// Says which of our codes stands behind a code of the Connect protocol, where that has none of its own.
pub(super) const SVRKIT_CODE: HeaderName = HeaderName::from_static("svrkit-code");

/// Why there is no answer: HTTP's view and ours.
#[derive(Debug)]
pub(super) struct Failure {
    http: StatusCode,
    status: Status,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl From<Status> for Failure {
    fn from(status: Status) -> Failure {
        let mut headers = Vec::new();
        match status.code() {
            Code::Overloaded => {
                let code = HeaderValue::from_static(Code::Overloaded.name());
                headers.push((RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S)));
                headers.push((SVRKIT_CODE, code));
            }
            Code::Unauthenticated => {
                headers.push((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
            }
            _ => {}
        }
        Failure {
            http: http_status(status.code()),
            status,
            headers,
        }
    }
}

impl Failure {
    /// A failure that HTTP knows better than the Connect protocol does.
    pub(super) fn http(http: StatusCode, status: Status) -> Failure {
        Failure {
            http,
            ..Failure::from(status)
        }
    }

    /// Nothing has this path.
    pub(super) fn no_such_path() -> Failure {
        let status = Status::unimplemented("no method or page has this path");
        Failure::http(StatusCode::NOT_FOUND, status)
    }

    /// The path is right, the HTTP method is not.
    pub(super) fn method_not_allowed(allow: &str) -> Failure {
        let status = Status::unimplemented(format!("this path takes {allow}"));
        let mut failure = Failure::http(StatusCode::METHOD_NOT_ALLOWED, status);
        let allow = HeaderValue::from_str(allow);
        failure
            .headers
            .extend(allow.ok().map(|allow| (ALLOW, allow)));
        failure
    }

    pub(super) fn header(mut self, name: HeaderName, value: &'static str) -> Failure {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    pub(super) fn into_answer(self) -> Answer {
        let body = error_json(&self.status).to_string();
        let mut answer = with_type(body.into(), "application/json");
        *answer.status_mut() = self.http;
        answer.headers_mut().extend(self.headers);
        answer
    }
}

/// An answer with a body of this type.
pub(super) fn with_type(body: Bytes, content_type: &'static str) -> Answer {
    let mut answer = Response::new(Outgoing::Whole(body));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// `google.rpc.ErrorInfo`, by which the rest of the world says domain and reason.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
}

impl ErrorInfo {
    /// `None` for a status without a reason.
    pub(super) fn of(status: &Status) -> Option<ErrorInfo> {
        (!status.reason().is_empty()).then(|| ErrorInfo {
            reason: status.reason().to_owned(),
            domain: status.domain().to_owned(),
        })
    }
}

fn error_json(status: &Status) -> serde_json::Value {
    let mut error = json!({ "code": connect_code(status.code()) });
    if !status.message().is_empty() {
        error["message"] = status.message().into();
    }
    if let Some(info) = ErrorInfo::of(status) {
        error["details"] = json!([{
            "type": "google.rpc.ErrorInfo",
            "value": STANDARD_NO_PAD.encode(info.encode_to_vec()),
            "debug": { "reason": status.reason(), "domain": status.domain() },
        }]);
    }
    error
}

/// The protocol's name of a code. It spells "canceled" so, and has no word for overload.
fn connect_code(code: Code) -> &'static str {
    match code {
        Code::Cancelled => "canceled",
        Code::Overloaded => Code::Unavailable.name(),
        Code::Ok => Code::Unknown.name(),
        code => code.name(),
    }
}

/// The protocol's table of HTTP statuses.
fn http_status(code: Code) -> StatusCode {
    match code {
        // "Client closed request": no registered status says so, but the protocol does.
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => {
            StatusCode::BAD_REQUEST
        }
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable | Code::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_statuses_of_the_protocol() {
        let table = "canceled 499 unknown 500 invalid_argument 400 deadline_exceeded 504 not_found 404 already_exists 409 \
            permission_denied 403 resource_exhausted 429 failed_precondition 400 aborted 409 out_of_range 400 \
            unimplemented 501 internal 500 unavailable 503 data_loss 500 unauthenticated 401 unavailable 503";
        let words: Vec<&str> = table.split_whitespace().collect();
        for (n, row) in words.chunks(2).enumerate() {
            let code = Code::from_wire(n as u16 + 1);
            assert_eq!(connect_code(code), row[0]);
            assert_eq!(http_status(code).as_str(), row[1], "{code}");
        }
    }

    #[test]
    fn a_reason_becomes_an_error_info() {
        let status = Status::not_found("no such user").with_reason("im.account", "NO_USER");
        let error = error_json(&status);
        assert_eq!(error["code"], "not_found");
        assert_eq!(error["message"], "no such user");
        let value = error["details"][0]["value"].as_str().unwrap();
        let bytes = STANDARD_NO_PAD.decode(value).unwrap();
        assert_eq!(bytes, b"\x0a\x07NO_USER\x12\x0aim.account");
    }
}
