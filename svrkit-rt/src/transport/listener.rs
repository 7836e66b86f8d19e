//! Where a server waits for connections.

use super::options::TcpOptions;
use super::stream::{Peer, Stream};
#[cfg(feature = "tls")]
use super::tls::TlsServer;
use crate::auth::{Caller, Means};
use crate::status::Status;
use socket2::{Domain, SockAddr, Socket, Type};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
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
    /// The socket is closed before its file is looked at.
    Unix(UnixListener, SocketFile),
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
    /// removed when the listener is dropped, unless another process listens on it too ([`Listener::share`]).
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
        Ok(Listener(Kind::Unix(listener, SocketFile(path.to_owned()))))
    }

    /// A listener on a socket that another process has bound, and is listening on: [`Listener::share`].
    ///
    /// # Errors
    /// It is neither a TCP nor a Unix socket.
    pub fn from_fd(socket: OwnedFd) -> io::Result<Listener> {
        let socket = Socket::from(socket);
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let kind = match (address.as_socket(), address.as_pathname()) {
            (Some(_), _) => {
                let listener = TcpListener::from_std(socket.into())?;
                Kind::Tcp(listener, TcpOptions::default())
            }
            (None, Some(path)) => {
                let file = SocketFile(path.to_owned());
                Kind::Unix(UnixListener::from_std(socket.into())?, file)
            }
            (None, None) => {
                let message = "neither a TCP socket nor one with a path";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
        };
        Ok(Listener(kind))
    }

    /// The same socket once more, for another process: both accept from one queue, and none of its connections is lost when either
    /// closes it.
    ///
    /// # Errors
    /// `Unsupported` for a listener in memory; the kernel has no file to give.
    pub fn share(&self) -> io::Result<OwnedFd> {
        match &self.0 {
            Kind::Tcp(listener, _) => listener.as_fd().try_clone_to_owned(),
            Kind::Unix(listener, _) => listener.as_fd().try_clone_to_owned(),
            Kind::Memory(_) => Err(io::ErrorKind::Unsupported.into()),
            #[cfg(feature = "tls")]
            Kind::Tls(inner, _) => inner.share(),
        }
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
            Kind::Unix(_, file) => format!("unix:{}", file.0.display()),
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
                Ok((tls.accept(stream, peer), peer))
            }
        }
    }
}

/// Removes the file when nobody listens there any more.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        if is_stale(&self.0) {
            // It is gone already if somebody cleaned up; either way it is not there any more.
            let _ = std::fs::remove_file(&self.0);
        }
    }
}

/// Whether nobody listens on a socket file. Does not wait: where somebody listens who is slow to accept, a connection might.
fn is_stale(path: &Path) -> bool {
    let connect = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.connect(&SockAddr::unix(path)?)
    };
    matches!(connect(), Err(e) if e.kind() == io::ErrorKind::ConnectionRefused)
}

/// A listener in this process's memory, and the way to connect to it. The same frames as over a socket.
pub fn memory() -> (Listener, MemoryConnector) {
    let (to_listener, streams) = mpsc::channel(MEMORY_BACKLOG);
    (
        Listener(Kind::Memory(streams)),
        MemoryConnector {
            to_listener,
            caller: None,
        },
    )
}

/// Connects to a [`memory`] listener; a cheap clone.
#[derive(Clone)]
pub struct MemoryConnector {
    to_listener: mpsc::Sender<Stream>,
    caller: Option<Caller>,
}

impl MemoryConnector {
    /// The same way in for a part of the process that has a name: the server knows it as the caller of all that comes this way.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no name ([`Caller::new`]).
    pub fn as_caller(&self, name: &str) -> Result<MemoryConnector, Status> {
        Ok(MemoryConnector {
            caller: Some(Caller::new(name, Means::Process)?),
            ..self.clone()
        })
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// `ConnectionRefused` when the listener is gone or its backlog is full.
    pub fn connect(&self) -> io::Result<Stream> {
        let (near, far) = tokio::io::duplex(MEMORY_PIPE_BYTES);
        let peer = Peer::default();
        if let Some(caller) = &self.caller {
            let _ = peer.set(caller.clone());
        }
        let sent = self.to_listener.try_send(Stream::to(peer, far));
        sent.map_err(|e| io::Error::new(io::ErrorKind::ConnectionRefused, e.to_string()))?;
        Ok(Stream::new(near))
    }
}

impl fmt::Debug for MemoryConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryConnector")
    }
}
