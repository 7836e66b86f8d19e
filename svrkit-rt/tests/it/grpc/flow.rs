//! Who is slow makes the other side wait, and nobody's memory pays for it.

use super::client::{Client, framed, with};
use crate::support::{ACT, PUT, Site, Text, WATCH, service};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::{Limits, Receiver, Server};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

const HOUR: &[(&str, &str)] = &[("grpc-timeout", "1H")];
const MESSAGE_BYTES: usize = 10_000;
/// More than any buffer on the way holds.
const BYTES_MAX: usize = 1024 * 1024;

/// With a paused clock, nothing is left to do when time goes on.
async fn quiet() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[svrkit::test]
async fn a_caller_waits_for_a_handler() {
    let go_on = Arc::new(Notify::new());
    let goes_on = go_on.clone();
    let handlers = service()
        .echo()
        .put(&PUT, move |mut requests: Receiver<Text>| {
            let go_on = goes_on.clone();
            async move {
                go_on.notified().await;
                let mut count = 0;
                while requests.next().await?.is_some() {
                    count += 1;
                }
                Ok(Text::number(count))
            }
        });
    let limits = Limits {
        stream_window_bytes: 128 * 1024,
        ..Limits::default()
    };
    let (site, connector) = Site::in_memory(Server::new().service(handlers).limits(limits));
    let mut client = Client::connect(&connector).await;
    let (sending, answer) = client.open(with("/test.v1.Test/Put", HOUR));
    let message = framed(Text::data(vec![0; MESSAGE_BYTES]));
    let mut sent = 0;
    while let Ok(room) = timeout(Duration::from_secs(1), sending.send(message.clone())).await {
        room.unwrap();
        sent += 1;
        assert!(
            sent * MESSAGE_BYTES < 2 * BYTES_MAX,
            "the caller never waits"
        );
    }
    // Others do not wait for it.
    let echo = client
        .call(with("/test.v1.Test/Echo", HOUR), framed("a"))
        .await;
    assert_eq!(echo.ok(), ["a".into()]);
    go_on.notify_one();
    sending.send(message).await.unwrap();
    drop(sending);
    let answer = answer.await.unwrap().whole().await;
    assert_eq!(answer.ok(), [Text::number(sent as u64 + 1)]);
    drop(client);
    site.stop().await;
}

#[svrkit::test]
async fn a_handler_waits_for_a_caller() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counts = sent.clone();
    let handlers = service().echo().watch(&WATCH, move |text, mut answers| {
        let sent = counts.clone();
        async move {
            for _ in 0..text.number {
                answers.send(Text::data(vec![0; MESSAGE_BYTES])).await?;
                sent.fetch_add(MESSAGE_BYTES, SeqCst);
            }
            Ok(())
        }
    });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    // hyper's client gives two megabytes of window.
    let mut client = Client::with_window(&connector, 64 * 1024).await;
    let (sending, answer) = client.open(with("/test.v1.Test/Watch", HOUR));
    sending.send(framed(Text::number(1_000))).await.unwrap();
    drop(sending);
    let answer = answer.await.unwrap();
    quiet().await;
    assert!(sent.load(SeqCst) < BYTES_MAX, "{sent:?}");
    let echo = client
        .call(with("/test.v1.Test/Echo", HOUR), framed("a"))
        .await;
    assert_eq!(echo.ok(), ["a".into()]);
    assert_eq!(answer.whole().await.ok().len(), 1_000);
    drop(client);
    site.stop().await;
}

/// An answer that stays where it is because its caller opens no window ends the connection, as one does that is not read.
#[svrkit::test]
async fn whoever_takes_no_answer_is_not_waited_for() {
    let handlers = service()
        .answer(&ACT, |_| async { Ok(Text::data(vec![0; BYTES_MAX])) })
        .watch(&WATCH, |_, mut answers| async move {
            answers.send(Text::data(vec![0; BYTES_MAX])).await
        });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    for path in ["/test.v1.Test/Act", "/test.v1.Test/Watch"] {
        let mut client = Client::with_window(&connector, 64 * 1024).await;
        let begun = Instant::now();
        let (sending, answer) = client.open(with(path, HOUR));
        sending.send(framed("a")).await.unwrap();
        drop(sending);
        let _answer = answer.await.unwrap();
        let _ = client.closed().await;
        let took = begun.elapsed().as_secs();
        assert!((30..=61).contains(&took), "{path}: {took} s");
    }
    site.stop().await;
}
