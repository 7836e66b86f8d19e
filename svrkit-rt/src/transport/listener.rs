//! Where a server waits for connections.

use super::options::TcpOptions;
use super::stream::Stream;
#[cfg(feature = "tls")]
use super::tls::TlsServer;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::mpsc;

/// Bytes that an in-memory pipe holds each way before its writer waits: about what a loopback socket does.
const MEMORY_PIPE_BYTES: usize = 256 * 1024;
/// In-memory connections waiting to be accepted.
const MEMORY_BACKLOG: usize = 1024;

/// A bound listener: TCP, a Unix socket, or this process's memory.
#[derive(Debug)]
pub struct Listener(Kind);

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener, TcpOptions),
    Unix(UnixListener, PathBuf),
    Memory(mpsc::Receiver<Stream>),
    #[cfg(feature = "tls")]
    Tls(Box<Listener>, TlsServer),
}

impl Listener {
    /// Listens on TCP with default options; port 0 picks a free one.
    ///
    /// # Errors
    /// The address is malformed or taken.
    pub async fn bind(addr: &str) -> io::Result<Listener> {
        let mut addrs = tokio::net::lookup_host(addr).await?;
        let addr = addrs
            .next()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "address names no host"))?;
        Listener::bind_tcp(addr, TcpOptions::default())
    }

    /// Listens on TCP.
    ///
    /// # Errors
    /// The address is taken, or the kernel refuses an option.
    pub fn bind_tcp(addr: SocketAddr, options: TcpOptions) -> io::Result<Listener> {
        let listener = TcpListener::from_std(options.listen(addr)?)?;
        Ok(Listener(Kind::Tcp(listener, options)))
    }

    /// Listens on a Unix socket. A socket file that nobody listens on any more (left by a killed process) is replaced; the file is
    /// removed when the listener is dropped.
    ///
    /// # Errors
    /// Somebody listens there, or the path cannot be made.
    pub fn bind_unix(path: impl AsRef<Path>) -> io::Result<Listener> {
        let path = path.as_ref();
        let listener = match UnixListener::bind(path) {
            Err(e) if e.kind() == io::ErrorKind::AddrInUse && is_stale(path) => {
                std::fs::remove_file(path)?;
                UnixListener::bind(path)?
            }
            bound => bound?,
        };
        Ok(Listener(Kind::Unix(listener, path.to_owned())))
    }

    /// Speaks TLS 1.3 on every connection. The handshake is done by the connection itself, so a slow one keeps nobody else waiting;
    /// it must be over by [`crate::Limits::first_frame_timeout_ms`].
    #[cfg(feature = "tls")]
    pub fn with_tls(self, tls: TlsServer) -> Listener {
        Listener(Kind::Tls(Box::new(self), tls))
    }

    /// Where it listens: `127.0.0.1:7000`, `unix:/run/x.sock` or `memory`.
    pub fn address(&self) -> String {
        match &self.0 {
            Kind::Tcp(l, _) => l
                .local_addr()
                .map_or_else(|e| format!("unknown ({e})"), |a| a.to_string()),
            Kind::Unix(_, path) => format!("unix:{}", path.display()),
            Kind::Memory(_) => "memory".to_owned(),
            #[cfg(feature = "tls")]
            Kind::Tls(inner, _) => inner.address(),
        }
    }

    /// Whether it speaks TLS.
    pub fn is_tls(&self) -> bool {
        match &self.0 {
            #[cfg(feature = "tls")]
            Kind::Tls(..) => true,
            _ => false,
        }
    }

    /// The next connection, and where it comes from if that is an address. Cancel safe.
    ///
    /// For servers that speak a protocol of their own; others leave it to [`crate::Server::run`].
    ///
    /// # Errors
    /// The kernel has no connection to give, for want of files usually. The next call may succeed.
    pub async fn accept(&mut self) -> io::Result<(Stream, Option<SocketAddr>)> {
        match &mut self.0 {
            Kind::Tcp(listener, options) => {
                let (stream, peer) = listener.accept().await?;
                options.apply(&stream)?;
                Ok((stream.into(), Some(peer)))
            }
            Kind::Unix(listener, _) => Ok((listener.accept().await?.0.into(), None)),
            Kind::Memory(streams) => match streams.recv().await {
                Some(stream) => Ok((stream, None)),
                // Every connector is gone; nobody will ever come.
                None => std::future::pending().await,
            },
            #[cfg(feature = "tls")]
            Kind::Tls(inner, tls) => {
                let (stream, peer) = Box::pin(inner.accept()).await?;
                Ok((tls.accept(stream), peer))
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Kind::Unix(_, path) = &self.0 {
            // It is gone already if somebody cleaned up; either way it is not there any more.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn is_stale(path: &Path) -> bool {
    matches!(std::os::unix::net::UnixStream::connect(path), Err(e) if e.kind() == io::ErrorKind::ConnectionRefused)
}

/// A listener in this process's memory, and the way to connect to it. The same frames as over a socket.
pub fn memory() -> (Listener, MemoryConnector) {
    let (to_listener, streams) = mpsc::channel(MEMORY_BACKLOG);
    (
        Listener(Kind::Memory(streams)),
        MemoryConnector { to_listener },
    )
}

/// Connects to a [`memory`] listener; a cheap clone.
#[derive(Clone)]
pub struct MemoryConnector {
    to_listener: mpsc::Sender<Stream>,
}

impl MemoryConnector {
    /// Opens a connection.
    ///
    /// # Errors
    /// `ConnectionRefused` when the listener is gone or its backlog is full.
    pub fn connect(&self) -> io::Result<Stream> {
        let (near, far) = tokio::io::duplex(MEMORY_PIPE_BYTES);
        let sent = self.to_listener.try_send(Stream::new(far));
        sent.map_err(|e| io::Error::new(io::ErrorKind::ConnectionRefused, e.to_string()))?;
        Ok(Stream::new(near))
    }
}

impl fmt::Debug for MemoryConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryConnector")
    }
}
