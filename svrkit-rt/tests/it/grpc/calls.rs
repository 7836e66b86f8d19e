//! One request, one answer: what goes with them, both ways.

use super::client::{Client, framed, head, with};
use crate::support::{ACT, QUICK, Site, Text, service};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use svrkit_rt::monitor::{self, Value};
use svrkit_rt::{Context, MethodDescriptor, Server, Status, Streaming};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

const SERVICE: &str = "test.v1.Test";

#[svrkit::test]
async fn a_call_is_answered_and_another_one_of_the_same_connection() {
    let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
    let mut client = Client::connect(&connector).await;
    for text in ["a", "b"] {
        let answer = client.call(head("/test.v1.Test/Echo"), framed(text)).await;
        assert_eq!(answer.ok(), [text.into()]);
    }
    drop(client);
    site.stop().await;
}

#[svrkit::test]
async fn what_the_headers_say_reaches_the_handler() {
    let seen: Arc<Mutex<Option<Box<Context>>>> = Arc::default();
    let keep = seen.clone();
    let handlers = service().on(&ACT, move |mut context, text| {
        let set = |context: &mut Context| {
            context.reply_metadata.insert("served-by", "a1")?;
            context.reply_metadata.insert("blob-bin", vec![0, 255])?;
            context.reply_metadata.insert("grpc-status", "7")
        };
        let result = set(&mut context).map(|()| (context.clone(), text));
        *keep.lock().unwrap() = Some(context);
        async { result }
    });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut client = Client::connect(&connector).await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let head = with(
        "/test.v1.Test/Act",
        &[
            ("grpc-timeout", "7S"),
            ("grpc-previous-rpc-attempts", "2"),
            ("traceparent", trace),
            ("client-version", "7.0"),
            ("bytes-bin", "AP8=, AQ"),
            ("user-agent", "grpc-test"),
            ("authorization", "Bearer secret"),
            ("svrkit-tag", "gray"),
        ],
    );
    let answer = client.call(head, framed("a")).await;
    assert_eq!(answer.ok(), ["a".into()]);
    assert_eq!(answer.headers["served-by"], "a1");
    assert_eq!(answer.headers["blob-bin"], "AP8");
    assert!(!answer.headers.contains_key("grpc-status"));

    let context = seen.lock().unwrap().take().unwrap();
    assert_eq!(context.remaining(), Duration::from_secs(7));
    assert_eq!(context.attempt, 2);
    assert_eq!(context.trace.unwrap().to_string(), trace);
    let metadata: Vec<_> = context.metadata.iter().collect();
    let expected: [(&str, &[u8]); 3] = [
        ("client-version", b"7.0"),
        ("bytes-bin", &[0, 255]),
        ("bytes-bin", &[1]),
    ];
    assert_eq!(metadata.len(), expected.len());
    for ((key, value), expected) in metadata.into_iter().zip(expected) {
        assert_eq!((key, &value[..]), expected);
    }
    drop(client);
    site.stop().await;
}

#[svrkit::test]
async fn a_failure_says_why_to_people_and_to_programs() {
    let handlers = service().answer(&ACT, |_| async {
        Err(Status::not_found("no é").with_reason("test", "NO_E"))
    });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut client = Client::connect(&connector).await;
    let answer = client.call(head("/test.v1.Test/Act"), framed("a")).await;
    assert_eq!(answer.failed(5), "no %C3%A9");
    assert!(answer.said().contains_key("grpc-status-details-bin"));
    assert!(answer.trailers.is_empty(), "trailers only");
    drop(client);
    site.stop().await;
}

/// The caller's deadline, and without one the method's own.
#[svrkit::test]
async fn a_deadline_ends_a_call() {
    let handlers = service().answer(&QUICK, |_| std::future::pending());
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut client = Client::connect(&connector).await;
    for (headers, ms) in [(&[("grpc-timeout", "20m")][..], 20), (&[], 50)] {
        let begun = Instant::now();
        let head = with("/test.v1.Test/Quick", headers);
        client.call(head, framed("a")).await.failed(4);
        assert_eq!(begun.elapsed().as_millis(), ms);
    }
    drop(client);
    site.stop().await;
}

#[svrkit::test]
async fn a_caller_that_leaves_ends_its_handler() {
    struct Dropped(Arc<Notify>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let (started, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (starts, drops) = (started.clone(), dropped.clone());
    let handlers = service().echo().answer(&ACT, move |_| {
        let dropped = Dropped(drops.clone());
        starts.notify_one();
        async move {
            let _dropped = dropped;
            std::future::pending().await
        }
    });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut client = Client::connect(&connector).await;
    let call = client.call(
        with("/test.v1.Test/Act", &[("grpc-timeout", "1H")]),
        framed("a"),
    );
    tokio::select! {
        answer = call => panic!("answered: {answer:?}"),
        () = started.notified() => {}
    }
    timeout(Duration::from_secs(60), dropped.notified())
        .await
        .unwrap();
    // The connection goes on.
    let answer = client.call(head("/test.v1.Test/Echo"), framed("a")).await;
    assert_eq!(answer.ok(), [Text::from("a")]);
    drop(client);
    site.stop().await;
}

/// A method of its own, since all tests count in one process.
static COUNTED: MethodDescriptor =
    MethodDescriptor::plain(121, SERVICE, "CountedGrpc", "test.v1.Test/CountedGrpc")
        .streams(Streaming::Both);

#[svrkit::test]
async fn calls_and_messages_count_as_others_do() {
    let value = |name: &str| {
        let labels = [("service", SERVICE), ("method", "CountedGrpc")];
        match monitor::snapshot().get(name, &labels) {
            Some(Value::Counter(n)) => *n as i64,
            Some(Value::Gauge(n)) => *n,
            other => panic!("{name}: {other:?}"),
        }
    };
    let handlers = service().talk(&COUNTED, |context, mut requests, mut answers| async move {
        while let Some(text) = requests.next().await? {
            answers.send(text.clone()).await?;
            answers.send(text).await?;
        }
        Ok(context)
    });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut client = Client::connect(&connector).await;
    let (sending, answer) = client.open(head("/test.v1.Test/CountedGrpc"));
    let mut answer = answer.await.unwrap();
    for _ in 0..3 {
        sending.send(framed("a")).await.unwrap();
        assert!(answer.next().await.is_some() && answer.next().await.is_some());
    }
    assert_eq!(value("rpc_server_in_flight"), 1);
    drop(sending);
    answer.whole().await.ok();
    assert_eq!(value("rpc_server_in_flight"), 0);
    assert_eq!(value("rpc_server_messages_received"), 3);
    assert_eq!(value("rpc_server_messages_sent"), 6);
    drop(client);
    site.stop().await;
}
