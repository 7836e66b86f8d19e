//! `store.v1.Store`, method by method.

use svrkit_rt::{Context, Status};

use crate::config::Config;
use crate::idl::store::v1::{Store, StoreServer, Thing};

/// Serves `store.v1.Store`. Methods share it: what changes while it runs goes behind a lock or into a task.
#[derive(Debug)]
pub struct StoreService {}

impl StoreService {
    /// A service as configured.
    pub fn new(_config: &Config) -> StoreService {
        StoreService {}
    }
}

/// Ready to be put on a [`Server`](svrkit_rt::Server).
pub fn server(config: &Config) -> StoreServer<StoreService> {
    StoreServer::new(StoreService::new(config))
}

// `async fn` for a method that waits for others: it costs no thread. Plain `fn` (without `async`, and nothing else changed) for one
// that blocks, on files, a database or long computing: it runs on the server's threads for that, so that nobody else waits for it.
#[svrkit::service]
impl Store for StoreService {
    /// Puts one.
    async fn put(&self, _ctx: &mut Context, _request: Thing) -> Result<(), Status> {
        Err(Status::unimplemented(
            "store.v1.Store/Put is not written yet",
        ))
    }

    async fn get(
        &self,
        _ctx: &mut Context,
        _request: crate::idl::common::v1::Id,
    ) -> Result<Thing, Status> {
        Err(Status::unimplemented(
            "store.v1.Store/Get is not written yet",
        ))
    }
}
