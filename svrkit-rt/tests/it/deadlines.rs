//! Every call has a deadline; it travels as remaining time, is handed down, and stops work.

use crate::support::{ACT, ECHO, Over, Peer, QUICK, Site, Text, call, request_frame, service};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::testing::serve;
use svrkit_rt::{Call, Code, Reply, Server, Status};
use tokio::time::Instant;

/// Answers with the microseconds that the handler has.
async fn time_left(
    context: Box<svrkit_rt::Context>,
) -> Result<(Box<svrkit_rt::Context>, Text), Status> {
    let left = context.remaining().as_micros() as u64;
    Ok((context, Text::number(left)))
}

#[svrkit::test]
async fn the_idl_gives_the_deadline_of_a_call_that_says_nothing() {
    let pending = |_| async { std::future::pending().await };
    let channel =
        serve(Server::new().service(service().answer(&QUICK, pending).answer(&ACT, pending)));
    for (method, millis) in [(&QUICK, 50), (&ACT, 500)] {
        let before = Instant::now();
        let reply: Result<Reply<Text>, Status> =
            channel.unary(method, Text::default().into()).await;
        assert_eq!(reply.unwrap_err().code(), Code::DeadlineExceeded);
        let took = before.elapsed().as_millis();
        assert!(
            (millis..=millis + 1).contains(&took),
            "{took} ms instead of {millis}"
        );
    }
}

#[svrkit::test]
async fn what_is_left_of_the_callers_time_is_what_the_handler_has() {
    let channel = serve(Server::new().service(service().on(&ACT, |context, _| time_left(context))));
    let request = Call::new(Text::default()).timeout(Duration::from_millis(1234));
    let reply: Reply<Text> = channel.unary(&ACT, request).await.unwrap();
    assert_eq!(reply.message.number, 1_234_000);
}

#[svrkit::test]
async fn a_request_without_a_timeout_gets_the_one_of_its_method() {
    let handlers = service().on(&QUICK, |context, _| time_left(context));
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut peer = Peer::new(connector.connect().unwrap());
    peer.send(&request_frame(1, QUICK.id, 0, &[])).await;
    let (_, body) = peer.answer().await;
    let text: Text = prost::Message::decode(body.unwrap()).unwrap();
    assert_eq!(text.number, 50_000);
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn calls_of_a_handler_end_with_the_call_it_serves() {
    let inner = serve(Server::new().service(service().on(&ACT, |context, _| time_left(context))));
    let outer = service().answer(&ECHO, move |_| {
        let inner = inner.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            // It asks for five seconds, and gets what is left of three hundred milliseconds.
            call(&inner, &ACT, "").await
        }
    });
    let outer = serve(Server::new().service(outer));
    let request = Call::new(Text::default()).timeout(Duration::from_millis(300));
    let reply: Reply<Text> = outer.unary(&ECHO, request).await.unwrap();
    let left = reply.message.number;
    assert!((198_000..=200_000).contains(&left), "{left} µs");
}

#[svrkit::test]
async fn a_request_that_expired_in_the_queue_never_reaches_its_handler() {
    let ran = Arc::new(AtomicUsize::new(0));
    let seen = ran.clone();
    let handlers = service()
        .answer(&ECHO, |text| async {
            // The processor was busy for 20 ms.
            tokio::time::advance(Duration::from_millis(20)).await;
            Ok(text)
        })
        .answer(&ACT, move |text| {
            seen.fetch_add(1, SeqCst);
            async { Ok(text) }
        });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut peer = Peer::new(connector.connect().unwrap());
    let mut requests = request_frame(1, ECHO.id, 1_000_000, &[]);
    requests.extend(request_frame(2, ACT.id, 10_000, &[]));
    peer.send(&requests).await;
    for _ in 0..2 {
        let (request_id, result) = peer.answer().await;
        if request_id == 2 {
            let status = result.unwrap_err();
            assert_eq!(status.code(), Code::DeadlineExceeded);
            assert!(status.not_started());
        }
    }
    assert_eq!(ran.load(SeqCst), 0);
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn a_handler_that_is_late_is_dropped_and_the_next_call_served() {
    struct Told(Arc<AtomicBool>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
        }
    }
    let dropped = Arc::new(AtomicBool::new(false));
    let seen = dropped.clone();
    let handlers = service().echo().answer(&QUICK, move |_| {
        let told = Told(seen.clone());
        async move {
            let _told = told;
            std::future::pending().await
        }
    });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut peer = Peer::new(connector.connect().unwrap());
    // By hand, because a proper client would cancel at the same moment.
    peer.send(&request_frame(1, QUICK.id, 0, &[])).await;
    let (_, result) = peer.answer().await;
    let status = result.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(!status.not_started());
    assert!(dropped.load(SeqCst));
    peer.send(&request_frame(1, ECHO.id, 0, &[])).await;
    assert!(peer.answer().await.1.is_ok(), "the id is free again");
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn a_deadline_in_the_past_is_not_even_sent() {
    let channel = serve(Server::new().service(service().echo()));
    call(&channel, &ECHO, "connect").await.unwrap();
    let request = Call::new(Text::default()).timeout(Duration::ZERO);
    let reply: Result<Reply<Text>, Status> = channel.unary(&ECHO, request).await;
    let status = reply.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.not_started());
}

/// Many deadlines on one connection: each call ends at its own.
#[svrkit::test]
async fn each_of_many_calls_ends_at_its_own_deadline() {
    let pending = |_| async { std::future::pending().await };
    let site = Site::start(
        Over::Memory,
        Server::new().service(service().answer(&ACT, pending)),
    )
    .await;
    let channel = site.channel();
    let calls = (1..=200_u64).rev().map(|n| {
        let channel = channel.clone();
        tokio::spawn(async move {
            let before = Instant::now();
            let request = Call::new(Text::default()).timeout(Duration::from_millis(n * 7));
            let reply: Result<Reply<Text>, Status> = channel.unary(&ACT, request).await;
            assert_eq!(reply.unwrap_err().code(), Code::DeadlineExceeded);
            let late = before.elapsed().as_millis() as u64 - n * 7;
            assert!(late <= 1, "{late} ms late");
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    site.stop().await;
}
