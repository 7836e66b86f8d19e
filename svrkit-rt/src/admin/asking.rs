//! Asking another process's admin listener: one GET over HTTP/1.1, as little of it as these listeners speak.

use super::token::Token;
use serde_json::Value;
use std::fmt;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Time that a process has for its answer.
const ANSWER_TIME: Duration = Duration::from_millis(1_000);
/// Bytes of an answer.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// Why a process did not answer.
#[derive(Debug)]
pub(super) enum AskError {
    TooLate,
    Unreachable(io::Error),
    /// It answered with this line instead of a 200.
    Refused(String),
    NotJson,
}

/// The JSON that the listener at `address` gives for `target`.
pub(super) async fn ask(
    address: &str,
    target: &str,
    token: Option<&Token>,
) -> Result<Value, AskError> {
    let exchange = exchange(address, target, token);
    let answer = timeout(ANSWER_TIME, exchange).await;
    let answer = answer.map_err(|_| AskError::TooLate)?;
    parse(&answer.map_err(AskError::Unreachable)?)
}

async fn exchange(address: &str, target: &str, token: Option<&Token>) -> io::Result<Vec<u8>> {
    let authorization = token.map_or(String::new(), |token| {
        format!("authorization: {}\r\n", token.bearer())
    });
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET {target} HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\n{authorization}connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream
        .take(ANSWER_BYTES_MAX)
        .read_to_end(&mut answer)
        .await?;
    Ok(answer)
}

/// The body of an answer that is sent whole, which those of pages are.
fn parse(answer: &[u8]) -> Result<Value, AskError> {
    let head_end = answer.windows(4).position(|w| w == b"\r\n\r\n");
    let head_end = head_end.ok_or(AskError::NotJson)?;
    let (head, body) = (&answer[..head_end], &answer[head_end + 4..]);
    let line = head.split(|b| *b == b'\r').next().unwrap_or_default();
    if !line.starts_with(b"HTTP/1.1 200 ") {
        let line = String::from_utf8_lossy(line);
        return Err(AskError::Refused(line.chars().take(80).collect()));
    }
    serde_json::from_slice(body).map_err(|_| AskError::NotJson)
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AskError::TooLate => write!(f, "no answer within {} ms", ANSWER_TIME.as_millis()),
            AskError::Unreachable(e) => write!(f, "cannot be asked: {e}"),
            AskError::Refused(line) => write!(f, "answered {line}"),
            AskError::NotJson => f.write_str("answered what is no JSON"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_answer_is_one() {
        let ok = parse(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
        assert_eq!(ok, serde_json::json!({}));
        for bad in [&b""[..], b"HTTP/1.1 200 OK\r\n\r\n{", b"HTTP/1.1 200 OK"] {
            assert!(matches!(parse(bad), Err(AskError::NotJson)));
        }
        let refused = parse(b"HTTP/1.1 401 Unauthorized\r\n\r\n{}").unwrap_err();
        assert_eq!(refused.to_string(), "answered HTTP/1.1 401 Unauthorized");
    }
}
