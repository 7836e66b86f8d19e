//! A client of the long link that shares no code with the node.

use super::SOON;
use im_idl::access::{AuthRequest, AuthResponse};
use im_idl::base::{Error, Refusal};
use im_idl::message::{SendRequest, SendResponse};
use prost::Message;
use std::time::Duration;
use svrkit_rt::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// What all of Mars' samples send.
pub(crate) const VERSION: u32 = 200;
pub(crate) const NOOP: u32 = 6;
pub(crate) const AUTH: u32 = 2;
pub(crate) const SEND: u32 = 201;
pub(crate) const NOTIFY: u32 = 10001;
pub(crate) const KICK: u32 = 10002;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) version: u32,
    pub(crate) cmd: u32,
    pub(crate) seq: u32,
    pub(crate) body: Vec<u8>,
}

impl Frame {
    pub(crate) fn new(cmd: u32, seq: u32, body: Vec<u8>) -> Frame {
        let version = VERSION;
        Frame {
            version,
            cmd,
            seq,
            body,
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let numbers = [20, self.version, self.cmd, self.seq, self.body.len() as u32];
        let mut bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    pub(crate) fn decode<M: Message + Default>(&self) -> M {
        M::decode(&self.body[..]).unwrap()
    }

    /// The refusal that it is.
    pub(crate) fn error(&self) -> Error {
        self.decode::<Refusal>().error.expect("a refusal")
    }
}

pub(crate) fn ticket(uin: u64, device: &str) -> Vec<u8> {
    let ticket = format!("{uin}/{device}");
    AuthRequest { ticket }.encode_to_vec()
}

/// A message to `to`, of whom the faked service knows what to do.
pub(crate) fn send(to: u64, client_message_id: u64) -> Vec<u8> {
    SendRequest {
        to,
        client_message_id,
        content: None,
    }
    .encode_to_vec()
}

pub(crate) struct Client {
    pub(crate) stream: Stream,
    read: Vec<u8>,
}

impl Client {
    pub(crate) fn new(stream: impl Into<Stream>) -> Client {
        Client {
            stream: stream.into(),
            read: Vec::new(),
        }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    pub(crate) async fn send(&mut self, cmd: u32, seq: u32, body: Vec<u8>) {
        self.write(&Frame::new(cmd, seq, body).bytes()).await;
    }

    /// The next frame; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            if self.read.len() >= 20 {
                let number = |at: usize| {
                    u32::from_be_bytes(self.read[at * 4..at * 4 + 4].try_into().unwrap())
                };
                assert_eq!(number(0), 20);
                let len = 20 + number(4) as usize;
                if self.read.len() >= len {
                    let (version, cmd, seq) = (number(1), number(2), number(3));
                    let body = self.read[20..len].to_vec();
                    self.read.drain(..len);
                    return Some(Frame {
                        version,
                        cmd,
                        seq,
                        body,
                    });
                }
            }
            match self.stream.read_buf(&mut self.read).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => {
                    assert!(self.read.is_empty(), "the link ended within a frame");
                    return None;
                }
            }
        }
    }

    /// The next frame, soon.
    pub(crate) async fn recv(&mut self) -> Frame {
        let next = timeout(SOON, self.next()).await.expect("a frame soon");
        next.expect("a frame, not the end")
    }

    pub(crate) async fn ask(&mut self, cmd: u32, seq: u32, body: Vec<u8>) -> Frame {
        self.send(cmd, seq, body).await;
        let frame = self.recv().await;
        assert_eq!((frame.cmd, frame.seq), (cmd, seq), "{frame:?}");
        frame
    }

    pub(crate) async fn log_in(&mut self, uin: u64, device: &str) -> AuthResponse {
        let answer = self.ask(AUTH, 1, ticket(uin, device)).await;
        let answer: AuthResponse = answer.decode();
        assert_eq!(answer.error, None);
        assert_eq!((answer.uin, &*answer.device), (uin, device));
        answer
    }

    /// Sends a message that is answered at once.
    pub(crate) async fn chat(&mut self, seq: u32) -> SendResponse {
        self.ask(SEND, seq, send(1, seq as u64)).await.decode()
    }

    /// Nothing comes for a while.
    pub(crate) async fn hears_nothing(&mut self, wait: Duration) {
        if let Ok(next) = timeout(wait, self.next()).await {
            panic!("heard {next:?}");
        }
    }

    /// The link ends, without another frame.
    pub(crate) async fn ends(&mut self) {
        let end = timeout(SOON, self.next()).await.expect("an end soon");
        assert_eq!(end, None);
    }

    /// How long the link lives if nothing more is said on it.
    pub(crate) async fn lives(&mut self) -> Duration {
        let began = tokio::time::Instant::now();
        assert_eq!(self.next().await, None);
        began.elapsed()
    }
}
