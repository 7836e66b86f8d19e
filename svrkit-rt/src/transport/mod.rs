//! Byte pipes: TCP, Unix sockets, in-memory pairs, and (feature `tls`) TLS over any of them.

mod listener;
mod options;
mod stream;
#[cfg(feature = "tls")]
mod tls;

pub use listener::{Listener, MemoryConnector, memory};
pub use options::TcpOptions;
pub(crate) use stream::DirectWriter;
pub use stream::{Io, Stream};
#[cfg(feature = "tls")]
pub use tls::{TlsClient, TlsServer};
