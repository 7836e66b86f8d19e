//! One open byte pipe, whatever carries it.

use crate::auth::Caller;
use bytes::BytesMut;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, UnixStream, tcp, unix};

/// Milliseconds for the peer to notice that it was sent away.
const LINGER_MS: u64 = 1_000;
/// Bytes of it that are read meanwhile.
const LINGER_BYTES_MAX: usize = 1024 * 1024;

/// Anything that carries bytes both ways.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {}

/// An open connection's byte pipe.
pub struct Stream(Kind);

enum Kind {
    Tcp {
        read: tcp::OwnedReadHalf,
        write: Arc<tcp::OwnedWriteHalf>,
    },
    Unix {
        read: unix::OwnedReadHalf,
        write: Arc<unix::OwnedWriteHalf>,
    },
    Io {
        io: Box<dyn Io>,
        /// It may keep what was written (TLS does) until it is flushed.
        unflushed: bool,
        /// Who is at the other end, where the transport knows.
        peer: Peer,
    },
}

/// Who has shown itself to a transport, as soon as it has.
pub(super) type Peer = Arc<OnceLock<Caller>>;

/// Writes to a socket from tasks that do not own the connection, without waiting.
#[derive(Clone, Debug)]
pub(crate) enum DirectWriter {
    Tcp(Arc<tcp::OwnedWriteHalf>),
    Unix(Arc<unix::OwnedWriteHalf>),
}

impl DirectWriter {
    pub(crate) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match (self, slices) {
            (DirectWriter::Tcp(w), [one]) => w.try_write(one),
            (DirectWriter::Tcp(w), many) => w.try_write_vectored(many),
            (DirectWriter::Unix(w), [one]) => w.try_write(one),
            (DirectWriter::Unix(w), many) => w.try_write_vectored(many),
        }
    }
}

impl Stream {
    /// Over any transport of your own.
    pub fn new(io: impl Io) -> Stream {
        Stream::to(Peer::default(), io)
    }

    /// As [`Stream::new`], where the transport finds out who is at the other end.
    pub(super) fn to(peer: Peer, io: impl Io) -> Stream {
        Stream(Kind::Io {
            io: Box::new(io),
            unflushed: false,
            peer,
        })
    }

    /// Who is at the other end, if the transport knows: TLS does once it has shaken hands with somebody who has a certificate, and memory
    /// if its connector was named.
    pub fn caller(&self) -> Option<Caller> {
        match &self.0 {
            Kind::Io { peer, .. } => peer.get().cloned(),
            Kind::Tcp { .. } | Kind::Unix { .. } => None,
        }
    }

    /// Ends the writing side and throws away what still comes, for a bounded while: closing a socket with unread input makes the kernel
    /// reset the connection, and a reset may destroy the last words before the peer has read them.
    pub async fn linger(&mut self) {
        let read_on = async {
            if self.shutdown().await.is_err() {
                return;
            }
            let mut left = LINGER_BYTES_MAX;
            // Not in line: a connection's task would be that much larger all its life.
            let mut scratch = vec![0; 1024];
            while let Ok(n @ 1..) = self.read(&mut scratch).await {
                left = left.saturating_sub(n);
                if left == 0 {
                    return;
                }
            }
        };
        // Out of time is an end like any other.
        let _ = tokio::time::timeout(Duration::from_millis(LINGER_MS), read_on).await;
    }

    pub(crate) fn direct_writer(&self) -> Option<DirectWriter> {
        match &self.0 {
            Kind::Tcp { write, .. } => Some(DirectWriter::Tcp(write.clone())),
            Kind::Unix { write, .. } => Some(DirectWriter::Unix(write.clone())),
            Kind::Io { .. } => None,
        }
    }

    /// Reads once into the free room of `buffer`.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Kind::Tcp { read, .. } => pin!(read.read_buf(buffer)).poll(cx),
            Kind::Unix { read, .. } => pin!(read.read_buf(buffer)).poll(cx),
            Kind::Io { io, .. } => pin!(io.read_buf(buffer)).poll(cx),
        }
    }

    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Kind::Tcp { write, .. } => loop {
                match DirectWriter::Tcp(write.clone()).try_write(slices) {
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                        ready!(write.as_ref().as_ref().poll_write_ready(cx))?
                    }
                    done => return Poll::Ready(done),
                }
            },
            Kind::Unix { write, .. } => loop {
                match DirectWriter::Unix(write.clone()).try_write(slices) {
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                        ready!(write.as_ref().as_ref().poll_write_ready(cx))?
                    }
                    done => return Poll::Ready(done),
                }
            },
            Kind::Io { io, unflushed, .. } => {
                *unflushed = true;
                Pin::new(io).poll_write_vectored(cx, slices)
            }
        }
    }

    /// Ready when everything written is on its way.
    pub(crate) fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Kind::Io { io, unflushed, .. } = &mut self.0
            && *unflushed
        {
            ready!(Pin::new(io).poll_flush(cx))?;
            *unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Stream {
        let (read, write) = stream.into_split();
        Stream(Kind::Tcp {
            read,
            write: Arc::new(write),
        })
    }
}

impl From<UnixStream> for Stream {
    fn from(stream: UnixStream) -> Stream {
        let (read, write) = stream.into_split();
        Stream(Kind::Unix {
            read,
            write: Arc::new(write),
        })
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.0 {
            Kind::Tcp { .. } => "Stream(tcp)",
            Kind::Unix { .. } => "Stream(unix)",
            Kind::Io { .. } => "Stream(io)",
        })
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Kind::Tcp { read, .. } => Pin::new(read).poll_read(cx, buf),
            Kind::Unix { read, .. } => Pin::new(read).poll_read(cx, buf),
            Kind::Io { io, .. } => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Stream::poll_write(&mut self, cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Stream::poll_write(&mut self, cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flushed(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Kind::Tcp { write, .. } => Poll::Ready(shutdown(write.as_ref().as_ref())),
            Kind::Unix { write, .. } => Poll::Ready(shutdown(write.as_ref().as_ref())),
            Kind::Io { io, .. } => Pin::new(io).poll_shutdown(cx),
        }
    }
}

/// Sends the end of the stream.
fn shutdown<'a, S: std::os::fd::AsFd>(socket: &'a S) -> io::Result<()>
where
    socket2::SockRef<'a>: From<&'a S>,
{
    match socket2::SockRef::from(socket).shutdown(std::net::Shutdown::Write) {
        Err(e) if e.kind() == io::ErrorKind::NotConnected => Ok(()),
        done => done,
    }
}
