//! What the framework counts of streams, on both sides.

use super::PATIENCE;
use crate::support::{Site, Text, service};
use std::time::Duration;
use svrkit_rt::monitor::{self, Value};
use svrkit_rt::{Call, MethodDescriptor, Receiver, Sender, Server, Streaming};
use tokio::time::{sleep, timeout};

const SERVICE: &str = "test.v1.Test";

/// A method of its own, since all tests count in one process.
static COUNTED: MethodDescriptor =
    MethodDescriptor::plain(120, SERVICE, "CountedTalk", "test.v1.Test/CountedTalk")
        .streams(Streaming::Both);

fn value(name: &str) -> i64 {
    let labels = [("service", SERVICE), ("method", "CountedTalk")];
    match monitor::snapshot().get(name, &labels) {
        Some(Value::Counter(n)) => *n as i64,
        Some(Value::Gauge(n)) => *n,
        None => 0,
        other => panic!("{name}: {other:?}"),
    }
}

#[svrkit::test]
async fn messages_are_counted_with_their_bytes_and_calls_as_calls() {
    let handlers = service().talk(&COUNTED, |context, mut requests, mut answers| async move {
        while let Some(text) = requests.next().await? {
            answers.send(text.clone()).await?;
            answers.send(text).await?;
        }
        Ok(context)
    });
    let (site, _) = Site::in_memory(Server::new().service(handlers));
    let channel = site.channel();
    let opened = channel.both_streaming(&COUNTED, Call::new(()).timeout(PATIENCE));
    let (mut say, mut hear): (Sender<Text>, Receiver<Text>) = opened.await.unwrap();
    let text = Text::data(vec![0; 10_000]);
    let bytes = prost::Message::encoded_len(&text) as i64;
    for _ in 0..3 {
        say.send(text.clone()).await.unwrap();
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(value("rpc_server_in_flight"), 1);
    assert_eq!(value("rpc_client_in_flight"), 1);
    assert_eq!(value("rpc_server_messages_waited"), 0);
    // What answers to seven and a half messages is on its way, nobody reads, and the handler waits.
    while timeout(Duration::from_secs(1), say.send(text.clone()))
        .await
        .is_ok()
    {}
    let sent = value("rpc_client_messages_sent");
    assert_eq!(value("rpc_server_messages_waited"), 1);
    assert_eq!(value("rpc_client_messages_waited"), 1);
    let reading = tokio::spawn(async move {
        let mut received = 0;
        while hear.next().await.unwrap().is_some() {
            received += 1;
        }
        received
    });
    say.finish();
    assert_eq!(reading.await.unwrap(), 2 * sent);
    assert_eq!(value("rpc_server_messages_received"), sent);
    assert_eq!(value("rpc_server_messages_sent"), 2 * sent);
    assert_eq!(value("rpc_client_messages_received"), 2 * sent);
    for side in ["server", "client"] {
        let request_bytes = value(&format!("rpc_{side}_request_bytes"));
        let response_bytes = value(&format!("rpc_{side}_response_bytes"));
        assert_eq!(request_bytes, sent * bytes);
        assert_eq!(response_bytes, 2 * sent * bytes);
        assert_eq!(value(&format!("rpc_{side}_in_flight")), 0);
    }
    site.stop().await;
}
