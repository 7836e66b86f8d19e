//! How many requests a connection may make over HTTP, where that is bounded: [`crate::AdmissionConfig::caller_rate`].

use crate::descriptor::MethodDescriptor;
use crate::server::{Refused, ServerState};
use crate::status::Status;
use crate::token_buckets::TokenBucket;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// What is left of it to a connection. A cheap clone for each of its requests; over HTTP/2 several ask at once.
#[derive(Clone)]
pub(super) struct CallerRate(Option<Arc<Mutex<TokenBucket>>>);

impl CallerRate {
    /// Of a connection that has made none yet.
    pub(super) fn new<S>(server: &ServerState<S>) -> CallerRate {
        let bucket = server.caller_bucket();
        CallerRate(bucket.map(|bucket| Arc::new(Mutex::new(bucket))))
    }

    /// # Errors
    /// `Overloaded`: it makes too many.
    pub(super) fn admit<S>(
        &self,
        server: &ServerState<S>,
        method: &MethodDescriptor,
    ) -> Result<(), Status> {
        let Some(bucket) = &self.0 else {
            return Ok(());
        };
        let mut bucket = bucket.lock().unwrap_or_else(|e| e.into_inner());
        if bucket.take(Instant::now()) {
            return Ok(());
        }
        let refused = Refused::caller_rate();
        server.count_refused(method, &refused);
        Err(refused.status)
    }
}
