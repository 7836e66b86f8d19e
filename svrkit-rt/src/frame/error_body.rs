//! The body of an answer that is a failure, and of a go-away: protobuf message `svrkit.v1.Error`.

use crate::status::{Code, Status};
use bytes::Bytes;
use prost::Message;

/// Message bytes kept of a status on the wire: a message is for people.
const MESSAGE_BYTES_MAX: usize = 4096;

#[derive(Clone, PartialEq, Message)]
struct ErrorBody {
    #[prost(string, tag = "1")]
    message: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(string, tag = "3")]
    reason: String,
}

/// The body that describes `status`.
pub(crate) fn encode_status(status: &Status) -> Bytes {
    let mut message = status.message();
    if message.len() > MESSAGE_BYTES_MAX {
        message = &message[..message.floor_char_boundary(MESSAGE_BYTES_MAX)];
    }
    let body = ErrorBody {
        message: message.to_owned(),
        domain: status.domain().to_owned(),
        reason: status.reason().to_owned(),
    };
    body.encode_to_vec().into()
}

/// The status that a header's code and a body describe. A body that is malformed costs the message, not the code.
pub(crate) fn decode_status(code: u16, not_started: bool, body: &[u8]) -> Status {
    let body = ErrorBody::decode(body).unwrap_or_default();
    let code = match Code::from_wire(code) {
        Code::Ok => Code::Unknown,
        code => code,
    };
    let mut status = Status::new(code, body.message);
    if !body.reason.is_empty() {
        status = status.with_reason(body.domain, body.reason);
    }
    if not_started {
        status = status.with_not_started();
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_survives_the_wire() {
        let status = Status::not_found("no such user")
            .with_reason("im.account", "NO_USER")
            .with_not_started();
        assert_eq!(decode_status(5, true, &encode_status(&status)), status);
        assert_eq!(decode_status(5, false, b"\xff\xff").code(), Code::NotFound);
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let status = Status::internal("é".repeat(MESSAGE_BYTES_MAX));
        let back = decode_status(13, false, &encode_status(&status));
        assert_eq!(back.message(), "é".repeat(MESSAGE_BYTES_MAX / 2));
    }
}
