//! What is refused, and how it is said.

use super::client::{Client, framed, head, prefixed, with};
use crate::support::{ACT, ECHO, PUT, SMALL, Site, Text, WATCH, service};
use bytes::Bytes;
use hyper::Method;
use hyper::header::CONTENT_TYPE;
use std::time::Duration;
use svrkit_rt::auth::{AllowList, Allowed, Auth};
use svrkit_rt::{Admission, AdmissionConfig, Limits, Rate, Server};
use tokio::time::sleep;

/// Path, headers and body; then the code, and how the message begins.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    Bytes,
    u16,
    &'static str,
);

#[svrkit::test]
async fn requests_that_are_not_served_are_told_so() {
    let handlers = service().echo().answer(&SMALL, |text| async { Ok(text) });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut client = Client::connect(&connector).await;
    let path = "/test.v1.Test/Echo";

    let cases: [Case; 10] = [
        (
            "/test.v1.Test/Nothing",
            &[],
            framed("a"),
            12,
            "no method has this path",
        ),
        ("/", &[], framed("a"), 12, "no method has this path"),
        (
            path,
            &[("grpc-encoding", "gzip")],
            framed("a"),
            12,
            "grpc-encoding: no compression is served",
        ),
        (
            path,
            &[("grpc-timeout", "1d")],
            framed("a"),
            3,
            "grpc-timeout is not",
        ),
        (
            path,
            &[("k-bin", "!")],
            framed("a"),
            3,
            "header k-bin is no base64",
        ),
        (
            path,
            &[],
            prefixed(1, 1, b"a"),
            13,
            "a message is compressed",
        ),
        (
            path,
            &[],
            prefixed(0, 9, b"a"),
            3,
            "the request ends within a message",
        ),
        (
            path,
            &[],
            Bytes::from_static(b"\0\0"),
            3,
            "the request ends within a message",
        ),
        (
            path,
            &[],
            [framed("a"), framed("b")].concat().into(),
            3,
            "the request has two messages",
        ),
        (
            "/test.v1.Test/Small",
            &[],
            prefixed(0, u32::MAX, b""),
            8,
            "a message is 4294967295 bytes, over 100",
        ),
    ];
    for (path, headers, body, code, message) in cases {
        let answer = client.call(with(path, headers), body).await;
        let said = answer.failed(code);
        assert!(said.starts_with(message), "{said}");
        assert!(answer.trailers.is_empty(), "trailers only");
    }
    let encoded = client
        .call(with(path, &[("grpc-encoding", "gzip")]), framed("a"))
        .await;
    assert_eq!(encoded.headers["grpc-accept-encoding"], "identity");
    let (sending, answer) = client.open(head(path));
    drop(sending);
    let answer = answer.await.unwrap().whole().await;
    assert_eq!(answer.failed(3), "the request has no message");
    drop(client);
    site.stop().await;
}

#[svrkit::test]
async fn methods_let_in_whom_their_rules_name() {
    let rules = AllowList::default().with("test.v1.Test/Watch", Allowed::of(["ada"]).unwrap());
    let auth = Auth {
        allow: rules,
        ..Auth::default()
    };
    let handlers = service().on(&ECHO, |context, _| async {
        let name = Text::from(context.caller().map_or("nobody", |caller| caller.name()));
        Ok((context, name))
    });
    let handlers = handlers.watch(&WATCH, |_, _answers| async { Ok(()) });
    let (site, connector) = Site::in_memory(Server::new().service(handlers).auth(auth));
    let (echo, watch) = ("/test.v1.Test/Echo", "/test.v1.Test/Watch");

    let mut stranger = Client::connect(&connector).await;
    let answer = stranger.call(head(echo), framed("a")).await;
    assert!(
        answer
            .failed(16)
            .starts_with("auth: the method is for callers")
    );
    let mut bob = Client::connect(&connector.as_caller("bob").unwrap()).await;
    let answer = bob.call(head(echo), framed("a")).await;
    assert_eq!(answer.messages, [Text::from("bob")]);
    let answer = bob.call(head(watch), framed("a")).await;
    assert_eq!(answer.failed(7), "auth: the method is not for this caller");
    drop((stranger, bob));
    site.stop().await;
}

