//! A server that is told to stop: streams go on until their handlers end them, or the drain is over.

use super::watch;
use crate::support::{ECHO, Site, Text, WATCH, call, service};
use std::time::Duration;
use svrkit_rt::{Code, Limits, Server, Status};
use tokio::time::{Instant, sleep};

/// `Watch` counts seconds up to the number of its request.
fn seconds() -> crate::support::Handlers {
    service()
        .echo()
        .watch(&WATCH, |text, mut answers| async move {
            for number in 1..=text.number {
                sleep(Duration::from_secs(1)).await;
                answers.send(Text::number(number)).await?;
            }
            Ok(())
        })
}

#[svrkit::test]
async fn a_stream_that_ends_in_time_is_not_cut() {
    let (mut site, _) = Site::in_memory(Server::new().service(seconds()));
    let channel = site.channel();
    let watching = watch(&channel, Text::number(5)).await;
    sleep(Duration::from_millis(1_500)).await;
    site.begin_to_stop();
    let before = Instant::now();
    assert_eq!(super::all(watching).await.len(), 5);
    site.ended().await;
    assert!(before.elapsed() < Duration::from_secs(4));
}

#[svrkit::test]
async fn a_stream_that_takes_longer_than_the_drain_is_cut() {
    let limits = Limits {
        drain_timeout_ms: 3_000,
        ..Limits::default()
    };
    let (mut site, _) = Site::in_memory(Server::new().service(seconds()).limits(limits));
    let mut watching = watch(&site.channel(), Text::number(100)).await;
    sleep(Duration::from_millis(500)).await;
    site.begin_to_stop();
    let before = Instant::now();
    site.ended().await;
    assert_eq!(before.elapsed().as_secs(), 3);
    for number in 1..=3 {
        assert_eq!(watching.next().await.unwrap().unwrap().number, number);
    }
    let status = watching.next().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

/// The connection that drains keeps its stream and takes no more calls; new ones open another, which nobody serves here.
#[svrkit::test]
async fn new_calls_go_elsewhere_and_the_stream_stays() {
    let (mut site, _) = Site::in_memory(Server::new().service(seconds()));
    let channel = site.channel();
    let mut watching = watch(&channel, Text::number(5)).await;
    watching.next().await.unwrap();
    site.begin_to_stop();
    sleep(Duration::from_millis(1)).await;
    let refused = call(&channel, &ECHO, "").await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    // The call waited for a connection meanwhile, and the stream went on.
    assert_eq!(super::all(watching).await.len(), 4);
    site.ended().await;
}

/// A handler that is told of the drain ends its streams itself, with a word that sends callers elsewhere.
#[svrkit::test]
async fn a_handler_can_end_its_stream_for_the_drain() {
    let server = Server::new();
    let draining = server.draining();
    let handlers = service().watch(&WATCH, move |_, mut answers| {
        let draining = draining.clone();
        async move {
            answers.send("here".into()).await?;
            draining.begun().await;
            Err(Status::unavailable("this server stops: ask another one"))
        }
    });
    let (mut site, _) = Site::in_memory(server.service(handlers));
    let mut watching = watch(&site.channel(), "").await;
    watching.next().await.unwrap();
    let before = Instant::now();
    site.begin_to_stop();
    let status = watching.next().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    site.ended().await;
    assert!(before.elapsed() < Duration::from_millis(10));
}
