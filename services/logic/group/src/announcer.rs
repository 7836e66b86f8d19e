//! Telling a group what happened in it.

use im_idl::message::{AnnounceRequest, GroupEvent, MessageClient};
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{Code, Status};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

/// Changes whose announcements are on their way. Beyond, a change is not announced: the group list and the members show it anyway.
const ON_THEIR_WAY_MAX: usize = 1_000;
/// How long a change waits for its announcement: long enough that it usually comes before what members say to it.
const WAIT: Duration = Duration::from_millis(300);
/// Tries of one announcement, in about a minute: longer than a restart of the message service.
const TRIES_MAX: u32 = 10;
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(20);

/// Announces changes, in the background when it does not work at once.
#[derive(Clone)]
pub(crate) struct Announcer {
    messages: MessageClient,
    room: Arc<Semaphore>,
}

impl Announcer {
    pub(crate) fn new(messages: MessageClient) -> Announcer {
        let room = Arc::new(Semaphore::new(ON_THEIR_WAY_MAX));
        Announcer { messages, room }
    }

    /// Tells `group` what its change to `version` was. `also` hear of the first event.
    ///
    /// Comes back when all is told, or after a moment, when it is tried on in the background. What can't be told is lost.
    pub(crate) async fn announce(
        &self,
        group: u64,
        version: u64,
        events: Vec<GroupEvent>,
        also: Vec<u64>,
    ) {
        if events.is_empty() {
            return;
        }
        let Ok(room) = self.room.clone().try_acquire_owned() else {
            tracing::warn!(group, version, "too many announcements wait; one is lost");
            return;
        };
        let mut also = Some(also);
        let requests = events
            .into_iter()
            .zip(0..)
            .map(|(event, place)| AnnounceRequest {
                group,
                event: Some(event),
                client_message_id: message_id(group, version, place),
                also: also.take().unwrap_or_default(),
            });
        let telling = tokio::spawn(tell(self.messages.clone(), requests.collect(), room));
        // Whether it has been told by then does not matter here.
        let _ = timeout(WAIT, telling).await;
    }
}

/// One after the other, so that they come in order.
async fn tell(
    messages: MessageClient,
    requests: Vec<AnnounceRequest>,
    _room: OwnedSemaphorePermit,
) {
    for request in requests {
        let group = request.group;
        if let Err(status) = tell_one(&messages, request).await {
            tracing::warn!(group, %status, "an announcement is lost");
        }
    }
}

async fn tell_one(messages: &MessageClient, request: AnnounceRequest) -> Result<(), Status> {
    let mut backoff = BACKOFF_FIRST;
    let mut tries = 1;
    loop {
        match messages.announce(request.clone()).await {
            Ok(_) => return Ok(()),
            Err(status) if tries == TRIES_MAX || is_final(&status) => return Err(status),
            Err(_) => {}
        }
        tries += 1;
        sleep(backoff.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        backoff = (backoff * 2).min(BACKOFF_MAX);
    }
}

/// Whether the same request is refused the next time too.
fn is_final(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::InvalidArgument
            | Code::NotFound
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::Unimplemented
            | Code::Unauthenticated
    )
}

/// The same for the same event of the same change, so that telling it twice is telling it once; never 0. Spread over all 64 bits, as those
/// that clients draw are.
fn message_id(group: u64, version: u64, place: u64) -> u64 {
    mix(mix(mix(group).wrapping_add(version)).wrapping_add(place)).max(1)
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection in which each bit depends on all.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_idl::ids::GROUP_BIT;
    use std::collections::HashSet;

    #[test]
    fn every_event_has_an_id_of_its_own_and_keeps_it() {
        let mut ids = HashSet::new();
        for group in 0..50 {
            for version in 0..50 {
                for place in 0..4 {
                    let id = || message_id(GROUP_BIT | group, version, place);
                    assert_eq!(id(), id());
                    assert!(ids.insert(id()), "{group} {version} {place}");
                }
            }
        }
        assert!(!ids.contains(&0));
    }
}
