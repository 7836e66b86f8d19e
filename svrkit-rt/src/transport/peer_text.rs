//! Where a connection comes from, for the log.

use std::fmt;
use std::net::SocketAddr;

/// An address; without one the peer is a process of this machine.
pub(crate) struct PeerText(pub(crate) Option<SocketAddr>);

impl fmt::Display for PeerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("this machine"),
        }
    }
}
