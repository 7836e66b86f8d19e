//! TLS 1.3 over any other transport, by rustls with ring. Certificates and keys come as PEM, so nobody needs to name rustls.

use super::peer_text::PeerText;
use super::stream::{Peer, Stream};
use super::tls_name;
use crate::current::Current;
use crate::monitor::connections::UNPROVEN;
use crate::seldom::Seldom;
use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{ClientCertVerifierBuilder, WebPkiClientVerifier};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{ClientConfig, Error, RootCertStore, ServerConfig};
use tokio_rustls::{Accept, TlsAcceptor, TlsConnector, server};

/// What a client may ask for by name; frames are asked for by none. The first that a client knows is taken: HTTP/2 is for those who
/// know nothing else, since pages are served over HTTP/1.1 only.
#[cfg(feature = "grpc")]
const ALPN: [&[u8]; 2] = [b"http/1.1", b"h2"];
#[cfg(not(feature = "grpc"))]
const ALPN: [&[u8]; 0] = [];

/// Who a server is, and whom it lets in. A cheap clone. Goes to [`crate::Listener::with_tls`]. When its certificate is to be another one,
/// [`TlsServer::replace`].
#[derive(Clone)]
pub struct TlsServer(Arc<Shared>);

/// What all connections of a server have in common.
struct Shared {
    config: Current<ServerConfig>,
    /// Of certificates that were not believed.
    log: Seldom,
}

impl TlsServer {
    /// A server with a certificate chain (its own certificate first) and the private key of that certificate, both PEM.
    ///
    /// # Errors
    /// `InvalidInput` when there is no certificate or no key, or they do not belong together.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> io::Result<TlsServer> {
        TlsServer::new(chain, key, None)
    }

    /// As [`TlsServer::from_pem`], and only clients with a certificate that one of `client_roots` (PEM) signed may connect. It names them:
    /// [`crate::Context::caller`] is the URI `svrkit://NAME` among its subject alternative names, else the first DNS name there that a
    /// caller can have.
    ///
    /// # Errors
    /// As [`TlsServer::from_pem`], and when there is no usable root.
    pub fn from_pem_for_clients_of(
        chain: &[u8],
        key: &[u8],
        client_roots: &[u8],
    ) -> io::Result<TlsServer> {
        let verifier = verifier(client_roots)?.build().map_err(invalid)?;
        TlsServer::new(chain, key, Some(verifier))
    }

    /// As [`TlsServer::from_pem_for_clients_of`], and clients without a certificate may connect, too: they are strangers
    /// ([`crate::Context::caller`]).
    ///
    /// # Errors
    /// As there.
    pub fn from_pem_for_clients_of_and_strangers(
        chain: &[u8],
        key: &[u8],
        client_roots: &[u8],
    ) -> io::Result<TlsServer> {
        let verifier = verifier(client_roots)?.allow_unauthenticated();
        TlsServer::new(chain, key, Some(verifier.build().map_err(invalid)?))
    }

    /// As [`TlsServer::from_pem`], from two files.
    ///
    /// # Errors
    /// As [`TlsServer::from_pem`], and when a file cannot be read.
    pub fn from_files(chain: impl AsRef<Path>, key: impl AsRef<Path>) -> io::Result<TlsServer> {
        TlsServer::from_pem(&std::fs::read(chain)?, &std::fs::read(key)?)
    }

    /// Has connections that are accepted from now on, by all clones, accepted as by `new`; those that are open stay as they are.
    ///
    /// A certificate is renewed by `tls.replace(&TlsServer::from_files(chain, key)?)`: what makes no sense is told there, and nothing changes.
    pub fn replace(&self, new: &TlsServer) {
        self.0.config.set(new.0.config.get());
    }

    fn new(
        chain: &[u8],
        key: &[u8],
        clients: Option<Arc<dyn ClientCertVerifier>>,
    ) -> io::Result<TlsServer> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .map_err(invalid)?;
        let config = match clients {
            None => config.with_no_client_auth(),
            Some(verifier) => config.with_client_cert_verifier(verifier),
        };
        let config = config.with_single_cert(certificates(chain)?, private_key(key)?);
        let mut config = config.map_err(invalid)?;
        config.alpn_protocols = ALPN.iter().map(|name| name.to_vec()).collect();
        Ok(TlsServer(Arc::new(Shared {
            config: Current::new(config),
            log: Seldom::new(),
        })))
    }

    /// The stream that a handshake will make of `stream`, which comes from `address` if that is one. The handshake happens when the stream
    /// is first read, by whoever reads it: it keeps nobody from accepting, counts as one of the server's connections, and has the time of
    /// its first frame.
    pub(super) fn accept(&self, stream: Stream, address: Option<SocketAddr>) -> Stream {
        let accept = TlsAcceptor::from(self.0.config.get()).accept(stream);
        let peer = Peer::default();
        let accepted = Accepted {
            stage: Stage::Handshaking(Box::new(accept)),
            peer: peer.clone(),
            address,
            server: self.0.clone(),
        };
        Stream::to(peer, accepted)
    }
}

