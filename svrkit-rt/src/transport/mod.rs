//! Byte pipes: TCP, Unix sockets, in-memory pairs, and (feature `tls`) TLS over any of them.

mod listener;
#[cfg(feature = "tls")]
mod mutual_tls;
mod options;
mod peer_text;
mod stream;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
mod tls_name;

pub use listener::{Listener, MemoryConnector, memory};
#[cfg(feature = "tls")]
pub use mutual_tls::{MutualTls, MutualTlsError};
pub use options::TcpOptions;
pub(crate) use peer_text::PeerText;
pub(crate) use stream::DirectWriter;
pub use stream::{Io, Stream};
#[cfg(feature = "tls")]
pub use tls::{TlsClient, TlsServer};
