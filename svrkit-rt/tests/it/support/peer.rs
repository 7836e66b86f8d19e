//! A peer that writes and reads frames by hand, to say what no proper client would.

use bytes::{Bytes, BytesMut};
use prost::Message;
use svrkit_rt::frame::{HEADER_BYTES, Head, Header, RequestHead};
use svrkit_rt::{Code, Status, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// One end of a connection.
pub(crate) struct Peer {
    pub(crate) stream: Stream,
    buffer: BytesMut,
}

impl Peer {
    pub(crate) fn new(stream: impl Into<Stream>) -> Peer {
        Peer {
            stream: stream.into(),
            buffer: BytesMut::new(),
        }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next frame; `None` at a clean end.
    pub(crate) async fn frame(&mut self) -> Option<(Header, Bytes)> {
        loop {
            if let Some(raw) = self.buffer.first_chunk::<HEADER_BYTES>() {
                let header = Header::decode(raw).unwrap();
                let len = HEADER_BYTES + header.payload_len as usize;
                if self.buffer.len() >= len {
                    let mut frame = self.buffer.split_to(len).freeze();
                    return Some((header, frame.split_off(HEADER_BYTES)));
                }
            }
            if self.stream.read_buf(&mut self.buffer).await.unwrap() == 0 {
                assert!(self.buffer.is_empty(), "the end came inside a frame");
                return None;
            }
        }
    }

    /// The next answer's request id, and how it went.
    pub(crate) async fn answer(&mut self) -> (u64, Result<Bytes, Status>) {
        let (header, body) = self.frame().await.expect("an answer, not the end");
        match header.head {
            Head::Answer(answer) if answer.code == 0 => (header.request_id, Ok(body)),
            Head::Answer(_) => (header.request_id, Err(status_of(&header, &body))),
            other => panic!("expected an answer, got {other:?}"),
        }
    }

    /// The next frame, which must be a go-away, and then the end.
    pub(crate) async fn go_away(&mut self) -> Status {
        let (header, body) = self.frame().await.expect("a go-away, not the end");
        assert!(
            matches!(header.head, Head::GoAway(_)),
            "expected a go-away, got {header:?}"
        );
        assert!(self.frame().await.is_none(), "nothing follows a go-away");
        status_of(&header, &body)
    }
}

/// A frame with this payload as its body.
pub(crate) fn frame(mut header: Header, body: &[u8]) -> Vec<u8> {
    header.payload_len = body.len() as u32;
    let mut bytes = header.encode().to_vec();
    bytes.extend_from_slice(body);
    bytes
}

/// A request without any extras.
pub(crate) fn request_frame(
    request_id: u64,
    method_id: u32,
    timeout_us: u32,
    body: &[u8],
) -> Vec<u8> {
    let head = Head::Request(RequestHead {
        method_id,
        timeout_us,
        ..RequestHead::default()
    });
    frame(Header::new(request_id, head), body)
}

/// A request whose call streams.
pub(crate) fn stream_frame(
    request_id: u64,
    method_id: u32,
    timeout_us: u32,
    body: &[u8],
) -> Vec<u8> {
    let head = Head::Request(RequestHead {
        method_id,
        timeout_us,
        streams: true,
        ..RequestHead::default()
    });
    frame(Header::new(request_id, head), body)
}

/// What an answer or a go-away says.
pub(crate) fn status_of(header: &Header, body: &[u8]) -> Status {
    #[derive(Clone, PartialEq, prost::Message)]
    struct Error {
        #[prost(string, tag = "1")]
        message: String,
        #[prost(string, tag = "2")]
        domain: String,
        #[prost(string, tag = "3")]
        reason: String,
    }
    let error = Error::decode(body).unwrap();
    let (code, not_started) = match header.head {
        Head::Answer(answer) => (answer.code, answer.not_started),
        Head::GoAway(go_away) => (go_away.code, false),
        other => panic!("{other:?} carries no status"),
    };
    let status = Status::new(Code::from_wire(code), error.message);
    let status = status.with_reason(error.domain, error.reason);
    if not_started {
        status.with_not_started()
    } else {
        status
    }
}
