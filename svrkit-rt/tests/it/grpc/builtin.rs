//! Health and reflection, as any gRPC client asks for them.

use super::client::{Client, Coming, head, prefixed, with};
use crate::support::{Site, service};
use bytes::Bytes;
use prost::Message;
use svrkit_rt::builtin::grpc::health::v1::health_check_response::ServingStatus as Wire;
use svrkit_rt::builtin::grpc::health::v1::{HealthCheckRequest, HealthCheckResponse};
use svrkit_rt::{Server, ServingStatus};

fn about(service: &str) -> Bytes {
    let service = service.to_owned();
    let message = HealthCheckRequest { service }.encode_to_vec();
    prefixed(0, message.len() as u32, &message)
}

/// A status, from a message that is nothing else.
async fn status(answer: &mut Coming) -> Wire {
    HealthCheckResponse::decode(answer.next_bytes().await.unwrap())
        .unwrap()
        .status()
}

#[svrkit::test]
async fn health_is_checked_and_watched() {
    let server = Server::new().service(service().echo());
    let health = server.health();
    let (mut site, connector) = Site::in_memory(server);
    let mut client = Client::connect(&connector).await;
    let none = client
        .call(head("/grpc.health.v1.Health/Check"), about("none"))
        .await;
    none.failed(5);

    let (sending, answer) = client.open(head("/grpc.health.v1.Health/Watch"));
    sending.send(about("part")).await.unwrap();
    drop(sending);
    let mut answer = answer.await.unwrap();
    assert_eq!(status(&mut answer).await, Wire::ServiceUnknown);
    health.set("part", ServingStatus::Serving);
    assert_eq!(status(&mut answer).await, Wire::Serving);
    // What is no change to this one is not told.
    health.set("other", ServingStatus::NotServing);
    health.set("part", ServingStatus::NotServing);
    assert_eq!(status(&mut answer).await, Wire::NotServing);
    health.set("part", ServingStatus::Serving);
    assert_eq!(status(&mut answer).await, Wire::Serving);
    site.begin_to_stop();
    assert_eq!(status(&mut answer).await, Wire::NotServing);
    assert_eq!(answer.next_bytes().await, None);
    assert_eq!(answer.trailers["grpc-status"], "14");
    site.ended().await;
}

/// By its name of today and by that which older tools ask for.
#[cfg(feature = "reflection")]
#[svrkit::test]
async fn reflection_answers_questions_in_turn() {
    let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
    let mut client = Client::connect(&connector).await;
    for version in ["v1", "v1alpha"] {
        let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
        let (sending, answer) = client.open(with(&path, &[]));
        let mut answer = answer.await.unwrap();
        for _ in 0..3 {
            // `list_services`, field 7.
            sending.send(prefixed(0, 2, &[0x3a, 0])).await.unwrap();
            let list = answer.next_bytes().await.unwrap();
            let list = String::from_utf8_lossy(&list);
            assert!(list.contains("grpc.health.v1.Health"), "{list}");
        }
        drop(sending);
        assert_eq!(answer.next_bytes().await, None);
        assert_eq!(answer.trailers["grpc-status"], "0");
    }
    drop(client);
    site.stop().await;
}
