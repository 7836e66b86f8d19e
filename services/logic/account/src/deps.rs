//! Whom the service calls.

use im_idl::account_store::AccountStoreClient;
use im_idl::contact_store::ContactStoreClient;
use im_idl::group::GroupClient;
use im_idl::group_store::GroupStoreClient;
use im_idl::message_store::MessageStoreClient;
use im_idl::push::PushClient;
use im_serve::Peers;
use svrkit_rt::Status;

/// Whom the service calls. Only the store of accounts is needed for most; the others are for what is erased and exported.
#[derive(Clone)]
pub struct Deps {
    /// Accounts, devices and keys.
    pub account_store: AccountStoreClient,
    /// Contact lists.
    pub contact_store: ContactStoreClient,
    /// Leaves groups on behalf of who is erased.
    pub group: GroupClient,
    /// Lists of groups.
    pub group_store: GroupStoreClient,
    /// Inboxes.
    pub message_store: MessageStoreClient,
    /// Ends links whose tickets are dead, and tells devices of changes.
    pub push: PushClient,
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
            group: GroupClient::new(peers.channel("group")?),
            group_store: GroupStoreClient::new(peers.channel("group_store")?),
            message_store: MessageStoreClient::new(peers.channel("message_store")?),
            push: PushClient::new(peers.channel("push")?),
        })
    }
}
