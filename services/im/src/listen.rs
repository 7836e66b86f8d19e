//! Where clients find the backend.

use im_serve::{Settings, StartError};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use svrkit_rt::{Listener, TcpOptions};

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
    /// The operator's page. Default 127.0.0.1:8088.
    pub page: SocketAddr,
}

impl Default for Listen {
    fn default() -> Listen {
        Listen {
            long: SocketAddr::from(([127, 0, 0, 1], 8081)),
            short: SocketAddr::from(([127, 0, 0, 1], 8080)),
            page: SocketAddr::from(([127, 0, 0, 1], 8088)),
        }
    }
}

/// Bound listeners for clients.
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
    /// An address is taken.
    pub fn bind(&self) -> Result<Listeners, StartError> {
        Ok(Listeners {
            long: bind(self.long, "long link")?,
            short: bind(self.short, "short link")?,
        })
    }

    /// Binds the page.
    ///
    /// # Errors
    /// The address is taken, or is not on loopback: whoever reaches the page reads it.
    pub fn bind_page(&self) -> Result<Listener, StartError> {
        if !self.page.ip().is_loopback() {
            return Err(format!("the page has no lock and is for loopback only, not {}", self.page).into());
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
        })
    }
}

fn bind(address: SocketAddr, what: &str) -> Result<Listener, StartError> {
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
