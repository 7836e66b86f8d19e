//! Whom the service calls.

use im_idl::account_store::AccountStoreClient;
use im_idl::contact_store::ContactStoreClient;
use im_idl::group_store::GroupStoreClient;
use im_idl::message::MessageClient;
use im_idl::push::PushClient;
use im_serve::Peers;
use svrkit_rt::Status;

/// Clients of the services that this one calls.
#[derive(Clone)]
pub struct Deps {
    /// Keeps groups.
    pub groups: GroupStoreClient,
    /// Knows who is whose friend.
    pub contacts: ContactStoreClient,
    /// Knows nicknames.
    pub accounts: AccountStoreClient,
    /// Announces to groups.
    pub messages: MessageClient,
    /// Takes news of group lists.
    pub push: PushClient,
}

impl Deps {
    /// Those at the addresses that `peers` knows.
    ///
    /// # Errors
    /// `FailedPrecondition` when an address is missing.
    pub fn connect(peers: &Peers) -> Result<Deps, Status> {
        Ok(Deps {
            groups: GroupStoreClient::new(peers.channel("group_store")?),
            contacts: ContactStoreClient::new(peers.channel("contact_store")?),
            accounts: AccountStoreClient::new(peers.channel("account_store")?),
            messages: MessageClient::new(peers.channel("message")?),
            push: PushClient::new(peers.channel("push")?),
        })
    }
}
