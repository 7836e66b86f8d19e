//! The services that the centre asks how they do.

use im_idl::fanout::FanoutClient;
use im_idl::message_store::MessageStoreClient;
use im_idl::queue::QueueClient;
use im_idl::session::SessionClient;
use im_serve::Peers;
use svrkit_rt::Status;

/// Clients of those services, for `im.overview.Overview`.
#[derive(Clone, Debug)]
pub struct Deps {
    /// What was delivered.
    pub fanout: FanoutClient,
    /// How inboxes do.
    pub message_store: MessageStoreClient,
    /// Backlogs.
    pub queue: QueueClient,
    /// Who is online.
    pub session: SessionClient,
}

impl Deps {
    /// Clients over the channels of `peers`.
    ///
    /// # Errors
    /// `FailedPrecondition` when one has no address.
    pub fn connect(peers: &Peers) -> Result<Deps, Status> {
        Ok(Deps {
            fanout: FanoutClient::new(peers.channel("fanout")?),
            message_store: MessageStoreClient::new(peers.channel("message_store")?),
            queue: QueueClient::new(peers.channel("queue")?),
            session: SessionClient::new(peers.channel("session")?),
        })
    }
}
