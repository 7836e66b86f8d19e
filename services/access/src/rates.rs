//! How often a user, or an address, may call a command.

use crate::config::Config;
use crate::doors::Origin;
use im_idl::refusal::with_retry_after;
use rustc_hash::FxHasher;
use std::hash::BuildHasherDefault;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use svrkit_rt::{Rate, Status, TokenBuckets};
use tokio::time::Instant;

/// Token buckets of users and of addresses, one a command.
#[derive(Debug)]
pub(crate) struct Rates {
    /// Nobody chooses his number, and commands are our own, so there is nothing to be flooded by a hash that is known.
    users: Mutex<TokenBuckets<(u64, u32), BuildHasherDefault<FxHasher>>>,
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
        let keys_max = config.rate_keys_max;
        let users = TokenBuckets::with_hasher(user, keys_max, BuildHasherDefault::default());
        Rates {
            users: Mutex::new(users),
            origins: Mutex::new(TokenBuckets::new(origin, keys_max)),
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
