//! Socket options of TCP connections.

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// How TCP sockets are set up.
#[derive(Clone, Debug)]
pub struct TcpOptions {
    /// Several processes (or runtimes) may listen on the same port, and the kernel spreads connections over them.
    pub reuse_port: bool,
    /// Connections that the kernel holds ready for `accept`.
    pub backlog: u32,
    /// Send small writes at once. We coalesce ourselves, so Nagle's algorithm would only add waiting.
    pub nodelay: bool,
    /// Idle time in milliseconds after which the kernel asks whether the peer is still there; 0 never asks.
    pub keepalive_ms: u32,
    /// Time in milliseconds that written bytes may stay unacknowledged before the connection is given up; 0 leaves it to the
    /// kernel (about 15 minutes).
    pub user_timeout_ms: u32,
}

impl Default for TcpOptions {
    fn default() -> TcpOptions {
        TcpOptions {
            reuse_port: false,
            backlog: 4096,
            nodelay: true,
            keepalive_ms: 60_000,
            user_timeout_ms: 30_000,
        }
    }
}

impl TcpOptions {
    /// A listening socket.
    pub(super) fn listen(&self, addr: SocketAddr) -> io::Result<std::net::TcpListener> {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        if self.reuse_port {
            socket.set_reuse_port(true)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&addr.into())?;
        socket.listen(i32::try_from(self.backlog).unwrap_or(i32::MAX))?;
        Ok(socket.into())
    }

    /// Applies the options of an open connection.
    pub(crate) fn apply(&self, stream: &TcpStream) -> io::Result<()> {
        let socket = SockRef::from(stream);
        socket.set_tcp_nodelay(self.nodelay)?;
        if self.keepalive_ms > 0 {
            let time = Duration::from_millis(self.keepalive_ms as u64);
            socket
                .set_tcp_keepalive(&TcpKeepalive::new().with_time(time).with_interval(time / 4))?;
        }
        #[cfg(target_os = "linux")]
        if self.user_timeout_ms > 0 {
            socket
                .set_tcp_user_timeout(Some(Duration::from_millis(self.user_timeout_ms as u64)))?;
        }
        Ok(())
    }
}
