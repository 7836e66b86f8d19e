//! What happens to a client, as it happens.

use im_idl::account::Profile;
use im_idl::{contact, group, message};
use std::time::Duration;
use svrkit_rt::Status;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Something that happened. What it tells of is in [`crate::State`] (and in the store) before the event is seen.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A link is open and authenticated.
    Online,
    /// The link is gone, or could not be opened.
    Offline {
        /// Why, for people.
        reason: String,
        /// When the next attempt is made.
        retry_in: Duration,
    },
    /// All that was new has been synced.
    Synced,
    /// A message that this device did not have.
    Message(message::Item),
    /// A message was taken back.
    Recalled(message::Recalled),
    /// Somebody has read what one wrote.
    Receipt(message::Receipt),
    /// A message of one's own is acknowledged.
    Sent {
        /// Where it went.
        chat: u64,
        /// Which.
        client_message_id: u64,
    },
    /// A message of one's own was refused for good.
    Refused {
        /// Where it was to go.
        chat: u64,
        /// Which.
        client_message_id: u64,
        /// Why.
        status: Status,
    },
    /// A contact changed.
    Contact(contact::Entry),
    /// A membership changed.
    Group(group::Membership),
    /// One's own profile changed.
    Profile(Profile),
    /// This device has a newer link elsewhere; this client stays offline until it is told otherwise.
    Kicked,
    /// The ticket is no good any more: log in again.
    LoggedOut {
        /// Why, for people.
        reason: String,
    },
    /// The local store could not keep something; it is tried again.
    StoreFailed {
        /// Why, for people.
        reason: String,
    },
    /// This many events were lost by reading too slowly; the state has what they told of.
    Missed(u64),
}

/// Events from now on. Bounded: who reads slowly is told how many he missed, and reads the state.
#[derive(Debug)]
pub struct Events {
    receiver: broadcast::Receiver<Event>,
}

impl Events {
    pub(crate) fn new(receiver: broadcast::Receiver<Event>) -> Events {
        Events { receiver }
    }

    /// The next event; `None` when the client has ended. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        match self.receiver.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(events)) => Some(Event::Missed(events)),
            Err(RecvError::Closed) => None,
        }
    }
}
