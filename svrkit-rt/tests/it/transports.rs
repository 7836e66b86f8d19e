//! The same behaviour over TCP, Unix sockets, memory, and TLS over TCP.

use crate::support::{ACT, ECHO, Over, Site, Text, call, service, until};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::{Call, ChannelConfig, Code, Limits, Reply, Server, Status};
use tokio::task::JoinSet;

macro_rules! over_every_transport {
    ($($test:ident)*) => { $(
        mod $test {
            use crate::support::Over;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn tcp() {
                super::$test(Over::Tcp).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn unix() {
                super::$test(Over::Unix).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn memory() {
                super::$test(Over::Memory).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn tls() {
                super::$test(Over::Tls).await;
            }
        }
    )* };
}

over_every_transport! {
    a_message_comes_back
    metadata_travels_both_ways
    attachments_travel_both_ways
    errors_keep_code_domain_and_reason
    a_deadline_ends_the_call_and_the_handler
    a_dropped_call_drops_its_handler
    a_thousand_calls_in_flight_each_get_their_own_answer
    large_messages_pass_while_small_ones_do
    a_server_ends_after_its_last_answer
}

async fn a_message_comes_back(over: Over) {
    let site = Site::start(over, Server::new().service(service().echo())).await;
    let channel = site.channel();
    assert_eq!(
        call(&channel, &ECHO, "hello").await,
        Ok(Text::from("hello"))
    );
    site.stop().await;
}

async fn metadata_travels_both_ways(over: Over) {
    let site = Site::start(over, Server::new().service(service().echo())).await;
    let channel = site.channel();
    let request = Call::new(Text::default())
        .metadata("user-agent", "test")
        .and_then(|c| c.metadata("twice", "1"))
        .and_then(|c| c.metadata("twice", "2"))
        .and_then(|c| c.metadata("raw-bin", vec![0, 255, 10]))
        .unwrap();
    let reply: Reply<Text> = channel.unary(&ECHO, request).await.unwrap();
    let entries: Vec<_> = reply
        .metadata
        .iter()
        .map(|(k, v)| (k, v.to_vec()))
        .collect();
    let sent = [
        ("user-agent", b"test".to_vec()),
        ("twice", b"1".to_vec()),
        ("twice", b"2".to_vec()),
        ("raw-bin", vec![0, 255, 10]),
    ];
    assert_eq!(entries, sent);
    site.stop().await;
}

async fn attachments_travel_both_ways(over: Over) {
    let site = Site::start(over, Server::new().service(service().echo())).await;
    for checksum in [false, true] {
        let channel = site.channel_with(ChannelConfig {
            checksum,
            ..ChannelConfig::default()
        });
        for len in [0, 1, 4096, 4097, 1024 * 1024] {
            let attachment: Bytes = (0..len).map(|n| n as u8).collect();
            let request = Call::new(Text::number(len as u64))
                .timeout(Duration::from_secs(10))
                .attachment(attachment.clone());
            let reply: Reply<Text> = channel.unary(&ECHO, request).await.unwrap();
            assert_eq!(reply.message.number, len as u64);
            assert!(
                reply.attachment == attachment,
                "{len} bytes came back other"
            );
        }
    }
    site.stop().await;
}

async fn errors_keep_code_domain_and_reason(over: Over) {
    let handlers = service().answer(&ACT, |text| async move {
        Err(Status::not_found(format!("no {}", text.text)).with_reason("test", "NO_SUCH_THING"))
    });
    let site = Site::start(over, Server::new().service(handlers)).await;
    let status = call(&site.channel(), &ACT, "bread").await.unwrap_err();
    let expected = Status::not_found("no bread").with_reason("test", "NO_SUCH_THING");
    assert_eq!(status, expected);
    site.stop().await;
}

/// Handlers running now.
#[derive(Clone, Default)]
struct Running(Arc<AtomicUsize>);

impl Running {
    fn enter(&self) -> Running {
        self.0.fetch_add(1, SeqCst);
        Running(self.0.clone())
    }
}

/// A handler's own count; the one that tests hold is only read.
struct Entered(Running);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, SeqCst);
    }
}

/// A server whose `Act` never answers, and the number of its handlers that live.
async fn site_of_the_patient(over: Over) -> (Site, Running) {
    let running = Running::default();
    let seen = running.clone();
    let handlers = service().echo().answer(&ACT, move |_| {
        let entered = Entered(seen.enter());
        async move {
            let _entered = entered;
            std::future::pending().await
        }
    });
    (
        Site::start(over, Server::new().service(handlers)).await,
        running,
    )
}

