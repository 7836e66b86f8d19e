//! Whom the access layer calls.

use im_idl::CLIENT_SERVICES;
use im_idl::account::AccountClient;
use im_idl::push::PushClient;
use im_idl::session::SessionClient;
use im_idl::sync::SyncClient;
use im_serve::Peers;
use std::collections::HashMap;
use svrkit_rt::{Channel, Status};

/// Channels to the services behind.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Whose ticket it is.
    pub account: AccountClient,
    /// Where links are told of.
    pub session: SessionClient,
    /// Where news and kicks come from, and kicks for other nodes go to.
    pub push: PushClient,
    /// What is newest.
    pub sync: SyncClient,
    /// Where clients' calls go, by the full name of the service: `im.message.Message`. A method of a service that is not here is
    /// refused with `Unavailable`.
    pub services: HashMap<String, Channel>,
}

impl Deps {
    /// From channels by name: `session`, `push`, and for each service that clients may call the last part of its package.
    ///
    /// # Errors
    /// `FailedPrecondition` when one is missing.
    pub fn connect(peers: &Peers) -> Result<Deps, Status> {
        let mut services = HashMap::new();
        for service in CLIENT_SERVICES {
            let package = service.full_name.rsplit('.').nth(1);
            let channel = peers.channel(package.unwrap_or_default())?;
            services.insert(service.full_name.to_owned(), channel);
        }
        Ok(Deps {
            account: AccountClient::new(peers.channel("account")?),
            session: SessionClient::new(peers.channel("session")?),
            push: PushClient::new(peers.channel("push")?),
            sync: SyncClient::new(peers.channel("sync")?),
            services,
        })
    }
}
