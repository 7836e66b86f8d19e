//! Layers and interceptors, on both sides, in the order they were added.

use crate::support::{ACT, ECHO, Site, Text, call, service};
use std::sync::{Arc, Mutex};
use svrkit_rt::monitor::{self, Kind, Value};
use svrkit_rt::testing::serve;
use svrkit_rt::{
    Call, Channel, Code, ConcurrencyLimit, Intercept, Layer, Reply, Request, Response, Server,
    Service, Status,
};

type Log = Arc<Mutex<Vec<String>>>;

/// Notes when a request comes by and when its answer does.
#[derive(Clone)]
struct Note(&'static str, Log);

struct Noting<S>(S, Note);

impl<S: Service> Layer<S> for Note {
    type Service = Noting<S>;

    fn layer(self, inner: S) -> Noting<S> {
        Noting(inner, self)
    }
}

impl<S: Service> Service for Noting<S> {
    async fn call(&self, request: Request) -> Result<Response, Status> {
        let Note(name, log) = &self.1;
        log.lock().unwrap().push(format!("{name} in"));
        let result = self.0.call(request).await;
        log.lock().unwrap().push(format!("{name} out"));
        result
    }
}

#[svrkit::test]
async fn the_layer_added_last_is_outermost_on_both_sides() {
    let log = Log::default();
    let server = Server::new()
        .service(service().echo())
        .layer(Note("server inner", log.clone()))
        .layer(Note("server outer", log.clone()));
    let (site, _) = Site::in_memory(server);
    let channel = Channel::builder()
        .endpoint(site.endpoint.clone())
        .layer(Note("client inner", log.clone()))
        .layer(Note("client outer", log.clone()))
        .build()
        .unwrap();
    call(&channel, &ECHO, "").await.unwrap();
    let expected = [
        "client outer in",
        "client inner in",
        "server outer in",
        "server inner in",
        "server inner out",
        "server outer out",
        "client inner out",
        "client outer out",
    ];
    assert_eq!(*log.lock().unwrap(), expected);
    drop(channel);
    site.stop().await;
}

#[svrkit::test]
async fn an_interceptor_of_a_server_refuses_before_the_handler() {
    let check = |request: &mut Request| match request.context.metadata.get_str("ticket") {
        Some("good") => Ok(()),
        _ => Err(Status::unauthenticated("no ticket")),
    };
    let channel = serve(
        Server::new()
            .service(service().echo())
            .layer(Intercept(check)),
    );
    let status = call(&channel, &ECHO, "").await.unwrap_err();
    assert_eq!(status, Status::unauthenticated("no ticket"));
    let request = Call::new(Text::default())
        .metadata("ticket", "good")
        .unwrap();
    let reply: Result<Reply<Text>, Status> = channel.unary(&ECHO, request).await;
    assert!(reply.is_ok());
}

#[svrkit::test]
async fn an_interceptor_of_a_client_adds_to_every_request() {
    let (site, _) = Site::in_memory(Server::new().service(service().echo()));
    let channel = Channel::builder()
        .endpoint(site.endpoint.clone())
        .layer(Intercept(|request: &mut Request| {
            request.context.metadata.insert("from", "here")
        }))
        .build()
        .unwrap();
    let reply: Reply<Text> = channel.unary(&ECHO, Text::default().into()).await.unwrap();
    assert_eq!(reply.metadata.get_str("from"), Some("here"));
    drop(channel);
    site.stop().await;
}

#[svrkit::test]
async fn a_layer_around_a_channel_is_its_owners_alone() {
    let channel = serve(Server::new().service(service().echo()));
    let closed = |_: &mut Request| Err(Status::unavailable("not for you"));
    let closed = channel.with_layer(Intercept(closed));
    let refused = call(&closed, &ECHO, "").await.unwrap_err();
    assert_eq!(refused, Status::unavailable("not for you"));
    call(&channel, &ECHO, "").await.unwrap();
    let marked = |request: &mut Request| request.context.metadata.insert("from", "here");
    let marked = channel.with_layer(Intercept(marked));
    let reply: Reply<Text> = marked.unary(&ECHO, Text::default().into()).await.unwrap();
    assert_eq!(reply.metadata.get_str("from"), Some("here"));
}

#[svrkit::test]
async fn a_tally_counts_the_calls_of_one_of_several_callers() {
    let channel = serve(Server::new().service(service().echo()));
    let tally = |caller| {
        let labels = [("caller", caller)];
        monitor::series(Kind::Counter, "test_tallied_calls", "", "", &labels).unwrap()
    };
    let (ada, bob) = (
        channel.tallied(tally("ada")),
        channel.tallied(tally("bob")).clone(),
    );
    for caller in [&channel, &ada, &bob, &bob] {
        call(caller, &ECHO, "").await.unwrap();
    }
    let snapshot = monitor::snapshot();
    let counted = |caller| snapshot.get("test_tallied_calls", &[("caller", caller)]);
    assert_eq!(counted("ada"), Some(&Value::Counter(1)));
    assert_eq!(counted("bob"), Some(&Value::Counter(2)));
}

#[svrkit::test]
async fn a_layer_may_answer_in_place_of_the_service() {
    struct Cached;
    struct Answers;
    impl<S: Service> Layer<S> for Cached {
        type Service = Answers;
        fn layer(self, _: S) -> Answers {
            Answers
        }
    }
    impl Service for Answers {
        async fn call(&self, _: Request) -> Result<Response, Status> {
            let body = prost::Message::encode_to_vec(&Text::from("from the layer")).into();
            Ok(Response {
                body,
                ..Response::default()
            })
        }
    }
    let channel = serve(Server::new().service(service().echo()).layer(Cached));
    assert_eq!(
        call(&channel, &ECHO, "").await,
        Ok(Text::from("from the layer"))
    );
}

#[svrkit::test]
async fn a_concurrency_limit_refuses_the_call_too_many_and_recovers() {
    let handlers = service()
        .answer(&ACT, |_| async { std::future::pending().await })
        .echo();
    let layer = ConcurrencyLimit { in_flight_max: 2 };
    let channel = serve(Server::new().service(handlers).layer(layer));
    let calls: Vec<_> = (0..2)
        .map(|_| {
            let channel = channel.clone();
            tokio::spawn(async move { call(&channel, &ACT, "").await })
        })
        .collect();
    tokio::task::yield_now().await;
    let status = call(&channel, &ECHO, "").await.unwrap_err();
    assert_eq!(status.code(), Code::Overloaded);
    assert!(status.not_started());
    calls.iter().for_each(|call| call.abort());
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    assert!(call(&channel, &ECHO, "").await.is_ok());
}
