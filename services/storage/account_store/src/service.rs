//! The service: each method, handed to the file that knows.

use crate::config::Config;
use crate::numbers::{self, Numbers};
use crate::registered::Registered;
use crate::rows;
use im_engine::{Batch, Engine, EngineError, Version, WriteError};
use im_idl::account_store::{
    AccountStore, AccountStoreServer, BeginEraseRequest, CreateRequest, CreateResponse,
    DeleteDeviceRequest, EraseRequest, GetDeviceRequest, GetDeviceResponse, GetManyResponse,
    GetRequest, GetResponse, ListDevicesRequest, ListDevicesResponse, ListKeysResponse,
    PutDeviceRequest, PutDeviceResponse, RotateKeysRequest, UpdateRequest, UpdateResponse,
};
use im_idl::base::{Empty, Uins, UserVersions};
use std::sync::Arc;
use svrkit_rt::{Context, Server, Status};
use tokio::task::JoinSet;

/// What the store stands on.
#[derive(Clone)]
pub struct Deps {
    /// Where rows are kept.
    pub engine: Engine,
}

/// The service as a server to be run.
///
/// # Errors
/// The engine's, when it cannot say which number comes next.
///
/// # Panics
/// Outside of a runtime.
pub async fn build(config: Config, deps: Deps) -> Result<Server, Status> {
    let registered = Arc::new(Registered::default());
    let next = numbers::next(&deps.engine).await?;
    let mut counting = JoinSet::new();
    counting.spawn(registered.clone().count(deps.engine.clone(), next));
    let store = Store {
        engine: deps.engine,
        numbers: Numbers::new(config.numbers_step),
        registered,
        _counting: counting,
        config,
    };
    Ok(Server::new().service(AccountStoreServer::new(store)))
}

pub(crate) struct Store {
    pub(crate) engine: Engine,
    pub(crate) numbers: Numbers,
    pub(crate) registered: Arc<Registered>,
    /// Ends with the store.
    _counting: JoinSet<()>,
    pub(crate) config: Config,
}

/// Writes one batch.
pub(crate) async fn write(engine: &Engine, batch: Batch) -> Result<Version, WriteError> {
    let answer = engine.write(vec![batch]).await.pop();
    answer.unwrap_or_else(|| {
        let reason = "the engine answered nothing";
        Err(EngineError::Invalid { reason }.into())
    })
}

impl AccountStore for Store {
    async fn create(
        &self,
        _ctx: &mut Context,
        request: CreateRequest,
    ) -> Result<CreateResponse, Status> {
        self.create(request).await
    }

    async fn get(&self, _ctx: &mut Context, request: GetRequest) -> Result<GetResponse, Status> {
        let uin = match request.uin {
            0 => self.owner(&request.name).await?,
            uin => uin,
        };
        self.get(uin).await
    }

    async fn get_many(&self, _ctx: &mut Context, request: Uins) -> Result<GetManyResponse, Status> {
        self.get_many(request.uins).await
    }

    async fn update(
        &self,
        _ctx: &mut Context,
        request: UpdateRequest,
    ) -> Result<UpdateResponse, Status> {
        self.update(request).await
    }

    async fn put_device(
        &self,
        _ctx: &mut Context,
        request: PutDeviceRequest,
    ) -> Result<PutDeviceResponse, Status> {
        self.put_device(request).await
    }

    async fn get_device(
        &self,
        _ctx: &mut Context,
        request: GetDeviceRequest,
    ) -> Result<GetDeviceResponse, Status> {
        let device = self.device(request.uin, &request.device).await?;
        Ok(GetDeviceResponse { device })
    }

    async fn list_devices(
        &self,
        _ctx: &mut Context,
        request: ListDevicesRequest,
    ) -> Result<ListDevicesResponse, Status> {
        let devices = self.load(request.uin).await?.devices;
        Ok(ListDevicesResponse { devices })
    }

    async fn delete_device(
        &self,
        _ctx: &mut Context,
        request: DeleteDeviceRequest,
    ) -> Result<Empty, Status> {
        self.delete_device(request.uin, &request.device).await
    }

    async fn list_keys(
        &self,
        _ctx: &mut Context,
        _request: Empty,
    ) -> Result<ListKeysResponse, Status> {
        self.list_keys().await
    }

    async fn rotate_keys(
        &self,
        _ctx: &mut Context,
        request: RotateKeysRequest,
    ) -> Result<Empty, Status> {
        self.rotate_keys(request).await
    }

    async fn begin_erase(
        &self,
        _ctx: &mut Context,
        request: BeginEraseRequest,
    ) -> Result<Empty, Status> {
        self.begin_erase(request.uin).await
    }

    async fn list_erasing(&self, _ctx: &mut Context, _request: Empty) -> Result<Uins, Status> {
        self.list_erasing().await
    }

    async fn erase(&self, _ctx: &mut Context, request: EraseRequest) -> Result<Empty, Status> {
        self.erase(request.uin).await
    }

    async fn versions(&self, _ctx: &mut Context, request: Uins) -> Result<UserVersions, Status> {
        crate::accounts::bounded(&request.uins)?;
        let partitions = request.uins.into_iter().map(rows::account).collect();
        let versions = self.engine.versions(partitions).await?;
        Ok(UserVersions { versions })
    }
}
