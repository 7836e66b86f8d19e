//! Handlers and callers that block their threads.

use crate::support::{ACT, ECHO, Over, Site, Text, call, service, until};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use svrkit_rt::{Call, Channel, Code, Context, Limits, Reply, Server, Status};

/// As many blocking handlers at once as there are threads, as many waiting as allowed, and the rest refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_and_waiting_are_bounded() {
    let running = Arc::new(AtomicUsize::new(0));
    let (release, gate) = mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let seen = running.clone();
    let handlers = service()
        .echo()
        .blocking(&ACT, move |_: &mut Context, text| {
            seen.fetch_add(1, SeqCst);
            let _ = gate.lock().unwrap().recv();
            seen.fetch_sub(1, SeqCst);
            Ok(text)
        });
    let limits = Limits {
        blocking_threads_max: 3,
        blocking_waiting_max: 2,
        ..Limits::default()
    };
    let server = Server::new().service(handlers).limits(limits);
    let site = Site::start(Over::Memory, server).await;
    let channel = site.channel();
    let mut calls = Vec::new();
    for n in 1..=3 {
        let channel = channel.clone();
        calls.push(tokio::spawn(async move { call(&channel, &ACT, "").await }));
        until("the next thread is busy", async || {
            running.load(SeqCst) == n
        })
        .await;
    }
    let refused = Arc::new(AtomicUsize::new(0));
    for _ in 0..10 {
        let (channel, refused) = (channel.clone(), refused.clone());
        calls.push(tokio::spawn(async move {
            let answer = call(&channel, &ACT, "").await;
            if let Err(status) = &answer {
                assert_eq!(status.code(), Code::Overloaded);
                assert!(status.not_started());
                assert!(
                    status.message().contains("blocking_waiting_max"),
                    "{status}"
                );
                refused.fetch_add(1, SeqCst);
            }
            answer
        }));
    }
    until("those too many are refused", async || {
        refused.load(SeqCst) == 8
    })
    .await;
    assert_eq!(running.load(SeqCst), 3);
    assert!(
        call(&channel, &ECHO, "").await.is_ok(),
        "others do not wait for threads"
    );
    drop(release);
    let mut answered = 0;
    for call in calls {
        answered += call.await.unwrap().is_ok() as usize;
    }
    assert_eq!(answered, 5);
    site.stop().await;
}

/// A call whose deadline passes while it waits for a thread never gets one.
#[tokio::test]
async fn expired_calls_do_not_take_a_thread() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (release, gate) = mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let seen = ran.clone();
    let handlers = service()
        .echo()
        .blocking(&ACT, move |_: &mut Context, text| {
            seen.fetch_add(1, SeqCst);
            let _ = gate.lock().unwrap().recv();
            Ok(text)
        });
    let limits = Limits {
        blocking_threads_max: 1,
        ..Limits::default()
    };
    let server = Server::new().service(handlers).limits(limits);
    let site = Site::start(Over::Memory, server).await;
    let channel = site.channel();
    let first = tokio::spawn({
        let channel = channel.clone();
        async move { call(&channel, &ACT, "").await }
    });
    until("the thread is busy", async || ran.load(SeqCst) == 1).await;
    let request = Call::new(Text::default()).timeout(Duration::from_millis(20));
    let late: Result<Reply<Text>, Status> = channel.unary(&ACT, request).await;
    assert_eq!(late.unwrap_err().code(), Code::DeadlineExceeded);
    // Its cancel is before this one on the wire.
    assert!(call(&channel, &ECHO, "").await.is_ok());
    drop(release);
    assert!(first.await.unwrap().is_ok());
    assert!(call(&channel, &ACT, "").await.is_ok());
    assert_eq!(ran.load(SeqCst), 2, "the expired one never ran");
    site.stop().await;
}

/// Plain threads share one channel, without any runtime of their own.
#[test]
fn sixty_four_threads_call_over_one_channel() {
    for over in [Over::Tcp, Over::Unix, Over::Memory] {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let site = runtime.block_on(Site::start(over, Server::new().service(service().echo())));
        let build = || {
            Channel::builder()
                .endpoint(site.endpoint.clone())
                .build()
                .unwrap()
        };
        let channel = match over {
            // Opened inside of the runtime, it lives there; opened here, on a thread of its own.
            Over::Memory => runtime.block_on(async { build() }),
            _ => build(),
        };
        let threads: Vec<_> = (0..64_u64)
            .map(|thread| {
                let channel = channel.clone();
                std::thread::spawn(move || {
                    for n in 0..50 {
                        let number = thread * 1000 + n;
                        let request =
                            Call::new(Text::number(number)).timeout(Duration::from_secs(10));
                        let reply: Reply<Text> = channel.blocking_unary(&ECHO, request).unwrap();
                        assert_eq!(reply.message.number, number);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        drop(channel);
        runtime.block_on(site.stop());
    }
}

#[test]
fn a_blocking_call_ends_at_its_deadline() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let forever = service().answer(&ACT, |_| async { std::future::pending().await });
    let site = runtime.block_on(Site::start(Over::Tcp, Server::new().service(forever)));
    let channel = Channel::connect(&site.address).unwrap();
    let request = Call::new(Text::default()).timeout(Duration::from_millis(30));
    let late: Result<Reply<Text>, Status> = channel.blocking_unary(&ACT, request);
    assert_eq!(late.unwrap_err().code(), Code::DeadlineExceeded);
    drop(channel);
    runtime.block_on(site.stop());
}

/// A blocking handler calls on, and the deadline goes with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_a_blocking_handler_inherit_its_deadline() {
    let inner = service().on(&ACT, |context, _| async {
        let left = context.remaining().as_millis() as u64;
        Ok((context, Text::number(left)))
    });
    let inner = Site::start(Over::Tcp, Server::new().service(inner)).await;
    let next = inner.channel();
    let outer = service().blocking(&ECHO, move |_: &mut Context, text| {
        let request = Call::new(text).timeout(Duration::from_secs(600));
        let reply: Reply<Text> = next.blocking_unary(&ACT, request)?;
        Ok(reply.message)
    });
    let outer = Site::start(Over::Tcp, Server::new().service(outer)).await;
    let request = Call::new(Text::default()).timeout(Duration::from_secs(30));
    let reply: Reply<Text> = outer.channel().unary(&ECHO, request).await.unwrap();
    let left = reply.message.number;
    assert!((20_000..=30_000).contains(&left), "{left} ms");
    outer.stop().await;
    inner.stop().await;
}
