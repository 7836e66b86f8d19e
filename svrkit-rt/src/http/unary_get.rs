//! Calls by GET: the message stands in the query.

use super::codec::Codec;
use super::headers::any_padding;
use super::pages::percent_decoded;
use crate::status::Status;
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::GeneralPurpose;
use bytes::Bytes;

const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, any_padding());

/// The codec and the body that a query carries.
///
/// # Errors
/// `InvalidArgument` when something is missing or malformed, `Unimplemented` when the message is compressed.
pub(super) fn message(query: &str) -> Result<(Codec, Bytes), Status> {
    let (mut message, mut encoding, mut base64) = (None, None, false);
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decoded(value)?;
        match name {
            "message" => message = Some(value),
            "encoding" => encoding = Some(value),
            "base64" => base64 = value == b"1",
            "compression" if value.is_empty() || value == b"identity" => {}
            "compression" => {
                let message = "compression of a query is not served; send the message as it is";
                return Err(Status::unimplemented(message));
            }
            "connect" if value != b"v1" => {
                return Err(Status::invalid_argument("query: connect is not v1"));
            }
            _ => {}
        }
    }
    let codec = encoding.as_deref().map(std::str::from_utf8);
    let Some(Some(codec)) = codec.and_then(Result::ok).map(Codec::of_name) else {
        return Err(Status::invalid_argument(
            "query: encoding is neither json nor proto",
        ));
    };
    let message = message.ok_or_else(|| Status::invalid_argument("query: message is missing"))?;
    let message = match base64 {
        false => message,
        true => URL_SAFE
            .decode(message)
            .map_err(|e| Status::invalid_argument(format!("query: message is no base64: {e}")))?,
    };
    Ok((codec, message.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_in_both_writings() {
        let json = message("connect=v1&encoding=json&message=%7B%22a%22%3A+1%7D").unwrap();
        assert_eq!(json, (Codec::Json, Bytes::from_static(b"{\"a\": 1}")));
        for padded in ["_-8", "_-8="] {
            let query = format!("message={padded}&base64=1&encoding=proto&compression=identity");
            let proto = message(&query).unwrap();
            assert_eq!(proto, (Codec::Proto, Bytes::from_static(b"\xff\xef")));
        }
        let empty = message("message=&encoding=proto").unwrap();
        assert_eq!(empty.1, Bytes::new());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, wrong) in [
            ("", "encoding"),
            ("encoding=xml&message=a", "encoding"),
            ("encoding=json", "message is missing"),
            ("encoding=json&message=%7", "%"),
            ("encoding=json&message=%zz", "%"),
            ("encoding=json&message=*&base64=1", "base64"),
            ("encoding=json&message=&connect=v2", "connect"),
            ("encoding=json&message=&compression=gzip", "compression"),
        ] {
            let status = message(query).unwrap_err();
            assert!(status.message().contains(wrong), "{query}: {status}");
        }
    }
}