/// Whom a client trusts, and who it is. A cheap clone. Goes to [`crate::Endpoint::tls`]. When either is to be another one,
/// [`TlsClient::replace`].
#[derive(Clone)]
pub struct TlsClient {
    config: Arc<Current<ClientConfig>>,
    server_name: Option<ServerName<'static>>,
}

impl TlsClient {
    /// A client that trusts servers whose certificate one of `roots` (PEM) signed. There are no built-in roots.
    ///
    /// # Errors
    /// `InvalidInput` when there is no usable root.
    pub fn from_pem(roots: &[u8]) -> io::Result<TlsClient> {
        TlsClient::new(roots, None)
    }

    /// As [`TlsClient::from_pem`], and shows a certificate to servers that ask for one.
    ///
    /// # Errors
    /// As [`TlsClient::from_pem`] and [`TlsServer::from_pem`].
    pub fn from_pem_with_identity(roots: &[u8], chain: &[u8], key: &[u8]) -> io::Result<TlsClient> {
        TlsClient::new(roots, Some((chain, key)))
    }

    /// As [`TlsClient::from_pem`], from a file.
    ///
    /// # Errors
    /// As [`TlsClient::from_pem`], and when the file cannot be read.
    pub fn from_file(roots: impl AsRef<Path>) -> io::Result<TlsClient> {
        TlsClient::from_pem(&std::fs::read(roots)?)
    }

    /// The name (or IP address) that the server's certificate must have, instead of the host in the endpoint's address. Needed
    /// where the address has no host: Unix sockets and memory.
    ///
    /// # Errors
    /// `InvalidInput` when it is neither a DNS name nor an IP address.
    pub fn server_name(mut self, name: &str) -> io::Result<TlsClient> {
        self.server_name = Some(server_name(name)?);
        Ok(self)
    }

    /// Has connections that are opened from now on, by all clones, opened with the roots and the certificate of `new`; each clone goes on
    /// to ask for its own [`TlsClient::server_name`]. Connections that are open stay as they are.
    pub fn replace(&self, new: &TlsClient) {
        self.config.set(new.config.get());
    }

    fn new(trusted: &[u8], identity: Option<(&[u8], &[u8])>) -> io::Result<TlsClient> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .map_err(invalid)?
            .with_root_certificates(roots(trusted)?);
        let config = match identity {
            None => config.with_no_client_auth(),
            Some((chain, key)) => config
                .with_client_auth_cert(certificates(chain)?, private_key(key)?)
                .map_err(invalid)?,
        };
        Ok(TlsClient {
            config: Arc::new(Current::new(config)),
            server_name: None,
        })
    }

    /// Shakes hands over `stream`, which was opened to `address`. Channels do it by themselves; this is for clients of other
    /// protocols.
    ///
    /// # Errors
    /// The peer is not who it should be, or does not speak TLS 1.3.
    pub async fn connect(&self, stream: Stream, address: &str) -> io::Result<Stream> {
        let name = match &self.server_name {
            Some(name) => name.clone(),
            None => server_name(host_of(address))?,
        };
        let connector = TlsConnector::from(self.config.get());
        Ok(Stream::new(connector.connect(name, stream).await?))
    }
}

