//! A store to be called, and the requests that most stories begin with.

use crate::engine::shared;
use im_account_store::{Config, Deps, build};
use im_engine::Engine;
use im_idl::account_store::{
    Account, AccountStoreClient, CreateRequest, Device, GetDeviceRequest, GetRequest,
};
use svrkit_rt::Status;
use svrkit_rt::testing::serve;

/// A store on an engine that may have been used before.
pub(crate) async fn store_on(engine: &Engine, config: Config) -> AccountStoreClient {
    let engine = shared(engine);
    let server = build(config, Deps { engine }).await.unwrap();
    AccountStoreClient::new(serve(server))
}

/// A store that has nothing yet.
pub(crate) async fn store() -> AccountStoreClient {
    store_on(&im_engine::memory(), Config::default()).await
}

/// A request for an account of this name, with a device when there is one.
pub(crate) fn account(name: &str, with: Option<&str>) -> CreateRequest {
    CreateRequest {
        account: Some(Account {
            name: name.into(),
            password_hash: "hash".into(),
            ..Account::default()
        }),
        device: with.map(device),
    }
}

pub(crate) fn device(name: &str) -> Device {
    Device {
        device: name.into(),
        ..Device::default()
    }
}

pub(crate) fn by_number(uin: u64) -> GetRequest {
    GetRequest {
        uin,
        ..GetRequest::default()
    }
}

pub(crate) fn by_name(name: &str) -> GetRequest {
    GetRequest {
        name: name.into(),
        ..GetRequest::default()
    }
}

/// The serial that a device has now.
pub(crate) async fn serial(
    store: &AccountStoreClient,
    uin: u64,
    device: &str,
) -> Result<Option<u64>, Status> {
    let device = device.to_owned();
    let answer = store.get_device(GetDeviceRequest { uin, device }).await?;
    Ok(answer.device.map(|device| device.serial))
}
