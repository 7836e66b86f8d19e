//! A hundred thousand calls dropped half-way leave no task, no entry and no memory behind.

use crate::support::{ACT, ECHO, Over, Site, Text, call, service, until};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::{Call, ChannelConfig, Limits, Reply, Server, Status};
use tokio::runtime::{Builder, Handle};

const CALLS: usize = 100_000;
/// Calls at once, and all that client and server have entries for: one that stays behind is missed at the end.
const AT_ONCE: usize = 1_000;

struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

async fn storm(over: Over) {
    let alive = Arc::new(AtomicUsize::new(0));
    let seen = alive.clone();
    let handlers = service().echo().answer(&ACT, move |text: Text| {
        seen.fetch_add(1, SeqCst);
        let alive = Alive(seen.clone());
        async move {
            let _alive = alive;
            match text.number {
                // Some are answered before their caller gives up, some at that moment, some never.
                0 => {}
                1 => tokio::task::yield_now().await,
                _ => std::future::pending().await,
            }
            Ok(text)
        }
    });
    let limits = Limits {
        in_flight_max: AT_ONCE,
        in_flight_per_connection_max: AT_ONCE,
        ..Limits::default()
    };
    let server = Server::new().service(handlers).limits(limits);
    let site = Site::start(over, server).await;
    let channel = site.channel_with(ChannelConfig {
        in_flight_per_lane_max: AT_ONCE,
        ..ChannelConfig::default()
    });
    call(&channel, &ECHO, "connect").await.unwrap();
    let metrics = Handle::current().metrics();
    let tasks = metrics.num_alive_tasks();
    let mut resident = 0;
    for round in 0..CALLS / AT_ONCE {
        let calls: Vec<_> = (0..AT_ONCE as u64)
            .map(|n| {
                let channel = channel.clone();
                tokio::spawn(async move {
                    let request = Call::new(Text::number(n % 3)).timeout(Duration::from_secs(60));
                    let _: Result<Reply<Text>, Status> = channel.unary(&ACT, request).await;
                })
            })
            .collect();
        // Nobody has been sent yet, or all are on their way, or in their handlers, or being answered.
        for _ in 0..round % 6 {
            tokio::task::yield_now().await;
        }
        for call in calls {
            call.abort();
        }
        until("all handlers are gone", async || alive.load(SeqCst) == 0).await;
        until("all tasks are gone", async || {
            metrics.num_alive_tasks() <= tasks
        })
        .await;
        if round == 10 {
            resident = crate::resident_bytes();
        }
    }
    let grown = crate::resident_bytes().saturating_sub(resident);
    assert!(
        grown < 4 << 20,
        "{over:?}: {grown} bytes grown in the storm"
    );

    // Every place of both sides is free.
    let last: Vec<_> = (0..AT_ONCE as u64)
        .map(|n| {
            let channel = channel.clone();
            tokio::spawn(async move { call(&channel, &ECHO, Text::number(n)).await })
        })
        .collect();
    for call in last {
        call.await.unwrap().unwrap();
    }
    drop(channel);
    site.stop().await;
}

#[test]
fn in_memory() {
    crate::alone_on_sockets(storm(Over::Memory));
}

#[test]
fn over_tcp_on_two_threads() {
    crate::alone(|| {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async { tokio::spawn(storm(Over::Tcp)).await.unwrap() });
    });
}
