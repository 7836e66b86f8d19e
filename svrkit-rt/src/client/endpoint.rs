//! One address with what is needed to open a connection to it.

use crate::service::BoxFuture;
use crate::status::Status;
#[cfg(feature = "tls")]
use crate::transport::TlsClient;
use crate::transport::{MemoryConnector, Stream, TcpOptions};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::{TcpStream, UnixStream};

/// Opens connections; for transports that this crate does not know.
pub trait Connect: Send + Sync + 'static {
    /// Opens one.
    fn connect(&self) -> BoxFuture<io::Result<Stream>>;
}

/// One address.
#[derive(Clone)]
pub struct Endpoint {
    name: Arc<str>,
    kind: Kind,
    #[cfg(feature = "tls")]
    tls: Option<TlsClient>,
}

#[derive(Clone)]
enum Kind {
    Tcp(TcpOptions),
    Unix(PathBuf),
    Memory(MemoryConnector),
    Custom(Arc<dyn Connect>),
}

impl Endpoint {
    /// `host:port` for TCP, `unix:/path` for a Unix socket.
    ///
    /// # Errors
    /// `InvalidArgument` when it is neither.
    pub fn parse(address: &str) -> Result<Endpoint, Status> {
        if let Some(path) = address.strip_prefix("unix:") {
            return Ok(Endpoint::new(address, Kind::Unix(path.into())));
        }
        let port = address
            .rsplit_once(':')
            .and_then(|(host, port)| (!host.is_empty()).then(|| port.parse::<u16>()));
        match port {
            Some(Ok(_)) => Ok(Endpoint::new(address, Kind::Tcp(TcpOptions::default()))),
            _ => Err(Status::invalid_argument(format!(
                "address {address:?} is neither host:port nor unix:/path"
            ))),
        }
    }

    /// A listener in this process's memory.
    pub fn memory(connector: MemoryConnector) -> Endpoint {
        Endpoint::new("memory", Kind::Memory(connector))
    }

    /// Any other way to open connections; `name` is for messages.
    pub fn custom(name: &str, connect: impl Connect) -> Endpoint {
        Endpoint::new(name, Kind::Custom(Arc::new(connect)))
    }

    fn new(name: &str, kind: Kind) -> Endpoint {
        Endpoint {
            name: name.into(),
            kind,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Sets the socket options; without effect on what is not TCP.
    pub fn tcp_options(mut self, options: TcpOptions) -> Endpoint {
        if let Kind::Tcp(o) = &mut self.kind {
            *o = options;
        }
        self
    }

    /// Speaks TLS 1.3 over whatever the endpoint is; the handshake has its part of [`crate::ChannelConfig::connect_timeout_ms`].
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: TlsClient) -> Endpoint {
        self.tls = Some(tls);
        self
    }

    /// The address as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) async fn open(&self) -> io::Result<Stream> {
        let stream = self.open_plain().await?;
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return tls.connect(stream, &self.name).await;
        }
        Ok(stream)
    }

    async fn open_plain(&self) -> io::Result<Stream> {
        match &self.kind {
            Kind::Tcp(options) => {
                let stream = TcpStream::connect(&*self.name).await?;
                options.apply(&stream)?;
                Ok(stream.into())
            }
            Kind::Unix(path) => Ok(UnixStream::connect(path).await?.into()),
            Kind::Memory(connector) => connector.connect(),
            Kind::Custom(connect) => connect.connect().await,
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.name)
    }
}
