//! One certificate for both ends: it shows a service to those that call it and to those that it calls.

use super::tls::{self, TlsClient, TlsServer, invalid, provider};
use super::tls_name;
use crate::auth::Caller;
use crate::auth::secret_file::{FileError, read_secret};
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::server::WebPkiClientVerifier;

/// Who a service is, at either end of a connection, and whom it believes to be who they are. A cheap clone.
///
/// Its certificate says its name twice: as the URI `svrkit://NAME`, for those that it calls, and as the DNS name `NAME`, for those that
/// call it, wherever they find it ([`MutualTls::client`]). Whoever has a certificate that one of the roots signed is believed, so they
/// should sign for nobody else. Before it expires, [`MutualTls::replace`].
#[derive(Clone)]
pub struct MutualTls {
    own: Caller,
    server: TlsServer,
    client: TlsClient,
}

/// Why a certificate cannot show who a service is.
#[derive(Debug)]
pub enum MutualTlsError {
    /// A file of it is not taken.
    File(FileError),
    /// There is no certificate.
    Certificate(io::Error),
    /// There is no private key, or it is another certificate's.
    PrivateKey(io::Error),
    /// There are no roots.
    Roots(io::Error),
    /// The certificate has no URI `svrkit://NAME`.
    Unnamed,
    /// Those who trust the same roots would not take it for its name's: the roots did not sign it, it has expired, or it lacks the DNS name.
    Disbelieved {
        /// The name.
        name: String,
        /// Why they would not.
        source: io::Error,
    },
    /// It is another service's than the one that it was to replace.
    Another {
        /// Whose.
        name: String,
    },
}

impl MutualTls {
    /// Of a certificate chain (its own certificate first), the private key of that certificate, and the roots, all PEM.
    ///
    /// # Errors
    /// As [`MutualTlsError`] has them, but for those about files.
    pub fn from_pem(chain: &[u8], key: &[u8], roots: &[u8]) -> Result<MutualTls, MutualTlsError> {
        let certificates = tls::certificates(chain).map_err(MutualTlsError::Certificate)?;
        let (certificate, issuers) = certificates.split_first().ok_or(MutualTlsError::Unnamed)?;
        let own = tls_name::caller_by_uri(certificate).ok_or(MutualTlsError::Unnamed)?;
        let trusted = tls::roots(roots).map_err(MutualTlsError::Roots)?;
        let believed = is_believed(own.name(), certificate, issuers, trusted);
        believed.map_err(|source| MutualTlsError::Disbelieved {
            name: own.name().to_owned(),
            source,
        })?;
        let server = TlsServer::from_pem_for_clients_of_and_strangers(chain, key, roots);
        let client = TlsClient::from_pem_with_identity(roots, chain, key);
        Ok(MutualTls {
            own,
            server: server.map_err(MutualTlsError::PrivateKey)?,
            client: client.map_err(MutualTlsError::PrivateKey)?,
        })
    }

    /// As [`MutualTls::from_pem`], from three files. Others must not be able to read that of the private key.
    ///
    /// # Errors
    /// As [`MutualTlsError`] has them.
    pub fn from_files(
        chain: impl AsRef<Path>,
        key: impl AsRef<Path>,
        roots: impl AsRef<Path>,
    ) -> Result<MutualTls, MutualTlsError> {
        let read = |path: &Path| {
            let read = fs::read(path).map_err(|source| FileError::unreadable(path, source));
            read.map_err(MutualTlsError::File)
        };
        let chain = read(chain.as_ref())?;
        let key = read_secret(key.as_ref()).map_err(MutualTlsError::File)?;
        MutualTls::from_pem(&chain, key.as_bytes(), &read(roots.as_ref())?)
    }

    /// What the certificate says its owner's name is.
    pub fn name(&self) -> &str {
        self.own.name()
    }

    /// Has new connections, of all clones and of what [`MutualTls::server`] and [`MutualTls::client`] gave, made with the certificate and the
    /// roots of `new`; those that are open stay as they are.
    ///
    /// # Errors
    /// `new` has another name. Then nothing changes.
    pub fn replace(&self, new: &MutualTls) -> Result<(), MutualTlsError> {
        if new.own != self.own {
            let name = new.name().to_owned();
            return Err(MutualTlsError::Another { name });
        }
        self.server.replace(&new.server);
        self.client.replace(&new.client);
        Ok(())
    }

    /// For [`crate::Listener::with_tls`]. Clients without a certificate may connect, too, as strangers; [`crate::Server::auth`] says what
    /// they may call.
    pub fn server(&self) -> TlsServer {
        self.server.clone()
    }

    /// For [`crate::Endpoint::tls`] of a service of this name, whatever its address is.
    ///
    /// # Errors
    /// `InvalidInput` for a name that a certificate cannot have.
    pub fn client(&self, service: &str) -> io::Result<TlsClient> {
        self.client.clone().server_name(service)
    }
}

/// Looks at one's own certificate as both kinds of peers will, now rather than at the first connection.
fn is_believed(
    name: &str,
    own: &CertificateDer<'_>,
    issuers: &[CertificateDer<'_>],
    roots: RootCertStore,
) -> io::Result<()> {
    let (roots, now) = (Arc::new(roots), UnixTime::now());
    let caller = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider());
    let caller = caller.build().map_err(invalid)?;
    let taken = caller.verify_client_cert(own, issuers, now);
    taken.map_err(invalid)?;
    let callee = WebPkiServerVerifier::builder_with_provider(roots, provider());
    let callee = callee.build().map_err(invalid)?;
    let taken = callee.verify_server_cert(own, issuers, &tls::server_name(name)?, &[], now);
    taken.map_err(invalid)?;
    Ok(())
}

impl fmt::Display for MutualTlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MutualTlsError::File(error) => error.fmt(f),
            MutualTlsError::Certificate(_) => f.write_str("there is no usable certificate"),
            MutualTlsError::PrivateKey(_) => {
                f.write_str("there is no private key that fits the certificate")
            }
            MutualTlsError::Roots(_) => f.write_str("there are no usable roots"),
            MutualTlsError::Unnamed => f.write_str("the certificate has no URI svrkit://NAME"),
            MutualTlsError::Disbelieved { name, .. } => {
                write!(f, "nobody would take the certificate for that of {name:?}")
            }
            MutualTlsError::Another { name } => {
                write!(
                    f,
                    "the new certificate is that of {name:?}, not of the same service"
                )
            }
        }
    }
}

impl std::error::Error for MutualTlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            MutualTlsError::Certificate(source)
            | MutualTlsError::PrivateKey(source)
            | MutualTlsError::Roots(source) => Some(source),
            MutualTlsError::Disbelieved { source, .. } => Some(source),
            MutualTlsError::File(_) | MutualTlsError::Unnamed | MutualTlsError::Another { .. } => {
                None
            }
        }
    }
}

impl fmt::Debug for MutualTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MutualTls({})", self.own)
    }
}
