//! Services that answer on the spot, so that only the access layer is measured.

use bytes::Bytes;
use im_access::Deps;
use im_idl::account::{AccountClient, VerifyRequest, VerifyResponse};
use im_idl::push::{PushClient, WaitResponse};
use im_idl::session::{RegisterResponse, RenewResponse, SessionClient};
use im_idl::sync::SyncClient;
use prost::Message;
use std::time::Duration;
use svrkit_rt::{Base, Channel, Endpoint, Layer, Request, Response, Service, Status, memory};

/// Answers instead of whatever it is put around.
struct Answering;

impl Layer<Base> for Answering {
    type Service = Answering;

    fn layer(self, _: Base) -> Answering {
        self
    }
}

impl Service for Answering {
    async fn call(&self, request: Request) -> Result<Response, Status> {
        let body = match request.context.method.full_name {
            "im.account.Account/Verify" => verify(request.body)?.encode_to_vec(),
            "im.session.Session/Register" => {
                let epoch = 1;
                RegisterResponse {
                    epoch,
                    ..RegisterResponse::default()
                }
                .encode_to_vec()
            }
            "im.session.Session/Renew" => RenewResponse {
                epoch: 1,
                known: true,
                lease_ms: 30_000,
            }
            .encode_to_vec(),
            "im.push.Push/Wait" => {
                tokio::time::sleep(Duration::from_secs(20)).await;
                let epoch = 1;
                WaitResponse {
                    epoch,
                    ..WaitResponse::default()
                }
                .encode_to_vec()
            }
            // Every other answer may be empty.
            _ => Vec::new(),
        };
        Ok(Response {
            body: Bytes::from(body),
            ..Response::default()
        })
    }
}

/// A ticket is a number, and the device is `bench`.
fn verify(body: Bytes) -> Result<VerifyResponse, Status> {
    let request = VerifyRequest::decode(body);
    let uin = request.ok().and_then(|r| r.ticket.parse().ok());
    let uin = uin.ok_or_else(|| Status::unauthenticated("a ticket is a number here"))?;
    Ok(VerifyResponse {
        uin,
        device: "bench".to_owned(),
        expires_ms: 0,
    })
}

/// All services, each this one.
pub(crate) fn deps() -> Result<Deps, Status> {
    let (_, nobody) = memory();
    let channel = Channel::builder()
        .endpoint(Endpoint::memory(nobody))
        .layer(Answering)
        .build()?;
    let names = im_idl::CLIENT_SERVICES.iter();
    Ok(Deps {
        account: AccountClient::new(channel.clone()),
        session: SessionClient::new(channel.clone()),
        push: PushClient::new(channel.clone()),
        sync: SyncClient::new(channel.clone()),
        services: names
            .map(|service| (service.full_name.to_owned(), channel.clone()))
            .collect(),
    })
}
