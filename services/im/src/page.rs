//! The operator's page: figures of all services, by HTTP or by `svrkit call`.

use crate::overview::{ASKS, Asking};
use im_idl::overview::OverviewServer;
use im_serve::{Addresses, Peers, Role, Settings, StartError};
use svrkit_rt::{Channel, Server, Status};

/// A server of `im.overview.Overview` that asks these services.
pub(crate) fn server(peers: &Peers) -> Result<Server, Status> {
    Ok(Server::new().service(OverviewServer::new(Asking::new(peers)?)))
}

/// A server of `im.overview.Overview` that asks services where the settings say they are.
///
/// # Errors
/// An address that is none.
pub fn page(settings: &Settings) -> Result<Server, StartError> {
    let addresses = Addresses::from_settings(settings)?;
    let mut peers = Peers::new();
    for role in ASKS.iter().filter_map(|name| Role::named(name)) {
        peers = peers.with(role.name, Channel::connect(&addresses.of(role))?);
    }
    Ok(server(&peers)?)
}
