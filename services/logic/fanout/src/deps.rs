//! The services that this one calls.

use im_idl::group_store::GroupStoreClient;
use im_idl::message_store::MessageStoreClient;
use im_idl::push::PushClient;
use im_idl::queue::QueueClient;
use im_serve::Peers;
use svrkit_rt::Status;

/// Clients of those services.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Where tasks come from.
    pub queue: QueueClient,
    /// Who is in a group.
    pub group_store: GroupStoreClient,
    /// Where inboxes are.
    pub message_store: MessageStoreClient,
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
            queue: QueueClient::new(peers.channel("queue")?),
            group_store: GroupStoreClient::new(peers.channel("group_store")?),
            message_store: MessageStoreClient::new(peers.channel("message_store")?),
            push: PushClient::new(peers.channel("push")?),
        })
    }
}
