//! How an HTTP connection becomes a WebSocket.

use crate::short::answer::{Answer, method_not_allowed, text, with_header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{
    CONNECTION, HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, StatusCode};
use sha1::{Digest, Sha1};

/// Where it is.
pub(crate) const PATH: &str = "/im/ws";
/// What a server proves its understanding with (RFC 6455, 1.3).
const MAGIC: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const VERSION: HeaderValue = HeaderValue::from_static("13");

/// The answer to a request for a WebSocket: 101, or why not.
pub(crate) fn accept(head: &Parts, origins: &[String]) -> Answer {
    let headers = &head.headers;
    if head.method != Method::GET {
        return method_not_allowed("GET");
    }
    if !has_token(headers, UPGRADE, "websocket") || !has_token(headers, CONNECTION, "upgrade") {
        let answer = text(StatusCode::UPGRADE_REQUIRED, "a websocket is served here\n");
        return with_header(answer, UPGRADE, HeaderValue::from_static("websocket"));
    }
    if headers.get(SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
        let answer = text(StatusCode::UPGRADE_REQUIRED, "version 13 is served here\n");
        return with_header(answer, SEC_WEBSOCKET_VERSION, VERSION);
    }
    if !is_welcome(headers.get(ORIGIN), origins) {
        return text(StatusCode::FORBIDDEN, "not from that page\n");
    }
    let proof = headers.get(SEC_WEBSOCKET_KEY).and_then(proof);
    let Some(proof) = proof else {
        return text(StatusCode::BAD_REQUEST, "sec-websocket-key is no key\n");
    };
    let mut answer = Answer::default();
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answer = with_header(answer, UPGRADE, HeaderValue::from_static("websocket"));
    let answer = with_header(answer, CONNECTION, HeaderValue::from_static("upgrade"));
    with_header(answer, SEC_WEBSOCKET_ACCEPT, proof)
}

/// Programs send no origin, and may come; pages must be on the list if there is one.
fn is_welcome(origin: Option<&HeaderValue>, origins: &[String]) -> bool {
    origin.is_none_or(|origin| {
        origins.is_empty()
            || origins
                .iter()
                .any(|known| known.as_bytes() == origin.as_bytes())
    })
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter();
    let mut tokens = values.flat_map(|value| value.to_str().unwrap_or_default().split(','));
    tokens.any(|found| found.trim().eq_ignore_ascii_case(token))
}

fn proof(key: &HeaderValue) -> Option<HeaderValue> {
    let nonce = STANDARD.decode(key.as_bytes()).ok()?;
    if nonce.len() != 16 {
        return None;
    }
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(MAGIC);
    HeaderValue::try_from(STANDARD.encode(hash.finalize())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455, 1.3.
    #[test]
    fn the_proof_is_that_of_the_standard() {
        let key = HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(proof(&key).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(proof(&HeaderValue::from_static("c2hvcnQ=")), None);
    }

    #[test]
    fn pages_come_from_the_list_and_programs_from_anywhere() {
        let page = HeaderValue::from_static("https://chat.example.org");
        let other = HeaderValue::from_static("https://example.org");
        let list = ["https://chat.example.org".to_owned()];
        assert!(is_welcome(Some(&page), &list));
        assert!(!is_welcome(Some(&other), &list));
        assert!(is_welcome(None, &list));
        assert!(is_welcome(Some(&other), &[]));
    }
}
