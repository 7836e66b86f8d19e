//! A server that is told to stop: go-away, what is in flight is finished, what takes too long is cancelled.

use crate::support::{ACT, ECHO, Over, Peer, Site, Text, call, request_frame, service, until};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::frame::Head;
use svrkit_rt::{Call, Channel, Code, Endpoint, Limits, Listener, Reply, Server, Status, memory};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

/// `Act` takes as many milliseconds as the request says.
fn sleeper() -> crate::support::Handlers {
    service().echo().answer(&ACT, |text: Text| async move {
        sleep(Duration::from_millis(text.number)).await;
        Ok(text)
    })
}

#[svrkit::test]
async fn calls_in_flight_are_finished_and_then_the_server_ends() {
    let (mut site, _) = Site::in_memory(Server::new().service(sleeper()));
    let channel = site.channel();
    let calls: Vec<_> = (1..=10)
        .map(|n| {
            let channel = channel.clone();
            tokio::spawn(async move { call(&channel, &ACT, Text::number(n * 100)).await })
        })
        .collect();
    sleep(Duration::from_millis(50)).await;
    site.begin_to_stop();
    let before = Instant::now();
    for call in calls {
        assert!(call.await.unwrap().is_ok());
    }
    site.ended().await;
    let took = before.elapsed().as_millis();
    assert!(
        (950..1000).contains(&took),
        "ended {took} ms later, not with its last call"
    );
}

#[svrkit::test]
async fn what_takes_longer_than_the_drain_is_cancelled() {
    let dropped = Arc::new(AtomicBool::new(false));
    struct Told(Arc<AtomicBool>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
        }
    }
    let seen = dropped.clone();
    let handlers = service().answer(&ACT, move |_| {
        let told = Told(seen.clone());
        async move {
            let _told = told;
            std::future::pending().await
        }
    });
    let limits = Limits {
        drain_timeout_ms: 200,
        ..Limits::default()
    };
    let (mut site, _) = Site::in_memory(Server::new().service(handlers).limits(limits));
    let channel = site.channel();
    let calling = tokio::spawn(async move { call(&channel, &ACT, "").await });
    sleep(Duration::from_millis(10)).await;
    site.begin_to_stop();
    let before = Instant::now();
    site.ended().await;
    assert_eq!(before.elapsed().as_millis(), 200);
    assert!(dropped.load(SeqCst));
    assert_eq!(
        calling.await.unwrap().unwrap_err().code(),
        Code::Unavailable
    );
}

#[svrkit::test]
async fn idle_clients_leave_at_once() {
    let (mut site, _) = Site::in_memory(Server::new().service(sleeper()));
    let channels: Vec<_> = (0..20).map(|_| site.channel()).collect();
    for channel in &channels {
        call(channel, &ECHO, "").await.unwrap();
    }
    site.begin_to_stop();
    let before = Instant::now();
    site.ended().await;
    assert!(before.elapsed() < Duration::from_millis(10));
}

#[svrkit::test]
async fn a_peer_that_has_said_nothing_does_not_hold_up_the_end() {
    let (mut site, connector) = Site::in_memory(Server::new().service(sleeper()));
    let mut silent = Peer::new(connector.connect().unwrap());
    sleep(Duration::from_millis(10)).await;
    site.begin_to_stop();
    let before = Instant::now();
    let (header, _) = silent.frame().await.expect("a go-away");
    assert!(matches!(header.head, Head::GoAway(g) if g.code == 0));
    site.ended().await;
    assert!(before.elapsed() <= Duration::from_secs(1));
}

#[svrkit::test]
async fn a_request_on_its_way_when_the_go_away_left_is_still_answered() {
    let (mut site, connector) = Site::in_memory(Server::new().service(sleeper()));
    let mut peer = Peer::new(connector.connect().unwrap());
    peer.send(&request_frame(1, ECHO.id, 0, &[])).await;
    assert!(peer.answer().await.1.is_ok());
    site.begin_to_stop();
    let (header, _) = peer.frame().await.unwrap();
    assert!(matches!(header.head, Head::GoAway(g) if g.code == 0));
    peer.send(&request_frame(2, ECHO.id, 0, &[])).await;
    let (request_id, result) = peer.answer().await;
    assert!(request_id == 2 && result.is_ok());
    drop(peer);
    site.ended().await;
}

#[svrkit::test]
async fn a_draining_server_lets_nobody_in() {
    let (mut site, connector) = Site::in_memory(Server::new().service(sleeper()));
    let channel = site.channel();
    let calling = tokio::spawn(async move { call(&channel, &ACT, Text::number(1000)).await });
    sleep(Duration::from_millis(10)).await;
    site.begin_to_stop();
    sleep(Duration::from_millis(10)).await;
    assert!(connector.connect().is_err());
    assert!(calling.await.unwrap().is_ok());
    site.ended().await;
}

