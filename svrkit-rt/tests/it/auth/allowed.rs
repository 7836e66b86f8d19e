//! Methods let in whom their rules name, and others are told so before anything of theirs is read.

use super::{auth, channel_to, key, who_calls};
use crate::support::{
    ACT, ECHO, Handlers, Peer, READ, Site, TALK, Text, call, request_frame, service, stream_frame,
};
use std::time::Duration;
use svrkit_rt::auth::{AllowList, Allowed, Auth};
use svrkit_rt::{Call, Code, Endpoint, MemoryConnector, Server, Status, memory};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// `Echo` is for everybody, `Act` for Ada, `Talk` for Bob, all else for whoever has a name.
fn rules() -> AllowList {
    let only = |name| Allowed::of([name]).unwrap();
    AllowList::default()
        .with("test.v1.Test/Echo", Allowed::Anyone)
        .with("test.v1.Test/Act", only("ada"))
        .with("test.v1.Test/Talk", only("bob"))
}

fn handlers() -> Handlers {
    let echo = |text| async { Ok(text) };
    let talk = |context, _, _| async { Ok(context) };
    let service = who_calls().answer(&ACT, echo).answer(&READ, echo);
    service.talk(&TALK, talk)
}

fn start() -> (Site, MemoryConnector) {
    let auth = Auth {
        allow: rules(),
        ..auth()
    };
    Site::in_memory(Server::new().service(handlers()).auth(auth))
}

fn is_refused<T: std::fmt::Debug>(result: Result<T, Status>, code: Code, reason: &str) {
    let status = result.unwrap_err();
    assert_eq!(status.code(), code, "{status}");
    assert_eq!((status.domain(), status.reason()), ("svrkit", reason));
    assert!(status.not_started());
}

fn is_strange<T: std::fmt::Debug>(result: Result<T, Status>) {
    is_refused(result, Code::Unauthenticated, "STRANGER");
}

fn is_not_allowed<T: std::fmt::Debug>(result: Result<T, Status>) {
    is_refused(result, Code::PermissionDenied, "CALLER_NOT_ALLOWED");
}

#[svrkit::test]
async fn each_method_lets_in_its_own() {
    let (site, connector) = start();
    let endpoint = Endpoint::memory(connector);
    let stranger = channel_to(endpoint.clone());
    let ada = channel_to(endpoint.clone().identify(key("ada")));
    let bob = channel_to(endpoint.identify(key("bob")));

    call(&stranger, &ECHO, "").await.unwrap();
    is_strange(call(&stranger, &ACT, "").await);
    is_strange(call(&stranger, &READ, "").await);
    call(&ada, &ACT, "").await.unwrap();
    call(&ada, &READ, "").await.unwrap();
    is_not_allowed(call(&bob, &ACT, "").await);
    call(&bob, &READ, "").await.unwrap();
    site.stop().await;
}

#[svrkit::test]
async fn streams_are_calls_like_any_other() {
    let (site, connector) = start();
    let endpoint = Endpoint::memory(connector);
    for (name, is_let_in) in [("ada", false), ("bob", true)] {
        let channel = channel_to(endpoint.clone().identify(key(name)));
        let call = Call::new(()).timeout(Duration::from_secs(5));
        let opened = channel.both_streaming::<Text, Text>(&TALK, call).await;
        let (_requests, mut answers) = opened.unwrap();
        let answer = answers.next().await;
        match is_let_in {
            true => assert_eq!(answer, Ok(None)),
            false => is_not_allowed(answer),
        }
    }
    site.stop().await;
}

/// The body is no message, and nobody minds: it is not looked at. Checksum or not, the connection lives.
#[svrkit::test]
async fn a_refusal_needs_no_more_than_the_header() {
    let (site, connector) = start();
    let mut peer = Peer::new(connector.connect().unwrap());
    for id in 1..=3 {
        peer.send(&request_frame(id, ACT.id, 0, &[0xff; 100])).await;
        let (answered, result) = peer.answer().await;
        assert_eq!(answered, id);
        is_strange(result);
    }
    peer.send(&stream_frame(4, TALK.id, 0, &[])).await;
    is_strange(peer.answer().await.1);
    peer.send(&request_frame(5, ECHO.id, 0, &[])).await;
    assert!(peer.answer().await.1.is_ok());
    peer.send(&request_frame(6, 4_242, 0, &[])).await;
    let status = peer.answer().await.1.unwrap_err();
    assert_eq!(
        status.code(),
        Code::Unimplemented,
        "there is no such method"
    );
    site.stop().await;
}

/// Whether idempotent or not: nobody else would let it in either.
#[svrkit::test]
async fn a_refusal_is_final() {
    let (first, to_first) = start();
    let (second, to_second) = start();
    let builder = svrkit_rt::Channel::builder()
        .endpoint(Endpoint::memory(to_first))
        .endpoint(Endpoint::memory(to_second));
    let channel = builder.build().unwrap();
    let before = svrkit_rt::clock::now_ms();
    is_strange(call(&channel, &READ, "").await);
    assert!(
        svrkit_rt::clock::now_ms() - before < 5,
        "it did not wait to ask again"
    );
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn http_is_held_to_the_same_rules() {
    let (site, connector) = start();
    let ask = async |connector: &MemoryConnector, method: &str| {
        let mut stream = connector.connect().unwrap();
        let request = format!(
            "POST /test.v1.Test/{method} HTTP/1.1\r\nhost: x\r\ncontent-type: application/proto\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer = ask(&connector, "Act").await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.contains("\"unauthenticated\""), "{answer}");
    let ada = connector.as_caller("ada").unwrap();
    assert!(ask(&ada, "Act").await.starts_with("HTTP/1.1 200 "));
    let bob = connector.as_caller("bob").unwrap();
    let answer = ask(&bob, "Act").await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    site.stop().await;
}

#[tokio::test]
async fn rules_about_nothing_keep_a_server_from_starting() {
    let auth = Auth {
        allow: AllowList::default().with("test.v1.Test/Steal", Allowed::Known),
        ..Auth::default()
    };
    let (listener, _connector) = memory();
    let server = Server::new().service(service().echo()).auth(auth);
    let error = server
        .run(listener, std::future::pending())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("test.v1.Test/Steal"), "{error}");
}

#[svrkit::test]
async fn built_in_services_let_in_anyone_unless_named() {
    let (site, connector) = start();
    let stranger = channel_to(Endpoint::memory(connector));
    let health = svrkit_rt::builtin::grpc::health::v1::HealthClient::new(stranger);
    health.check(Default::default()).await.unwrap();
    site.stop().await;
}
