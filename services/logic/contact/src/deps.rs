//! Whom the service calls.

use im_idl::account_store::AccountStoreClient;
use im_idl::contact_store::ContactStoreClient;
use im_idl::push::PushClient;
use im_idl::session::SessionClient;
use im_serve::Peers;
use svrkit_rt::Status;

/// Whom the service calls.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Accounts, for names.
    pub account_store: AccountStoreClient,
    /// Contact lists.
    pub contact_store: ContactStoreClient,
    /// Tells devices of changed lists.
    pub push: PushClient,
    /// Who is online.
    pub session: SessionClient,
}

impl Deps {
    /// Those that `peers` has, by their names.
    ///
    /// # Errors
    /// As [`Peers::channel`].
    pub fn connect(peers: &Peers) -> Result<Deps, Status> {
        Ok(Deps {
            account_store: AccountStoreClient::new(peers.channel("account_store")?),
            contact_store: ContactStoreClient::new(peers.channel("contact_store")?),
            push: PushClient::new(peers.channel("push")?),
            session: SessionClient::new(peers.channel("session")?),
        })
    }
}
