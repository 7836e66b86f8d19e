//! Where clients and operators find the backend.

use crate::files::Files;
use crate::life::Life;
use crate::settings::Settings;
use crate::start::StartError;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;
use svrkit_rt::{Listener, TcpOptions, TlsServer};

/// Connections that the kernel may hold until they are accepted: everybody comes back at once after a restart.
const BACKLOG: u32 = 4_096;
/// The names under which a process hands the links' listeners on.
const LONG: &str = "long";
const SHORT: &str = "short";

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
    /// Certificate chain, PEM. With it (and `tls_key`) both links speak TLS 1.3 and nothing else. When one of the files changes both are read
    /// again, for links that are opened from then on.
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
    /// The name under which a process hands the page's listener on.
    pub const PAGE: &str = "page";

    /// As in the settings.
    ///
    /// # Errors
    /// What is no address.
    pub fn from_settings(settings: &Settings) -> Result<Listen, StartError> {
        Ok(settings.section("listen")?)
    }

    /// Both links, as they were handed on, else bound anew.
    ///
    /// # Errors
    /// An address is taken; the certificate or its key cannot be used.
    pub async fn bind(&self, life: &mut Life) -> Result<Listeners, StartError> {
        let tls = self.followed_tls()?;
        let secured = |listener: Listener| match &tls {
            Some(tls) => listener.with_tls(tls.clone()),
            None => listener,
        };
        let long = async { bind(self.long, "long link") };
        let short = async { bind(self.short, "short link") };
        Ok(Listeners {
            long: secured(life.listener(LONG, long).await?),
            short: secured(life.listener(SHORT, short).await?),
        })
    }

    /// The page, likewise.
    ///
    /// # Errors
    /// As [`Listen::bind_page_anew`].
    pub async fn bind_page(&self, life: &mut Life) -> Result<Listener, StartError> {
        life.listener(Listen::PAGE, async { self.bind_page_anew() })
            .await
    }

    /// The page's socket, to be handed to the process that serves it.
    ///
    /// # Errors
    /// The address is taken, or is not on loopback: whoever reaches the page reads it.
    pub fn bind_page_anew(&self) -> Result<Listener, StartError> {
        if !self.page.ip().is_loopback() {
            let page = self.page;
            return Err(
                format!("the page has no lock and is for loopback only, not {page}").into(),
            );
        }
        bind(self.page, "page")
    }

    /// The sockets of both links, to be handed to the process that serves them.
    ///
    /// # Errors
    /// An address is taken.
    pub fn bind_links(&self) -> Result<[(&'static str, Listener); 2], StartError> {
        Ok([
            (LONG, bind(self.long, "long link")?),
            (SHORT, bind(self.short, "short link")?),
        ])
    }

    fn followed_tls(&self) -> Result<Option<TlsServer>, StartError> {
        let paths = self.tls_chain.iter().chain(&self.tls_key);
        let files = Files::now(paths.cloned().collect());
        let tls = self.tls()?;
        if let Some(tls) = tls.clone() {
            let from = self.clone();
            files.follow("certificates of links", move || {
                if let Some(new) = from.tls()? {
                    tls.replace(&new);
                }
                Ok(())
            });
        }
        Ok(tls)
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
