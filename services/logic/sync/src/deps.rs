//! The services that this one calls.

use im_idl::account_store::AccountStoreClient;
use im_idl::contact_store::ContactStoreClient;
use im_idl::group_store::GroupStoreClient;
use im_idl::message_store::MessageStoreClient;
use im_serve::Peers;
use svrkit_rt::Status;

/// Clients of those services.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Profiles, and names of others.
    pub account_store: AccountStoreClient,
    /// Contact lists.
    pub contact_store: ContactStoreClient,
    /// Users' lists of groups.
    pub group_store: GroupStoreClient,
    /// Inboxes.
    pub message_store: MessageStoreClient,
}

impl Deps {
    /// Clients over the channels of `peers`.
    ///
    /// # Errors
    /// `FailedPrecondition` when one has no address.
    pub fn connect(peers: &Peers) -> Result<Deps, Status> {
        Ok(Deps {
            account_store: AccountStoreClient::new(peers.channel("account_store")?),
            contact_store: ContactStoreClient::new(peers.channel("contact_store")?),
            group_store: GroupStoreClient::new(peers.channel("group_store")?),
            message_store: MessageStoreClient::new(peers.channel("message_store")?),
        })
    }
}
