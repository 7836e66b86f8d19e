//! A client of the short link that writes its own bytes.

use super::SOON;
use super::client::ticket as ticket_body;
use im_idl::access::AuthRequest;
use im_idl::base::{Error, Refusal};
use prost::Message;
use svrkit_rt::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

pub(crate) struct Http {
    pub(crate) stream: Stream,
    read: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn decode<M: Message + Default>(&self) -> M {
        assert_eq!(self.status, 200, "{}", self.head);
        M::decode(&self.body[..]).unwrap()
    }

    pub(crate) fn error(&self) -> Error {
        self.decode::<Refusal>().error.expect("a refusal")
    }
}

/// As Mars writes it, headers in the order of the alphabet.
pub(crate) fn post(path: &str, connection: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "POST {path} HTTP/1.1\r\nAccept: */*\r\nCache-Control: no-cache\r\nConnection: {connection}\r\n\
         Content-Length: {}\r\nContent-Type: application/octet-stream\r\nHost: im.example.org\r\n\
         User-Agent: MicroMessenger Client\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The header with a user's ticket.
pub(crate) fn bearer(uin: u64, device: &str) -> String {
    let request = AuthRequest::decode(&ticket_body(uin, device)[..]).unwrap();
    format!("Authorization: Bearer {}\r\n", request.ticket)
}

impl Http {
    pub(crate) fn new(stream: impl Into<Stream>) -> Http {
        Http {
            stream: stream.into(),
            read: Vec::new(),
        }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    pub(crate) async fn ask(&mut self, request: &[u8]) -> Answer {
        self.write(request).await;
        let answer = timeout(SOON, self.next()).await.expect("an answer soon");
        answer.expect("an answer, not the end")
    }

    /// The next answer; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Answer> {
        let head_len = loop {
            if let Some(at) = self.read.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.more().await {
                return None;
            }
        };
        let head: Vec<u8> = self.read.drain(..head_len).collect();
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let status = head[9..12].parse().unwrap();
        let length = head.split_once("content-length: ");
        let length = length.map_or(0, |(_, rest)| {
            let (digits, _) = rest.split_once("\r\n").unwrap();
            digits.parse().unwrap()
        });
        while self.read.len() < length {
            assert!(self.more().await, "the answer ended early");
        }
        let body = self.read.drain(..length).collect();
        Some(Answer { status, head, body })
    }

    /// The next bytes, which are no answer.
    pub(crate) async fn raw(&mut self, len: usize) -> Vec<u8> {
        while self.read.len() < len {
            assert!(self.more().await, "the end came early");
        }
        self.read.drain(..len).collect()
    }

    pub(crate) async fn ends(&mut self) {
        let end = timeout(SOON, self.next()).await.expect("an end soon");
        assert!(end.is_none(), "{end:?}");
    }

    async fn more(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.read).await, Ok(1..))
    }
}
