//! How often a user, or an address, may call a command.

use crate::config::Config;
use crate::doors::Origin;
use im_idl::refusal::with_retry_after;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use svrkit_rt::{Rate, Status, TokenBuckets};
use tokio::time::Instant;

/// Token buckets of users and of addresses, one a command.
#[derive(Debug)]
pub(crate) struct Rates {
    users: Mutex<TokenBuckets<(u64, u32)>>,
    origins: Mutex<TokenBuckets<(Origin, u32)>>,
}

impl Rates {
    pub(crate) fn new(config: &Config) -> Rates {
        let rate = |burst, refill_us| Rate {
            burst,
            refill: Duration::from_micros(refill_us),
        };
        let user = rate(config.user_burst, config.user_refill_us);
        let origin = rate(config.address_burst, config.address_refill_us);
        Rates {
            users: Mutex::new(TokenBuckets::new(user, config.rate_keys_max)),
            origins: Mutex::new(TokenBuckets::new(origin, config.rate_keys_max)),
        }
    }

    /// Takes a token of a user's.
    ///
    /// # Errors
    /// `ResourceExhausted` with the time after which there is one.
    pub(crate) fn user(&self, uin: u64, cmd: u32, now: Instant) -> Result<(), Status> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.take_at((uin, cmd), now).map_err(too_often)
    }

    /// Takes a token of an address's.
    ///
    /// # Errors
    /// As [`Rates::user`].
    pub(crate) fn origin(&self, origin: Origin, cmd: u32, now: Instant) -> Result<(), Status> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        origins.take_at((origin, cmd), now).map_err(too_often)
    }
}

fn too_often(wait: Duration) -> Status {
    let status = Status::resource_exhausted("too many calls of this command").with_not_started();
    let after_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).max(1);
    with_retry_after(status, crate::DOMAIN, "TOO_OFTEN", after_ms)
}
