//! The service to be called, and the requests that most stories begin with.

use crate::world::World;
use im_account::{Config, build};
use im_idl::account::{
    AccountClient, LoginRequest, LoginResponse, RegisterRequest, VerifyRequest, VerifyResponse,
};
use im_idl::base::Caller;
use std::sync::Arc;
use svrkit_rt::testing::serve_with;
use svrkit_rt::{Call, ChannelConfig, Status};

pub(crate) const PASSWORD: &str = "correct horse";

/// Settings under which a hash costs next to nothing.
pub(crate) fn cheap() -> Config {
    Config {
        memory_kib: 8,
        iterations: 1,
        ..Config::default()
    }
}

pub(crate) async fn service_with(world: &Arc<World>, config: Config) -> AccountClient {
    let server = build(config, world.deps()).await.unwrap();
    // Each call once: what is told here is what the service answers, not what asking again comes to.
    let mut once = ChannelConfig::default();
    once.retry.attempts_max = 1;
    AccountClient::new(serve_with(server, once))
}

pub(crate) async fn service(world: &Arc<World>) -> AccountClient {
    service_with(world, cheap()).await
}

pub(crate) fn registration(name: &str, device: &str) -> RegisterRequest {
    RegisterRequest {
        name: name.into(),
        password: PASSWORD.into(),
        device: device.into(),
        device_name: format!("{name}'s {device}"),
        nickname: String::new(),
    }
}

pub(crate) fn login(name: &str, password: &str, device: &str) -> LoginRequest {
    LoginRequest {
        name: name.into(),
        password: password.into(),
        device: device.into(),
        device_name: String::new(),
    }
}

/// On behalf of a user, as the access layer calls.
pub(crate) fn by<M>(uin: u64, device: &str, message: M) -> Call<M> {
    let caller = Caller {
        uin,
        device: device.into(),
        address: "192.0.2.1".into(),
        ..Caller::default()
    };
    caller.call(message).unwrap()
}

/// From an address, of somebody who has not logged in.
pub(crate) fn from<M>(address: &str, message: M) -> Call<M> {
    let caller = Caller {
        address: address.into(),
        ..Caller::default()
    };
    caller.call(message).unwrap()
}

pub(crate) async fn verify(
    service: &AccountClient,
    ticket: &str,
) -> Result<VerifyResponse, Status> {
    let ticket = ticket.to_owned();
    service.verify(VerifyRequest { ticket }).await
}

/// Somebody with devices that are logged in.
pub(crate) async fn somebody(
    service: &AccountClient,
    name: &str,
    devices: &[&str],
) -> Vec<LoginResponse> {
    let (first, further) = devices.split_first().unwrap();
    let mut logins = vec![service.register(registration(name, first)).await.unwrap()];
    for device in further {
        let login = service.login(login(name, PASSWORD, device)).await;
        logins.push(login.unwrap());
    }
    logins
}