/// A handler that only waits for something to happen hears of the drain, and answers.
#[svrkit::test]
async fn who_waits_is_told() {
    let server = Server::new();
    let draining = server.draining();
    let handlers = service().answer(&ACT, move |text| {
        let draining = draining.clone();
        async move {
            draining.begun().await;
            Ok(text)
        }
    });
    let (mut site, _) = Site::in_memory(server.service(handlers));
    let channel = site.channel();
    let calling = tokio::spawn(async move { call(&channel, &ACT, "").await });
    sleep(Duration::from_millis(100)).await;
    assert!(!calling.is_finished());
    site.begin_to_stop();
    let before = Instant::now();
    assert!(calling.await.unwrap().is_ok());
    site.ended().await;
    assert!(before.elapsed() < Duration::from_millis(10));
}

/// Work that is no request holds the end up, for as long as requests may.
#[svrkit::test]
async fn what_is_being_done_is_finished() {
    for (work_ms, ended_ms) in [(300, 300), (60_000, 1_000)] {
        let limits = Limits {
            drain_timeout_ms: 1_000,
            ..Limits::default()
        };
        let server = Server::new().limits(limits);
        let draining = server.draining();
        let (mut site, _) = Site::in_memory(server);
        assert!(!draining.has_begun());
        let held = draining.hold();
        tokio::spawn(async move {
            draining.begun().await;
            sleep(Duration::from_millis(work_ms)).await;
            drop(held);
        });
        sleep(Duration::from_millis(10)).await;
        site.begin_to_stop();
        let before = Instant::now();
        site.ended().await;
        assert_eq!(before.elapsed().as_millis(), ended_ms);
    }
}

/// One of two servers drains under load: nobody notices.
#[svrkit::test]
async fn calls_go_on_at_the_other_server_and_none_is_lost() {
    let sites: Vec<_> = (0..2).map(|_| memory()).collect();
    let connectors: Vec<_> = sites.iter().map(|(_, c)| c.clone()).collect();
    let mut servers: Vec<Site> = sites
        .into_iter()
        .map(|(listener, connector)| {
            let endpoint = Endpoint::memory(connector);
            Site::run(listener, endpoint, None, Server::new().service(sleeper()))
        })
        .collect();
    let channel = Channel::builder()
        .endpoint(Endpoint::memory(connectors[0].clone()))
        .endpoint(Endpoint::memory(connectors[1].clone()))
        .build()
        .unwrap();
    let answered = Arc::new(AtomicUsize::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..32)
        .map(|n| {
            let (channel, answered, stop) = (channel.clone(), answered.clone(), stop.clone());
            tokio::spawn(async move {
                while !stop.load(SeqCst) {
                    call(&channel, &ACT, Text::number(1 + n % 5)).await.unwrap();
                    answered.fetch_add(1, SeqCst);
                }
            })
        })
        .collect();
    sleep(Duration::from_millis(100)).await;
    servers.remove(0).stop().await;
    let before = answered.load(SeqCst);
    sleep(Duration::from_millis(100)).await;
    assert!(answered.load(SeqCst) > before, "the other one serves");
    stop.store(true, SeqCst);
    for task in load {
        task.await.unwrap();
    }
    assert!(answered.load(SeqCst) > 1000);
}

/// A peer that closes its sending side gets its answers and then the end, over a socket, where handlers write by themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_closed_connection_ends_with_its_last_answer() {
    for over in [Over::Tcp, Over::Unix] {
        let site = Site::start(over, Server::new().service(sleeper())).await;
        let body = prost::Message::encode_to_vec(&Text::number(20));
        let mut bytes = request_frame(1, ACT.id, 3_600_000_000, &body);
        bytes.extend(request_frame(2, ACT.id, 3_600_000_000, &body));
        let mut peer = match site.address.strip_prefix("unix:") {
            Some(path) => Peer::new(tokio::net::UnixStream::connect(path).await.unwrap()),
            None => Peer::new(TcpStream::connect(&site.address).await.unwrap()),
        };
        peer.send(&bytes).await;
        peer.stream.shutdown().await.unwrap();
        let answers = async {
            assert!(peer.answer().await.1.is_ok());
            assert!(peer.answer().await.1.is_ok());
            assert!(peer.frame().await.is_none());
        };
        let in_time = tokio::time::timeout(Duration::from_secs(5), answers).await;
        assert!(in_time.is_ok(), "{over:?}: no end after the last answer");
        site.stop().await;
    }
}

/// The port is free as soon as `run` returns.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_comes_back_on_its_port() {
    let mut site = Site::start(Over::Tcp, Server::new().service(sleeper())).await;
    let channel = site.channel();
    for _ in 0..3 {
        call(&channel, &ECHO, "").await.unwrap();
        let address = site.address.clone();
        site.stop().await;
        let listener = Listener::bind(&address).await.unwrap();
        let endpoint = Endpoint::parse(&address).unwrap();
        site = Site::run(listener, endpoint, None, Server::new().service(sleeper()));
        until("it serves again", async || {
            let request = Call::new(Text::default()).timeout(Duration::from_millis(200));
            let reply: Result<Reply<Text>, Status> = channel.unary(&ECHO, request).await;
            reply.is_ok()
        })
        .await;
    }
    site.stop().await;
}
