//! A gRPC client that shows everything: hyper's HTTP/2, and messages framed by hand.

use crate::support::Text;
use bytes::{BufMut, Bytes, BytesMut};
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::header::{CONTENT_TYPE, HeaderValue, TE};
use hyper::rt::{Executor, Read, ReadBufCursor, Write};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use prost::Message;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use svrkit_rt::{MemoryConnector, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A connection.
pub(super) struct Client {
    requests: SendRequest<Chunks>,
    connection: JoinHandle<hyper::Result<()>>,
}

/// What a call sends after its headers. Dropped, its stream is ended.
pub(super) type Sending = mpsc::Sender<Bytes>;

/// An answer whose messages are still coming.
#[derive(Debug)]
pub(super) struct Coming {
    pub(super) http: StatusCode,
    pub(super) headers: HeaderMap,
    body: Incoming,
    rest: BytesMut,
    pub(super) trailers: HeaderMap,
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) http: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) messages: Vec<Text>,
    pub(super) trailers: HeaderMap,
}

pub(super) struct Chunks(mpsc::Receiver<Bytes>);

/// The head of a call of `path`, to be added to.
pub(super) fn head(path: &str) -> Request<()> {
    let mut head = Request::new(());
    *head.method_mut() = Method::POST;
    *head.uri_mut() = format!("http://test{path}").parse().unwrap();
    let headers = head.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    head
}

pub(super) fn with(path: &str, headers: &[(&'static str, &str)]) -> Request<()> {
    let mut head = head(path);
    for (name, value) in headers {
        head.headers_mut().append(*name, value.parse().unwrap());
    }
    head
}

/// A message as it travels.
pub(super) fn framed(text: impl Into<Text>) -> Bytes {
    let message = text.into().encode_to_vec();
    prefixed(0, message.len() as u32, &message)
}

pub(super) fn prefixed(flag: u8, len: u32, message: &[u8]) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u8(flag);
    bytes.put_u32(len);
    bytes.put_slice(message);
    bytes.freeze()
}

impl Client {
    pub(super) async fn connect(connector: &MemoryConnector) -> Client {
        Client::over(connector.connect().unwrap()).await
    }

    /// A client that takes no more than this of each answer until it is read.
    pub(super) async fn with_window(connector: &MemoryConnector, bytes: u32) -> Client {
        let mut http = Builder::new(Spawn);
        http.initial_stream_window_size(bytes);
        Client::speak(http, connector.connect().unwrap()).await
    }

    pub(super) async fn over(stream: Stream) -> Client {
        Client::speak(Builder::new(Spawn), stream).await
    }

    async fn speak(http: Builder<Spawn>, stream: Stream) -> Client {
        let (requests, connection) = http.handshake(Io(stream)).await.unwrap();
        Client {
            requests,
            connection: tokio::spawn(connection),
        }
    }

    /// Begins a call.
    pub(super) fn open(
        &mut self,
        head: Request<()>,
    ) -> (Sending, impl Future<Output = hyper::Result<Coming>> + use<>) {
        let (sending, chunks) = mpsc::channel(1);
        let answer = self.requests.send_request(head.map(|()| Chunks(chunks)));
        let answer = async { answer.await.map(Coming::new) };
        (sending, answer)
    }

    /// A whole call.
    pub(super) async fn call(&mut self, head: Request<()>, body: impl Into<Bytes>) -> Answer {
        let (sending, answer) = self.open(head);
        sending.send(body.into()).await.unwrap();
        drop(sending);
        answer.await.unwrap().whole().await
    }

    /// Waits until the server has closed the connection.
    pub(super) async fn closed(self) -> hyper::Result<()> {
        self.connection.await.unwrap()
    }
}

impl Coming {
    fn new(response: Response<Incoming>) -> Coming {
        let (head, body) = response.into_parts();
        Coming {
            http: head.status,
            headers: head.headers,
            body,
            rest: BytesMut::new(),
            trailers: HeaderMap::new(),
        }
    }

    /// The next message; `None` after the last one.
    pub(super) async fn next(&mut self) -> Option<Text> {
        let message = self.next_bytes().await?;
        Some(Text::decode(message).unwrap())
    }

    /// The same, of whatever kind it is.
    pub(super) async fn next_bytes(&mut self) -> Option<Bytes> {
        loop {
            if let Some(prefix) = self.rest.get(..5) {
                assert_eq!(prefix[0], 0, "not compressed");
                let len = u32::from_be_bytes(prefix[1..].try_into().unwrap()) as usize;
                if self.rest.len() >= 5 + len {
                    return Some(self.rest.split_to(5 + len).split_off(5).freeze());
                }
            }
            let frame = poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)).await;
            match frame?.unwrap().into_data() {
                Ok(data) => self.rest.extend_from_slice(&data),
                Err(frame) => self.trailers = frame.into_trailers().unwrap(),
            }
        }
    }

    pub(super) async fn whole(mut self) -> Answer {
        let mut messages = Vec::new();
        while let Some(message) = self.next().await {
            messages.push(message);
        }
        assert!(self.rest.is_empty(), "no half message");
        Answer {
            http: self.http,
            headers: self.headers,
            messages,
            trailers: self.trailers,
        }
    }
}

impl Answer {
    /// Where it says how it went: in the trailers, or in place of them.
    pub(super) fn said(&self) -> &HeaderMap {
        match self.headers.contains_key("grpc-status") {
            true => &self.headers,
            false => &self.trailers,
        }
    }

    /// Checks the code and gives the message for people.
    #[track_caller]
    pub(super) fn failed(&self, code: u16) -> &str {
        assert_eq!(self.http, StatusCode::OK, "{self:?}");
        assert_eq!(self.said()["grpc-status"], code.to_string(), "{self:?}");
        assert_eq!(self.headers[CONTENT_TYPE], "application/grpc");
        let message = self.said().get("grpc-message");
        message.map_or("", |message| message.to_str().unwrap())
    }

    /// Checks that it went well and gives the messages.
    #[track_caller]
    pub(super) fn ok(&self) -> &[Text] {
        assert_eq!(self.failed(0), "");
        assert!(self.trailers.contains_key("grpc-status"), "{self:?}");
        &self.messages
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = ready!(self.0.poll_recv(cx));
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }
}

#[derive(Clone)]
struct Spawn;

impl<F> Executor<F> for Spawn
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        tokio::spawn(future);
    }
}

/// A stream as hyper wants it.
struct Io(Stream);

impl Read for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut chunk = [0; 16 * 1024];
        let room = chunk.len().min(buf.remaining());
        let mut chunk = ReadBuf::new(&mut chunk[..room]);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut chunk))?;
        buf.put_slice(chunk.filled());
        Poll::Ready(Ok(()))
    }
}

impl Write for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(Pin::new(&mut self.0), cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(Pin::new(&mut self.0), cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_shutdown(Pin::new(&mut self.0), cx)
    }
}
