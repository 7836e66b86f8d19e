//! Streams over several instances: opened where calls would go, and never made twice.

use super::PATIENCE;
use crate::support::{ECHO, Site, Text, call, service};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::{
    Call, Channel, Code, Limits, MethodDescriptor, Receiver, Server, Status, Streaming,
};
use tokio::time::sleep;

/// Calling it twice does no harm, its IDL says; only that some of what it sent may be gone.
static FOLLOW: MethodDescriptor = MethodDescriptor {
    idempotent: true,
    ..MethodDescriptor::plain(21, "test.v1.Test", "Follow", "test.v1.Test/Follow")
        .streams(Streaming::Server)
};

/// An instance: `Follow` says one thing and waits, `Echo` takes its millisecond; both count.
struct Instance {
    site: Site,
    followed: Arc<AtomicUsize>,
    echoed: Arc<AtomicUsize>,
}

fn start(limits: Limits) -> Instance {
    let (followed, echoed) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
    let (a, b) = (followed.clone(), echoed.clone());
    let handlers = service()
        .watch(&FOLLOW, move |text, mut answers| {
            a.fetch_add(1, SeqCst);
            async move {
                answers.send(text).await?;
                std::future::pending().await
            }
        })
        .answer(&ECHO, move |text| {
            b.fetch_add(1, SeqCst);
            async {
                sleep(Duration::from_millis(1)).await;
                Ok(text)
            }
        });
    let server = Server::new().service(handlers).limits(limits);
    let (site, _) = Site::in_memory(server);
    Instance {
        site,
        followed,
        echoed,
    }
}

fn channel(instances: &[Instance]) -> Channel {
    let endpoints = instances.iter().map(|i| i.site.endpoint.clone());
    let builder = endpoints.fold(Channel::builder(), |builder, e| builder.endpoint(e));
    builder.build().unwrap()
}

async fn follow(channel: &Channel, timeout: Duration) -> Result<Receiver<Text>, Status> {
    let call = Call::new(Text::from("hello")).timeout(timeout);
    channel.server_streaming(&FOLLOW, call).await
}

fn followed(instances: &[Instance]) -> usize {
    instances.iter().map(|i| i.followed.load(SeqCst)).sum()
}

#[svrkit::test]
async fn a_stream_that_broke_is_its_callers_affair() {
    let mut instances = vec![start(Limits::default()), start(Limits::default())];
    let channel = channel(&instances);
    let mut streams = Vec::new();
    for _ in 0..8 {
        let mut stream = follow(&channel, PATIENCE).await.unwrap();
        assert_eq!(stream.next().await.unwrap().unwrap().text, "hello");
        streams.push(stream);
    }
    let before = instances[0].followed.load(SeqCst);
    assert!((1..8).contains(&before), "both have some");
    instances.remove(0).site.kill().await;
    let mut broken = 0;
    for mut stream in streams {
        let next = tokio::time::timeout(Duration::from_secs(1), stream.next()).await;
        if let Ok(next) = next {
            assert_eq!(next.unwrap_err().code(), Code::Unavailable);
            broken += 1;
        }
    }
    assert_eq!(broken, before);
    assert_eq!(followed(&instances), 8 - before, "none was made again");
    // Opened again they go to the other one.
    let mut again = follow(&channel, PATIENCE).await.unwrap();
    assert!(again.next().await.is_ok());
    drop(again);
}

/// However long it takes, and however it ends: nobody asks a second instance beside the first.
#[svrkit::test]
async fn a_stream_is_neither_hedged_nor_taken_for_a_slow_call() {
    let instances = [start(Limits::default()), start(Limits::default())];
    let channel = channel(&instances);
    for _ in 0..50 {
        call(&channel, &ECHO, "").await.unwrap();
    }
    for _ in 0..50 {
        let mut stream = follow(&channel, Duration::from_secs(1)).await.unwrap();
        stream.next().await.unwrap();
        let status = stream.next().await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    }
    assert_eq!(followed(&instances), 50);
    // Running out of the time that their callers gave them was no fault: both still serve.
    instances.iter().for_each(|i| i.echoed.store(0, SeqCst));
    for _ in 0..100 {
        call(&channel, &ECHO, "").await.unwrap();
        sleep(Duration::from_millis(10)).await;
    }
    let echoed: Vec<usize> = instances.iter().map(|i| i.echoed.load(SeqCst)).collect();
    assert!(echoed.iter().all(|n| *n > 20), "{echoed:?}");
}

#[svrkit::test]
async fn a_refusal_is_told_as_it_is() {
    let full = || Limits {
        streams_per_connection_max: 0,
        ..Limits::default()
    };
    let instances = [start(full()), start(full())];
    let mut stream = follow(&channel(&instances), PATIENCE).await.unwrap();
    let status = stream.next().await.unwrap_err();
    assert_eq!(status.code(), Code::Overloaded);
    assert!(status.not_started());
}
