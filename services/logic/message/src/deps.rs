//! The services that this one calls.

use im_idl::account_store::AccountStoreClient;
use im_idl::contact_store::ContactStoreClient;
use im_idl::group_store::GroupStoreClient;
use im_idl::message_store::MessageStoreClient;
use im_idl::push::PushClient;
use im_idl::queue::QueueClient;
use im_serve::Peers;
use svrkit_rt::Status;

/// Clients of those services.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Whether readers and senders want receipts.
    pub account_store: AccountStoreClient,
    /// Who is whose friend.
    pub contact_store: ContactStoreClient,
    /// Who is in a group.
    pub group_store: GroupStoreClient,
    /// Inboxes and logs.
    pub message_store: MessageStoreClient,
    /// Where the fan-out takes its tasks from.
    pub queue: QueueClient,
    /// Who tells devices that there is news.
    pub push: PushClient,
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
            queue: QueueClient::new(peers.channel("queue")?),
            push: PushClient::new(peers.channel("push")?),
        })
    }
}