async fn a_deadline_ends_the_call_and_the_handler(over: Over) {
    let (site, running) = site_of_the_patient(over).await;
    let channel = site.channel();
    call(&channel, &ECHO, "connect").await.unwrap();
    let request = Call::new(Text::default()).timeout(Duration::from_millis(30));
    let late: Result<Reply<Text>, Status> = channel.unary(&ACT, request).await;
    assert_eq!(late.unwrap_err().code(), Code::DeadlineExceeded);
    until("the handler is dropped", async || {
        running.0.load(SeqCst) == 0
    })
    .await;
    call(&channel, &ECHO, "the connection lives").await.unwrap();
    site.stop().await;
}

async fn a_dropped_call_drops_its_handler(over: Over) {
    let (site, running) = site_of_the_patient(over).await;
    let channel = site.channel();
    let calling = tokio::spawn({
        let channel = channel.clone();
        async move { call(&channel, &ACT, "long").await }
    });
    until("the handler runs", async || running.0.load(SeqCst) == 1).await;
    calling.abort();
    until("the handler is dropped", async || {
        running.0.load(SeqCst) == 0
    })
    .await;
    call(&channel, &ECHO, "the connection lives").await.unwrap();
    site.stop().await;
}

async fn a_thousand_calls_in_flight_each_get_their_own_answer(over: Over) {
    let handlers = service().answer(&ACT, |text| async move {
        // Answers leave in another order than requests came.
        for _ in 0..text.number % 7 {
            tokio::task::yield_now().await;
        }
        Ok(text)
    });
    let site = Site::start(over, Server::new().service(handlers)).await;
    let channel = site.channel();
    let mut calls = JoinSet::new();
    for number in 0..1000 {
        let channel = channel.clone();
        calls.spawn(async move { (number, call(&channel, &ACT, Text::number(number)).await) });
    }
    while let Some(done) = calls.join_next().await {
        let (number, answer) = done.unwrap();
        assert_eq!(answer.unwrap().number, number);
    }
    site.stop().await;
}

async fn large_messages_pass_while_small_ones_do(over: Over) {
    let limits = Limits {
        unwritten_bytes_max: 64 * 1024 * 1024,
        ..Limits::default()
    };
    let server = Server::new().service(service().echo()).limits(limits);
    let site = Site::start(over, server).await;
    let channel = site.channel();
    let mut calls = JoinSet::new();
    for n in 0..20_usize {
        let channel = channel.clone();
        let len = if n % 4 == 0 {
            3 * 1024 * 1024
        } else {
            n * 1000
        };
        let data: Bytes = vec![n as u8; len].into();
        calls.spawn(async move {
            let request = Call::new(Text::data(data.clone())).timeout(Duration::from_secs(30));
            let reply: Reply<Text> = channel.unary(&ECHO, request).await.unwrap();
            assert!(reply.message.data == data);
        });
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap();
    }
    site.stop().await;
}

/// Not at the deadline of that answer, which is far away.
async fn a_server_ends_after_its_last_answer(over: Over) {
    let (go, wait) = tokio::sync::watch::channel(false);
    let handlers = service().echo().answer(&ACT, move |text| {
        let mut wait = wait.clone();
        async move {
            let _ = wait.wait_for(|go| *go).await;
            Ok(text)
        }
    });
    let mut site = Site::start(over, Server::new().service(handlers)).await;
    let channel = site.channel();
    call(&channel, &ECHO, "connect").await.unwrap();
    let calling = tokio::spawn(async move {
        let request = Call::new(Text::from("last")).timeout(Duration::from_secs(3600));
        let reply: Result<Reply<Text>, Status> = channel.unary(&ACT, request).await;
        reply.map(|r| r.message)
    });
    until("the call is in the handler", async || {
        go.receiver_count() > 1
    })
    .await;
    site.begin_to_stop();
    tokio::task::yield_now().await;
    go.send(true).unwrap();
    assert_eq!(calling.await.unwrap(), Ok(Text::from("last")));
    let ended = tokio::time::timeout(Duration::from_secs(5), site.ended()).await;
    assert!(
        ended.is_ok(),
        "the server did not end after its last answer"
    );
}
