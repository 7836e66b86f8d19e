//! How links are opened.

use std::io;
use svrkit_rt::{BoxFuture, Connect, Stream, TlsClient};
use tokio::net::TcpStream;

/// Opens TCP connections to one address, `host:port`, with or without TLS 1.3.
#[derive(Clone, Debug)]
pub struct Tcp {
    address: String,
    tls: Option<TlsClient>,
}

impl Tcp {
    /// To this address, which is resolved anew for every connection.
    pub fn new(address: impl Into<String>) -> Tcp {
        Tcp {
            address: address.into(),
            tls: None,
        }
    }

    /// Speaks TLS over it.
    pub fn tls(mut self, tls: TlsClient) -> Tcp {
        self.tls = Some(tls);
        self
    }
}

impl Connect for Tcp {
    fn connect(&self) -> BoxFuture<io::Result<Stream>> {
        let Tcp { address, tls } = self.clone();
        Box::pin(async move {
            let stream = TcpStream::connect(&address).await?;
            // Writes are coalesced here already; Nagle's algorithm would only add waiting.
            stream.set_nodelay(true)?;
            match tls {
                None => Ok(stream.into()),
                Some(tls) => tls.connect(stream.into(), &address).await,
            }
        })
    }
}
