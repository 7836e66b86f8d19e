//! Ending the links of dead tickets, without anybody waiting for it.

use im_idl::push::{KickRequest, PushClient};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What clients are told: log in again.
const REASON: &str = "TICKET_REVOKED";
/// Tries until the push service hears it: with the pauses, about a minute.
const ATTEMPTS_MAX: u32 = 8;
/// Before the second try; doubled for each further one.
const PAUSE: Duration = Duration::from_millis(500);
/// Kicks under way at once. Beyond, the push service is down and the links with it, or somebody plays.
const UNDER_WAY_MAX: usize = 10_000;

/// Tells the push service whose links to end.
///
/// The tickets are dead before; a link that is not told lives until it is closed. Therefore it is tried again for a while. A device that
/// has logged in within that while is then sent to log in once more, which is the smaller evil.
pub(crate) struct Kicks {
    push: PushClient,
    places: Arc<Semaphore>,
}

impl Kicks {
    pub(crate) fn new(push: PushClient) -> Kicks {
        let places = Arc::new(Semaphore::new(UNDER_WAY_MAX));
        Kicks { push, places }
    }

    /// Ends the links of one device.
    pub(crate) fn device(&self, uin: u64, device: &str) {
        self.send(uin, device, "");
    }

    /// Ends the links of all devices but one.
    pub(crate) fn all_but(&self, uin: u64, device: &str) {
        self.send(uin, "", device);
    }

    /// Ends the links of all devices.
    pub(crate) fn all(&self, uin: u64) {
        self.send(uin, "", "");
    }

    fn send(&self, uin: u64, device: &str, except_device: &str) {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            tracing::warn!(uin, "too many kicks are under way; its links stay");
            return;
        };
        let kick = KickRequest {
            uin,
            device: device.to_owned(),
            except_device: except_device.to_owned(),
            reason: REASON.to_owned(),
            ..KickRequest::default()
        };
        let push = self.push.clone();
        // Not within the call that caused it: that may end before.
        tokio::spawn(async move {
            let _place = place;
            deliver(push, kick).await;
        });
    }
}

async fn deliver(push: PushClient, kick: KickRequest) {
    let mut pause = PAUSE;
    for attempt in 1..=ATTEMPTS_MAX {
        match push.kick(kick.clone()).await {
            Ok(_) => return,
            Err(status) if attempt == ATTEMPTS_MAX => {
                tracing::warn!(uin = kick.uin, %status, "a kick was lost");
            }
            Err(_) => {
                tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
                pause *= 2;
            }
        }
    }
}
