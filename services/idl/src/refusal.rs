//! A status as clients see it, and back.

use crate::base::{Error, Refusal};
use bytes::Bytes;
use prost::Message;
use svrkit_rt::{Code, Status};

/// A status has no field for when to try again, so that goes as a suffix of its reason.
const RETRY_AFTER: &str = ";retry_after_ms=";

/// A status whose client is told when trying again makes sense.
pub fn with_retry_after(status: Status, domain: &str, reason: &str, after_ms: u32) -> Status {
    status.with_reason(
        domain.to_owned(),
        format!("{reason}{RETRY_AFTER}{after_ms}"),
    )
}

/// What a client is told of a status.
pub fn error(status: &Status) -> Error {
    let told = Error {
        code: status.code() as u32,
        message: status.message().to_owned(),
        ..Error::default()
    };
    // Who has too much to do refuses without a reason, and very often.
    if status.reason().is_empty() {
        return told;
    }
    let (reason, after) = status
        .reason()
        .split_once(RETRY_AFTER)
        .unwrap_or((status.reason(), ""));
    Error {
        reason: match status.domain() {
            "" => String::new(),
            domain => format!("{domain}/{reason}"),
        },
        retry_after_ms: after.parse().unwrap_or(0),
        ..told
    }
}

/// The body of an answer that is nothing but a refusal.
pub fn body(status: &Status) -> Bytes {
    let error = Some(error(status));
    Refusal { error }.encode_to_vec().into()
}

/// The status that a client makes of what it was told.
pub fn status(error: &Error) -> Status {
    let code = Code::from_wire(u16::try_from(error.code).unwrap_or(Code::Unknown as u16));
    let status = Status::new(code, error.message.clone());
    match error.reason.split_once('/') {
        None => status,
        Some((domain, reason)) => match error.retry_after_ms {
            0 => status.with_reason(domain.to_owned(), reason.to_owned()),
            after_ms => with_retry_after(status, domain, reason, after_ms),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_comes_through() {
        let refused = Status::new(Code::ResourceExhausted, "slower");
        let refused = with_retry_after(refused, "im.account", "TOO_MANY", 1_500);
        let body = body(&refused);
        let told = Refusal::decode(body).unwrap().error.unwrap();
        assert_eq!(told.reason, "im.account/TOO_MANY");
        assert_eq!(told.retry_after_ms, 1_500);
        assert_eq!(error(&status(&told)), told);
    }
}
