//! News get lost on their way; a heartbeat finds them.

use crate::backend::{Backend, befriend, hears, say, texts, uin};
use im_client::HeartbeatConfig;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use svrkit_rt::testing::run_test;
use svrkit_rt::{Channel, Code, Intercept, Request, Status};
use tokio::time::Instant;

#[test]
fn within_one_heartbeat() {
    run_test("lost notify", |_| async {
        let deaf = Arc::new(AtomicBool::new(false));
        let lose = |caller: &str, callee: &str, channel: Channel| {
            if callee != "push" || caller == "access" {
                return channel;
            }
            let deaf = deaf.clone();
            let layer = Intercept(move |_: &mut Request| match deaf.load(Ordering::Relaxed) {
                true => Err(Status::new(Code::Unavailable, "lost")),
                false => Ok(()),
            });
            channel.with_layer(layer)
        };
        let backend = Backend::start_with(&[], lose).await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        befriend(&ada, &bob).await;
        deaf.store(true, Ordering::Relaxed);
        say(&ada, uin(&bob), "can you hear me?").await.unwrap();
        let sent = Instant::now();
        assert!(texts(&bob, uin(&ada)).is_empty());
        assert_eq!(hears(&bob, uin(&ada), 1).await, ["can you hear me?"]);
        let heartbeat = HeartbeatConfig::default();
        let longest = Duration::from_millis(heartbeat.max_ms);
        assert!(sent.elapsed() <= longest, "{:?}", sent.elapsed());
    });
}