#[svrkit::test]
async fn what_is_no_grpc_gets_an_answer_of_http() {
    let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
    let mut client = Client::connect(&connector).await;
    let mut json = head("/test.v1.Test/Echo");
    json.headers_mut()
        .insert(CONTENT_TYPE, "application/json".parse().unwrap());
    let answer = client.call(json, "{}").await;
    assert_eq!(answer.http, 415);
    assert_eq!(answer.headers["accept-post"], "application/grpc");
    let mut get = head("/health");
    *get.method_mut() = Method::GET;
    assert_eq!(client.call(get, "").await.http, 405);
    drop(client);
    site.stop().await;
}

#[svrkit::test]
async fn overload_is_unavailable_and_says_when_to_come_back() {
    let admission = Admission::new(AdmissionConfig {
        handlers_max: 1,
        waiting_max: 0,
        ..AdmissionConfig::default()
    });
    let handlers = service()
        .echo()
        .answer(&ACT, |_| std::future::pending())
        .watch(&WATCH, |_, _answers| std::future::pending());
    let server = Server::new().service(handlers).admission(admission);
    let (site, connector) = Site::in_memory(server);
    let mut client = Client::connect(&connector).await;
    let (sending, running) = client.open(with("/test.v1.Test/Watch", &[("grpc-timeout", "1H")]));
    sending.send(framed("a")).await.unwrap();
    drop(sending);
    let running = running.await.unwrap();
    for path in ["/test.v1.Test/Echo", "/test.v1.Test/Watch"] {
        let answer = client.call(head(path), framed("a")).await;
        answer.failed(14);
        assert_eq!(answer.headers["grpc-retry-pushback-ms"], "1000", "{path}");
        assert_eq!(answer.headers["svrkit-code"], "overloaded");
    }
    drop((running, client));
    site.stop().await;
}

#[svrkit::test]
async fn metadata_and_messages_have_bounds() {
    let limits = Limits {
        metadata_bytes_max: 100,
        response_bytes_max: 50,
        stream_bytes_max: 200,
        ..Limits::default()
    };
    let handlers = service().echo().put(&PUT, |mut requests| async move {
        while requests.next().await?.is_some() {}
        Ok(Text::default())
    });
    let (site, connector) = Site::in_memory(Server::new().service(handlers).limits(limits));
    let mut client = Client::connect(&connector).await;
    let long = "v".repeat(100);
    let answer = client
        .call(with("/test.v1.Test/Echo", &[("k", &long)]), framed("a"))
        .await;
    assert!(answer.failed(8).starts_with("metadata_bytes_max"));
    let answer = client
        .call(head("/test.v1.Test/Echo"), framed(&long[..]))
        .await;
    assert!(answer.failed(8).contains("over the limit of the server"));
    // A message that is not whole counts as soon as it comes.
    let (sending, answer) = client.open(with("/test.v1.Test/Echo", &[("grpc-timeout", "1H")]));
    sending.send(prefixed(0, 1_000, &[0; 300])).await.unwrap();
    let answer = answer.await.unwrap().whole().await;
    answer.failed(14);
    assert_eq!(answer.headers["svrkit-code"], "overloaded");
    drop((sending, client));
    site.stop().await;
}

#[svrkit::test]
async fn a_connection_makes_no_more_than_its_rate() {
    let admission = Admission::new(AdmissionConfig {
        caller_rate: Some(Rate {
            burst: 3,
            refill: Duration::from_secs(1),
        }),
        ..AdmissionConfig::default()
    });
    let handlers = service().echo();
    let handlers = handlers.watch(&WATCH, |_, _answers| async { Ok(()) });
    let (site, connector) = Site::in_memory(Server::new().service(handlers).admission(admission));
    let (echo, watch) = ("/test.v1.Test/Echo", "/test.v1.Test/Watch");
    let mut one = Client::connect(&connector).await;
    let mut other = Client::connect(&connector).await;
    for path in [echo, watch, echo] {
        one.call(head(path), framed("a")).await.failed(0);
    }
    for path in [echo, watch] {
        let answer = one.call(head(path), framed("a")).await;
        assert!(answer.failed(14).starts_with("caller_rate"), "{answer:?}");
        assert_eq!(answer.said()["svrkit-code"], "overloaded");
    }
    other.call(head(echo), framed("a")).await.ok();
    sleep(Duration::from_secs(1)).await;
    one.call(head(echo), framed("a")).await.ok();
    drop((one, other));
    site.stop().await;
}
