//! A great many messages over a few connections, with threads that race: none is lost, none comes twice, nobody waits for ever.

use crate::support::{Over, Site, TALK, Text, service};
use std::time::Duration;
use svrkit_rt::{Call, Channel, ChannelConfig, Limits, Receiver, Sender, Server};
use tokio::task::JoinSet;
use tokio::time::timeout;

const STREAMS: usize = 64;
/// Each way, of each stream. More by `SVRKIT_MESSAGES`.
const MESSAGES: u64 = 2_000;

fn messages() -> u64 {
    let asked = std::env::var("SVRKIT_MESSAGES").ok();
    asked.map_or(MESSAGES, |n| {
        n.parse().expect("SVRKIT_MESSAGES is a number")
    })
}

/// The message of this number of a stream: mostly short, some larger than a window.
fn message(number: u64, rng: &mut fastrand::Rng) -> Text {
    let len = match rng.u8(..) {
        0 => rng.usize(..200_000),
        1..16 => rng.usize(..20_000),
        _ => rng.usize(..200),
    };
    Text {
        number,
        ..Text::data(vec![number as u8; len])
    }
}

fn check(text: &Text, number: u64) {
    assert_eq!(text.number, number);
    assert!(text.data.iter().all(|byte| *byte == number as u8));
}

/// Says a number of messages, each as soon as it may.
async fn say(mut sender: Sender<Text>, seed: u64) -> Sender<Text> {
    let mut rng = fastrand::Rng::with_seed(seed);
    for number in 0..messages() {
        sender.send(message(number, &mut rng)).await.unwrap();
    }
    sender
}

/// Hears as many, and the end.
async fn hear(mut receiver: Receiver<Text>) {
    for number in 0..messages() {
        check(&receiver.next().await.unwrap().unwrap(), number);
    }
    assert_eq!(receiver.next().await, Ok(None));
}

async fn one_stream(channel: Channel, seed: u64) {
    let call = Call::new(()).timeout(Duration::from_secs(3_600));
    let opened = channel.both_streaming(&TALK, call).await;
    let (sender, receiver): (Sender<Text>, Receiver<Text>) = opened.unwrap();
    let hearing = tokio::spawn(hear(receiver));
    say(sender, seed).await.finish();
    hearing.await.unwrap();
}

async fn every_stream(over: Over, unwritten_bytes_max: usize) {
    let handlers = service().talk(&TALK, |context, requests, answers| async move {
        // Both at their own pace.
        let saying = tokio::spawn(say(answers, 1));
        let mut requests = requests;
        for number in 0..messages() {
            check(&requests.next().await?.unwrap(), number);
        }
        assert!(requests.next().await?.is_none());
        saying.await.unwrap();
        Ok(context)
    });
    let limits = Limits {
        stream_window_bytes: 0,
        stream_unwritten_bytes_max: unwritten_bytes_max,
        ..Limits::default()
    };
    let config = ChannelConfig {
        stream_window_bytes: 0,
        stream_unwritten_bytes_max: unwritten_bytes_max,
        lanes_per_endpoint: 2,
        ..ChannelConfig::default()
    };
    let site = Site::start(over, Server::new().service(handlers).limits(limits)).await;
    let channel = site.channel_with(config);
    let mut streams = JoinSet::new();
    for seed in 0..STREAMS as u64 {
        streams.spawn(one_stream(channel.clone(), seed));
    }
    let all = timeout(Duration::from_secs(300), streams.join_all()).await;
    assert!(all.is_ok(), "over {over:?} somebody waits for ever");
    drop(channel);
    site.stop().await;
}

#[test]
fn nothing_is_lost_and_nobody_waits_for_ever() {
    crate::alone(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(4).enable_all().build().unwrap();
        runtime.block_on(async {
            every_stream(Over::Tcp, 1024 * 1024).await;
            // So little that all take turns.
            every_stream(Over::Tcp, 8 * 1024).await;
            every_stream(Over::Memory, 8 * 1024).await;
        });
    });
}
