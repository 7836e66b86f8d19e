//! Answers to peers that speak HTTP where no HTTP connection is running: beyond a limit, too late, or without the feature.

use bytes::Bytes;

/// How HTTP/2 begins (RFC 9113, 3.4), as far as no other request does.
pub(super) const HTTP2_PREFACE: &[u8] = b"PRI ";

/// Whether the first bytes of a connection begin a method of HTTP/1.1 (GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE,
/// CONNECT). No frame does: [`crate::frame::MAGIC`] is no letter.
pub(crate) fn looks_like_http(first: &[u8]) -> bool {
    matches!(
        first.first(),
        Some(b'G' | b'H' | b'P' | b'D' | b'O' | b'T' | b'C')
    )
}

/// Whether so few bytes came that both HTTP/1.1 and HTTP/2 may begin with them.
pub(crate) fn is_undecided(first: &[u8]) -> bool {
    !first.is_empty() && first.len() < HTTP2_PREFACE.len() && HTTP2_PREFACE.starts_with(first)
}

/// A whole answer, after which the connection closes: `status` such as `"503 Service Unavailable"`, and an error of the Connect
/// protocol. `code` and `message` are ours and need no escaping.
pub(crate) fn refusal(status: &str, code: &str, message: &str) -> Bytes {
    let body = format!("{{\"code\":\"{code}\",\"message\":\"{message}\"}}");
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    (head + &body).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_told_from_frames_and_noise() {
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
        ] {
            assert!(looks_like_http(method.as_bytes()), "{method}");
        }
        for other in [&[crate::frame::MAGIC][..], b"", b"get", b"A", b"\x16\x03"] {
            assert!(!looks_like_http(other), "{other:?}");
        }
    }

    #[test]
    fn the_versions_are_told_apart_by_four_bytes() {
        for first in ["P", "PR", "PRI"] {
            assert!(is_undecided(first.as_bytes()), "{first}");
        }
        for first in ["", "PO", "PRO", "G", "PRI "] {
            assert!(!is_undecided(first.as_bytes()), "{first}");
        }
    }

    #[test]
    fn the_length_is_that_of_the_body() {
        let answer = refusal("503 Service Unavailable", "unavailable", "full");
        let text = std::str::from_utf8(&answer).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, r#"{"code":"unavailable","message":"full"}"#);
        assert!(head.ends_with(&format!("content-length: {}", body.len())));
    }
}
