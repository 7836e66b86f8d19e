//! What the log tells seldom, however often others make it happen.

use crate::token_buckets::{Rate, TokenBucket};
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// Three times, and then once in ten seconds.
const TOLD: Rate = Rate {
    burst: 3,
    refill: Duration::from_secs(10),
};

pub(crate) struct Seldom(Mutex<TokenBucket>);

impl Seldom {
    pub(crate) fn new() -> Seldom {
        Seldom(Mutex::new(TokenBucket::new(TOLD)))
    }

    /// Whether it is to be told this time.
    pub(crate) fn tells(&self) -> bool {
        let mut told = self.0.lock().unwrap_or_else(|e| e.into_inner());
        told.take(Instant::now())
    }
}
