//! Calls that stream: what holds for each kind, who waits for whom, how they end, and what a peer can do to them.

mod blocking;
mod bounds;
mod counted;
mod drain;
mod ends;
mod fleet;
mod flow;
mod hostile_callee;
mod hostile_caller;
mod kinds;

use crate::support::{PUT, TALK, Text, WATCH};
use std::time::Duration;
use svrkit_rt::{Call, Channel, ClientStream, Receiver, Sender};

/// More than any of these tests should need.
const PATIENCE: Duration = Duration::from_secs(60);

async fn put(channel: &Channel) -> ClientStream<Text, Text> {
    let call = Call::new(()).timeout(PATIENCE);
    channel.client_streaming(&PUT, call).await.unwrap()
}

async fn watch(channel: &Channel, text: impl Into<Text>) -> Receiver<Text> {
    let call = Call::new(text.into()).timeout(PATIENCE);
    channel.server_streaming(&WATCH, call).await.unwrap()
}

async fn talk(channel: &Channel) -> (Sender<Text>, Receiver<Text>) {
    let call = Call::new(()).timeout(PATIENCE);
    channel.both_streaming(&TALK, call).await.unwrap()
}

/// All that comes, which must end well.
async fn all(mut receiver: Receiver<Text>) -> Vec<Text> {
    let mut texts = Vec::new();
    while let Some(text) = receiver.next().await.unwrap() {
        texts.push(text);
    }
    texts
}
