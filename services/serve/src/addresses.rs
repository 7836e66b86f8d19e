//! Where services are: listening there, and calling them.

use crate::peers::Peers;
use crate::roles::Role;
use crate::settings::{Settings, SettingsError};
use std::collections::BTreeMap;
use std::io;
use svrkit_rt::{Channel, Listener, Status};

/// Addresses of services, from `[services]`: `message_store = "10.0.0.5:8134"`, or `"unix:/run/im/message_store.sock"`.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    set: BTreeMap<String, String>,
}

impl Addresses {
    /// Those in the settings.
    ///
    /// # Errors
    /// `[services]` is not a table of strings.
    pub fn from_settings(settings: &Settings) -> Result<Addresses, SettingsError> {
        let set = settings.section("services")?;
        Ok(Addresses { set })
    }

    /// Where a service is: as set, else its default port on loopback.
    pub fn of(&self, role: &Role) -> String {
        match self.set.get(role.name) {
            Some(address) => address.clone(),
            None => format!("127.0.0.1:{}", role.port),
        }
    }

    /// Channels to all that a service calls. They connect when they are used.
    ///
    /// # Errors
    /// `InvalidArgument` for an address that is none.
    pub fn peers_of(&self, role: &Role) -> Result<Peers, Status> {
        let mut peers = Peers::new();
        for callee in role.calls.iter().filter_map(|name| Role::named(name)) {
            peers = peers.with(callee.name, Channel::connect(&self.of(callee))?);
        }
        Ok(peers)
    }
}

/// Listens at an address: `127.0.0.1:8131`, or `unix:PATH`, whose folder is made.
///
/// # Errors
/// The address is malformed or taken.
pub async fn listen(address: &str) -> io::Result<Listener> {
    let Some(path) = address.strip_prefix("unix:") else {
        return Listener::bind(address).await;
    };
    if let Some(folder) = std::path::Path::new(path).parent() {
        std::fs::create_dir_all(folder)?;
    }
    Listener::bind_unix(path)
}
