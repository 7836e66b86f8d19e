//! The server's process: one system on one port, until it is killed.

use crate::placement::{self, Side};
use crate::{Fault, limits, options};
use std::net::SocketAddr;

pub(crate) fn run(options: options::Server) -> Result<(), Fault> {
    limits::apply()?;
    placement::pin(Side::Server, options.pin)?;
    (options.system.server)(options.addr)
}

/// Tells whoever started us where the listener is; every server says it once, when it is bound.
pub(crate) fn announce(addr: SocketAddr) {
    println!("{addr}");
}