/// The serving end, and who is at the other one once it has shown a certificate.
struct Accepted {
    stage: Stage,
    peer: Peer,
    /// Where it comes from, for the log.
    address: Option<SocketAddr>,
    server: Arc<Shared>,
}

/// Before and after the handshake.
enum Stage {
    Handshaking(Box<Accept<Stream>>),
    Open(Box<server::TlsStream<Stream>>),
    /// The handshake failed, and whoever saw that was told why.
    Failed,
}

impl Accepted {
    fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Pin<&mut server::TlsStream<Stream>>>> {
        if let Stage::Handshaking(accept) = &mut self.stage {
            self.stage = match ready!(Pin::new(accept).poll(cx)) {
                Ok(stream) => {
                    let chain = stream.get_ref().1.peer_certificates();
                    let own = chain.and_then(|chain| chain.first());
                    if let Some(caller) = own.and_then(tls_name::caller) {
                        // One handshake a stream.
                        let _ = self.peer.set(caller);
                    }
                    Stage::Open(Box::new(stream))
                }
                Err(e) => {
                    self.server.failed(self.address, &e);
                    self.stage = Stage::Failed;
                    return Poll::Ready(Err(e));
                }
            };
        }
        Poll::Ready(match &mut self.stage {
            Stage::Open(stream) => Ok(Pin::new(stream)),
            _ => Err(io::ErrorKind::NotConnected.into()),
        })
    }
}

impl AsyncRead for Accepted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_shutdown(cx)
    }
}

impl Shared {
    /// Tells of a handshake that failed.
    fn failed(&self, address: Option<SocketAddr>, error: &io::Error) {
        let peer = PeerText(address);
        if !is_disbelief(error) {
            tracing::debug!(%peer, %error, "tls handshake failed");
            return;
        }
        UNPROVEN.add(1);
        if self.log.tells() {
            tracing::warn!(%peer, %error, "a client's certificate is not believed");
        }
    }
}

/// Whether a handshake failed for the client's certificate, rather than for noise that any scanner makes.
fn is_disbelief(error: &io::Error) -> bool {
    let error = error.get_ref().and_then(|e| e.downcast_ref());
    matches!(error, Some(Error::InvalidCertificate(_)))
}

fn verifier(client_roots: &[u8]) -> io::Result<ClientCertVerifierBuilder> {
    let roots = Arc::new(roots(client_roots)?);
    Ok(WebPkiClientVerifier::builder_with_provider(
        roots,
        provider(),
    ))
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

pub(super) fn certificates(pem: &[u8]) -> io::Result<Vec<CertificateDer<'static>>> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(invalid)?;
    if certificates.is_empty() {
        return Err(invalid("pem has no certificate"));
    }
    Ok(certificates)
}

fn private_key(pem: &[u8]) -> io::Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|e| invalid(format!("pem has no private key: {e}")))
}

pub(super) fn roots(pem: &[u8]) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(invalid)?;
    }
    Ok(roots)
}

pub(super) fn server_name(name: &str) -> io::Result<ServerName<'static>> {
    let parsed = ServerName::try_from(name.to_owned());
    parsed.map_err(|_| {
        invalid(format!(
            "tls needs a server name, and {name:?} is neither a dns name nor an ip address"
        ))
    })
}

/// The host of `host:port`, without the brackets of an IPv6 address; nothing of anything else.
fn host_of(address: &str) -> &str {
    let host = match address.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => "",
    };
    host.trim_start_matches('[').trim_end_matches(']')
}

pub(super) fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsServer")
    }
}

impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClient")
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_addresses() {
        assert_eq!(host_of("example.org:443"), "example.org");
        assert_eq!(host_of("[::1]:443"), "::1");
        assert_eq!(host_of("memory"), "");
        assert!(server_name(host_of("127.0.0.1:1")).is_ok());
        assert!(server_name(host_of("unix:/run/x.sock")).is_err());
    }

    #[test]
    fn what_is_no_pem_is_told() {
        assert!(TlsServer::from_pem(b"", b"").is_err());
        assert!(TlsClient::from_pem(b"not pem").is_err());
    }
}
