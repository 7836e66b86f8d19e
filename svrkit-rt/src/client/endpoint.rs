//! One address with what is needed to open a connection to it, and what balancing wants to know of it.

#[cfg(feature = "auth")]
use super::identify::identify;
#[cfg(feature = "auth")]
use crate::auth::CallerKey;
use crate::service::BoxFuture;
use crate::status::Status;
use crate::tag::Tag;
#[cfg(feature = "tls")]
use crate::transport::TlsClient;
use crate::transport::{MemoryConnector, Stream, TcpOptions};
use bytes::BytesMut;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};

/// Opens connections; for transports that this crate does not know.
pub trait Connect: Send + Sync + 'static {
    /// Opens one.
    fn connect(&self) -> BoxFuture<io::Result<Stream>>;
}

/// Largest weight of an endpoint.
pub const WEIGHT_MAX: u32 = 1_000;

/// One address with its options.
#[derive(Clone)]
pub struct Endpoint {
    name: Arc<str>,
    kind: Kind,
    zone: Arc<str>,
    weight: u32,
    tag: Option<Tag>,
    #[cfg(feature = "tls")]
    tls: Option<TlsClient>,
    #[cfg(feature = "auth")]
    key: Option<CallerKey>,
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
            zone: Arc::default(),
            weight: 1,
            tag: None,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "auth")]
            key: None,
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

    /// Shows it who calls, by a key that both have, before anything is asked; what that takes is part of
    /// [`crate::ChannelConfig::connect_timeout_ms`]. Without the key, or the feature, on its side there is no connection.
    #[cfg(feature = "auth")]
    pub fn identify(mut self, key: CallerKey) -> Endpoint {
        self.key = Some(key);
        self
    }

    /// Where it stands: a building, a data centre. Empty, as by default, is a zone like any other. Calls stay in their channel's
    /// own ([`crate::ChannelConfig::zone`]) while enough of it serves.
    pub fn in_zone(mut self, zone: &str) -> Endpoint {
        self.zone = zone.into();
        self
    }

    /// How much it takes, compared to others: 1, as by default, to [`WEIGHT_MAX`]; what is outside counts as the nearer of the two.
    pub fn with_weight(mut self, weight: u32) -> Endpoint {
        self.weight = weight.clamp(1, WEIGHT_MAX);
        self
    }

    /// Only calls with this tag go there.
    pub fn with_tag(mut self, tag: Tag) -> Endpoint {
        self.tag = Some(tag);
        self
    }

    /// Its zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// Its weight.
    pub fn weight(&self) -> u32 {
        self.weight
    }

    /// Its tag.
    pub fn tag(&self) -> Option<Tag> {
        self.tag
    }

    /// The address as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A connection that may be called on, and what was read from it already. It must be open `within` that time.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn open(&self, within: Duration) -> Result<(Stream, BytesMut), String> {
        let until = Instant::now() + within;
        let opened = timeout_at(until, self.open_stream()).await;
        let opened =
            opened.map_err(|_| format!("no connection within {} ms", within.as_millis()))?;
        let stream = opened.map_err(|e| e.to_string())?;
        #[cfg(feature = "auth")]
        if let Some(key) = &self.key {
            let mut stream = stream;
            let identified = timeout_at(until, identify(&mut stream, key)).await;
            let failed = |why: String| format!("identifying as {:?}: {why}", key.name());
            let ms = within.as_millis();
            let read = identified
                .map_err(|_| failed(format!("no challenge within {ms} ms: it may know no keys")))?
                .map_err(|e| failed(e.to_string()))?;
            return Ok((stream, read));
        }
        Ok((stream, BytesMut::new()))
    }

    async fn open_stream(&self) -> io::Result<Stream> {
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
