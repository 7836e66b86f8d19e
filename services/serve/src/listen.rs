//! Where clients and operators find the backend.

use crate::settings::Settings;
use crate::start::StartError;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;
use svrkit_rt::{Listener, TcpOptions, TlsServer};

/// Connections that the kernel may hold until they are accepted: everybody comes back at once after a restart.
const BACKLOG: u32 = 4_096;

/// Addresses for clients and operators: section `[listen]`.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// Long link. Default 127.0.0.1:8081, as Mars' samples have it.
    pub long: SocketAddr,
    /// Short link and WebSocket. Default 127.0.0.1:8080.
    pub short: SocketAddr,
    /// The operator's page; loopback only. Default 127.0.0.1:8088.
    pub page: SocketAddr,
    /// Certificate chain, PEM. With it (and `tls_key`) both links speak TLS 1.3 and nothing else.
    pub tls_chain: Option<PathBuf>,
    /// Private key of the certificate, PEM.
    pub tls_key: Option<PathBuf>,
}

impl Default for Listen {
    fn default() -> Listen {
        Listen {
            long: SocketAddr::from(([127, 0, 0, 1], 8081)),
            short: SocketAddr::from(([127, 0, 0, 1], 8080)),
            page: SocketAddr::from(([127, 0, 0, 1], 8088)),
            tls_chain: None,
            tls_key: None,
        }
    }
}

/// Bound listeners for clients.
#[derive(Debug)]
pub struct Listeners {
    /// Long link.
    pub long: Listener,
    /// Short link and WebSocket.
    pub short: Listener,
}

impl Listen {
    /// As in the settings.
    ///
    /// # Errors
    /// What is no address.
    pub fn from_settings(settings: &Settings) -> Result<Listen, StartError> {
        Ok(settings.section("listen")?)
    }

    /// Binds both links.
    ///
    /// # Errors
    /// An address is taken; the certificate or its key cannot be used.
    pub fn bind(&self) -> Result<Listeners, StartError> {
        let tls = self.tls()?;
        let secured = |listener: Listener| match &tls {
            Some(tls) => listener.with_tls(tls.clone()),
            None => listener,
        };
        Ok(Listeners {
            long: secured(bind(self.long, "long link")?),
            short: secured(bind(self.short, "short link")?),
        })
    }

    /// Binds the page.
    ///
    /// # Errors
    /// The address is taken, or is not on loopback: whoever reaches the page reads it.
    pub fn bind_page(&self) -> Result<Listener, StartError> {
        if !self.page.ip().is_loopback() {
            let page = self.page;
            return Err(
                format!("the page has no lock and is for loopback only, not {page}").into(),
            );
        }
        bind(self.page, "page")
    }

    /// The same addresses with a free port instead of each 0: for processes that come back, and must be found again.
    ///
    /// # Errors
    /// No port is free.
    pub fn with_fixed_ports(&self) -> Result<Listen, StartError> {
        Ok(Listen {
            long: fixed(self.long)?,
            short: fixed(self.short)?,
            page: fixed(self.page)?,
            ..self.clone()
        })
    }

    fn tls(&self) -> Result<Option<TlsServer>, StartError> {
        match (&self.tls_chain, &self.tls_key) {
            (None, None) => Ok(None),
            (Some(chain), Some(key)) => {
                let tls = TlsServer::from_files(chain, key);
                let (chain, key) = (chain.display(), key.display());
                Ok(Some(tls.map_err(|e| {
                    format!("certificate {chain} with key {key}: {e}")
                })?))
            }
            _ => Err("listen.tls_chain and listen.tls_key go together".into()),
        }
    }
}

/// # Errors
/// The address is taken.
pub(crate) fn bind(address: SocketAddr, what: &str) -> Result<Listener, StartError> {
    let options = TcpOptions {
        backlog: BACKLOG,
        ..TcpOptions::default()
    };
    let bound = Listener::bind_tcp(address, options);
    bound.map_err(|e| format!("cannot listen at {address} for the {what}: {e}").into())
}

/// Binds and lets go: between that and the next bind somebody else may take it, which the next bind then says.
fn fixed(address: SocketAddr) -> Result<SocketAddr, StartError> {
    if address.port() != 0 {
        return Ok(address);
    }
    Ok(std::net::TcpListener::bind(address)?.local_addr()?)
}
