//! The store as a service.

use crate::config::Config;
use crate::layout;
use crate::store::Store;
use crate::{flush, sweep};
use im_engine::Engine;
use im_idl::base::{Empty, Uins, UserVersions};
use im_idl::message_store::{
    AppendGroupRequest, AppendGroupResponse, AppendReceiptRequest, AppendReceiptResponse,
    AppendRequest, AppendResponse, EraseRequest, FanOutRequest, FanOutResponse,
    ForgetDeviceRequest, MessageStore, MessageStoreServer, ReadRequest, ReadResponse,
    RecallRequest, RecallResponse, StatsResponse,
};
use std::sync::Arc;
use svrkit_rt::{Context, Server, Status};

/// Users of one call of Versions.
const USERS_MAX: usize = 10_000;

/// What the store stands on.
#[derive(Clone)]
pub struct Deps {
    /// Where rows are kept. Nobody else writes there.
    pub engine: Engine,
}

struct Service {
    store: Arc<Store>,
}

/// The service, with what it does in the background: writing positions down, and sweeping out what is too old. Both end with it.
///
/// # Errors
/// None now: rows are read when they are asked for.
///
/// # Panics
/// Outside of a runtime.
pub async fn build(config: Config, deps: Deps) -> Result<Server, Status> {
    let store = Arc::new(Store::new(config.clone(), deps.engine));
    let weak = Arc::downgrade(&store);
    tokio::spawn(flush::run(weak.clone(), config.flush_interval_ms));
    tokio::spawn(sweep::run(
        weak,
        config.sweep_interval_ms,
        config.sweep_step_ms,
    ));
    Ok(Server::new().service(MessageStoreServer::new(Service { store })))
}

impl MessageStore for Service {
    async fn append(
        &self,
        _ctx: &mut Context,
        request: AppendRequest,
    ) -> Result<AppendResponse, Status> {
        self.store.append(request).await
    }

    async fn append_group(
        &self,
        _ctx: &mut Context,
        request: AppendGroupRequest,
    ) -> Result<AppendGroupResponse, Status> {
        self.store.append_group(request).await
    }

    async fn fan_out(
        &self,
        _ctx: &mut Context,
        request: FanOutRequest,
    ) -> Result<FanOutResponse, Status> {
        self.store.fan_out(request).await
    }

    async fn read(&self, _ctx: &mut Context, request: ReadRequest) -> Result<ReadResponse, Status> {
        self.store.read(request).await
    }

    async fn recall(
        &self,
        _ctx: &mut Context,
        request: RecallRequest,
    ) -> Result<RecallResponse, Status> {
        self.store.recall(request).await
    }

    async fn append_receipt(
        &self,
        _ctx: &mut Context,
        request: AppendReceiptRequest,
    ) -> Result<AppendReceiptResponse, Status> {
        self.store.append_receipt(request).await
    }

    async fn forget_device(
        &self,
        _ctx: &mut Context,
        request: ForgetDeviceRequest,
    ) -> Result<Empty, Status> {
        self.store.forget_device(request).await?;
        Ok(Empty {})
    }

    async fn versions(&self, _ctx: &mut Context, request: Uins) -> Result<UserVersions, Status> {
        if request.uins.len() > USERS_MAX {
            return Err(Status::invalid_argument("too many users"));
        }
        let inboxes = request.uins.into_iter().map(layout::inbox).collect();
        let versions = self.store.engine.versions(inboxes).await?;
        Ok(UserVersions { versions })
    }

    async fn erase(&self, _ctx: &mut Context, request: EraseRequest) -> Result<Empty, Status> {
        self.store.erase(request).await?;
        Ok(Empty {})
    }

    async fn stats(&self, _ctx: &mut Context, _request: Empty) -> Result<StatsResponse, Status> {
        let engine = self.store.engine.stats();
        let (rows_appended, rows_deleted) = self.store.rows.counts();
        Ok(StatsResponse {
            cache_hits: engine.cache_hits,
            cache_misses: engine.cache_misses,
            cache_bytes: engine.cache_bytes,
            batches: engine.batches,
            commits: engine.commits,
            sync_us: engine.sync_us,
            rows_appended,
            rows_deleted,
        })
    }
}
