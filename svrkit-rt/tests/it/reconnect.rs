//! A channel finds its way back: reconnects with growing pauses, goes past dead endpoints, spreads over lanes.

use crate::support::{ACT, ECHO, Handlers, Site, Text, call, service, until};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use svrkit_rt::{
    Balance, BoxFuture, Call, Channel, ChannelConfig, Code, Connect, Endpoint, Listener,
    MemoryConnector, Reply, Server, Status, Stream,
};
use tokio::time::{Instant, sleep};

fn handlers() -> Handlers {
    service()
        .echo()
        .answer(&ACT, |_| async { std::future::pending().await })
}

async fn call_within(channel: &Channel, millis: u64) -> Result<Text, Status> {
    let request = Call::new(Text::default()).timeout(Duration::from_millis(millis));
    let reply: Reply<Text> = channel.unary(&ECHO, request).await?;
    Ok(reply.message)
}

/// Counts what passes and asks `then` for the stream.
struct Counted<F>(Arc<Mutex<Vec<Instant>>>, F);

impl<F: Fn(usize) -> io::Result<Stream> + Send + Sync + 'static> Connect for Counted<F> {
    fn connect(&self) -> BoxFuture<io::Result<Stream>> {
        let mut attempts = self.0.lock().unwrap();
        attempts.push(Instant::now());
        let stream = (self.1)(attempts.len());
        Box::pin(async { stream })
    }
}

fn counted<F>(connect: F) -> (Endpoint, Arc<Mutex<Vec<Instant>>>)
where
    F: Fn(usize) -> io::Result<Stream> + Send + Sync + 'static,
{
    let attempts = Arc::default();
    let endpoint = Endpoint::custom("counted", Counted(Arc::clone(&attempts), connect));
    (endpoint, attempts)
}

fn channel(endpoints: impl IntoIterator<Item = Endpoint>, config: ChannelConfig) -> Channel {
    let builder = Channel::builder().config(config);
    let builder = endpoints.into_iter().fold(builder, |b, e| b.endpoint(e));
    builder.build().unwrap()
}

#[svrkit::test]
async fn nothing_is_opened_before_the_first_call_and_pauses_grow_while_nobody_answers() {
    let (endpoint, attempts) = counted(|_| Err(io::ErrorKind::ConnectionRefused.into()));
    let channel = channel([endpoint], ChannelConfig::default());
    sleep(Duration::from_secs(60)).await;
    assert!(attempts.lock().unwrap().is_empty());

    let before = Instant::now();
    let status = call_within(&channel, 60_000).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.not_started());
    assert!(status.message().contains("counted"), "{status}");
    assert_eq!(before.elapsed().as_secs(), 60);

    let attempts = attempts.lock().unwrap();
    let pauses: Vec<u128> = attempts
        .windows(2)
        .map(|w| (w[1] - w[0]).as_millis())
        .collect();
    for (n, pause) in pauses.iter().enumerate() {
        let bound = (50 << n.min(10)).min(5_000) + 1;
        assert!(
            *pause <= bound,
            "pause {n} of {pause} ms is over {bound} ms"
        );
    }
    // Full jitter: 2.5 s on average in the end, so about thirty attempts in a minute, certainly no storm.
    assert!(
        (12..100).contains(&attempts.len()),
        "{} attempts",
        attempts.len()
    );
}

#[svrkit::test]
async fn an_attempt_that_hangs_is_given_up() {
    struct Hangs;
    impl Connect for Hangs {
        fn connect(&self) -> BoxFuture<io::Result<Stream>> {
            Box::pin(std::future::pending())
        }
    }
    let channel = channel([Endpoint::custom("hangs", Hangs)], ChannelConfig::default());
    let status = call_within(&channel, 1_500).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(
        status.message().contains("no connection within 1000 ms"),
        "{status}"
    );
}

#[svrkit::test]
async fn dead_endpoints_cost_nobody_a_call() {
    let (dead, attempts) = counted(|_| Err(io::ErrorKind::ConnectionRefused.into()));
    struct Hangs;
    impl Connect for Hangs {
        fn connect(&self) -> BoxFuture<io::Result<Stream>> {
            Box::pin(std::future::pending())
        }
    }
    let (site, connector) = Site::in_memory(Server::new().service(handlers()));
    let endpoints = [
        dead,
        Endpoint::custom("hangs", Hangs),
        Endpoint::memory(connector),
    ];
    let channel = channel(endpoints, ChannelConfig::default());
    let before = Instant::now();
    for _ in 0..100 {
        call_within(&channel, 100).await.unwrap();
    }
    assert!(before.elapsed() < Duration::from_millis(100));
    assert!(attempts.lock().unwrap().len() < 10);
    drop(channel);
    site.stop().await;
}

#[svrkit::test]
async fn calls_in_flight_on_a_killed_server_fail_and_the_next_ones_go_to_another() {
    let (first, one) = Site::in_memory(Server::new().service(handlers()));
    let (second, two) = Site::in_memory(Server::new().service(handlers()));
    let endpoints = [Endpoint::memory(one), Endpoint::memory(two)];
    let config = ChannelConfig {
        balance: Balance::RoundRobin,
        ..ChannelConfig::default()
    };
    let channel = channel(endpoints, config);
    for _ in 0..4 {
        call_within(&channel, 100).await.unwrap();
    }
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let channel = channel.clone();
            tokio::spawn(async move { call(&channel, &ACT, "").await })
        })
        .collect();
    sleep(Duration::from_millis(1)).await;
    first.kill().await;
    sleep(Duration::from_millis(1)).await;
    let mut failed = 0;
    for call in calls {
        if call.is_finished() {
            let status = call.await.unwrap().unwrap_err();
            assert_eq!(status.code(), Code::Unavailable);
            assert!(!status.not_started(), "nobody knows how far it came");
            failed += 1;
        }
    }
    assert_eq!(failed, 5, "those of the killed server, and at once");
    for _ in 0..10 {
        call_within(&channel, 100).await.unwrap();
    }
    drop(channel);
    second.stop().await;
}

/// Waiting calls go out as soon as a server is there, in the time that they have.
#[svrkit::test]
async fn calls_wait_for_a_server_that_is_not_there_yet() {
    let place: Arc<Mutex<Option<MemoryConnector>>> = Arc::default();
    let there = place.clone();
    let (endpoint, _) = counted(move |_| match &*there.lock().unwrap() {
        Some(connector) => connector.connect(),
        None => Err(io::ErrorKind::ConnectionRefused.into()),
    });
    let channel = channel([endpoint], ChannelConfig::default());
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let channel = channel.clone();
            tokio::spawn(async move { call_within(&channel, 10_000).await })
        })
        .collect();
    sleep(Duration::from_secs(1)).await;
    let (site, connector) = Site::in_memory(Server::new().service(handlers()));
    *place.lock().unwrap() = Some(connector);
    for call in calls {
        assert!(call.await.unwrap().is_ok());
    }
    drop(channel);
    site.stop().await;
}

#[svrkit::test]
async fn lanes_are_opened_as_configured_and_shared() {
    let (site, connector) = Site::in_memory(Server::new().service(handlers()));
    for (lanes, expected) in [(1, 1), (3, 3), (8, 8), (100, 8)] {
        let connector = connector.clone();
        let (endpoint, attempts) = counted(move |_| connector.connect());
        let config = ChannelConfig {
            lanes_per_endpoint: lanes,
            ..ChannelConfig::default()
        };
        let channel = channel([endpoint], config);
        for _ in 0..50 {
            call_within(&channel, 100).await.unwrap();
        }
        assert_eq!(attempts.lock().unwrap().len(), expected);
    }
    site.stop().await;
}

/// Also when the connection ends on another thread before the channel knows that it opened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_end_at_once_are_not_kept() {
    let (site, connector) = Site::in_memory(Server::new().service(handlers()));
    for _ in 0..200 {
        let connector = connector.clone();
        let (endpoint, _) = counted(move |attempt| {
            if attempt <= 3 {
                let (near, far) = tokio::io::duplex(64);
                drop(far);
                return Ok(Stream::new(near));
            }
            connector.connect()
        });
        let config = ChannelConfig {
            backoff_base_ms: 0,
            ..ChannelConfig::default()
        };
        let channel = channel([endpoint], config);
        // A call that meets a connection at its very end fails; the lane must not stay as it was.
        let works = async || match call_within(&channel, 1_000).await {
            Ok(_) => true,
            Err(status) => {
                assert_eq!(status.code(), Code::Unavailable);
                false
            }
        };
        until("a living connection is found", works).await;
    }
    site.stop().await;
}

/// A process that dies and is started again on the same port, seen by clients over TCP.
#[test]
fn a_killed_server_is_found_again_on_its_port() {
    let in_handlers = Arc::new(AtomicUsize::new(0));
    let seen = in_handlers.clone();
    let serve = move |address: &str| {
        let seen = seen.clone();
        let handlers = service().echo().answer(&ACT, move |_| {
            seen.fetch_add(1, SeqCst);
            async { std::future::pending().await }
        });
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime.block_on(Listener::bind(address)).unwrap();
        let address = listener.address();
        runtime.spawn(
            Server::new()
                .service(handlers)
                .run(listener, std::future::pending()),
        );
        (runtime, address)
    };
    let clients = tokio::runtime::Runtime::new().unwrap();
    let (mut server, address) = serve("127.0.0.1:0");
    let channel = clients.block_on(async { Channel::connect(&address).unwrap() });
    for round in 1..=3 {
        let in_flight: Vec<_> = clients.block_on(async {
            until("it is found", async || {
                call_within(&channel, 500).await.is_ok()
            })
            .await;
            let calls = (0..100).map(|_| {
                let channel = channel.clone();
                let request = Call::new(Text::default()).timeout(Duration::from_secs(60));
                tokio::spawn(async move { channel.unary::<Text, Text>(&ACT, request).await })
            });
            let calls = calls.collect();
            until("all are in their handlers", async || {
                in_handlers.load(SeqCst) == round * 100
            })
            .await;
            calls
        });
        let before = Instant::now();
        // Everything of it stops where it stands.
        server.shutdown_timeout(Duration::from_secs(5));
        clients.block_on(async {
            for call in in_flight {
                let status = call.await.unwrap().unwrap_err();
                assert_eq!(status.code(), Code::Unavailable);
            }
            assert!(
                before.elapsed() < Duration::from_secs(30),
                "not at their deadline"
            );
            let status = call_within(&channel, 50).await.unwrap_err();
            assert_eq!(status.code(), Code::Unavailable);
        });
        (server, _) = serve(&address);
    }
    clients.block_on(until("it is found", async || {
        call_within(&channel, 500).await.is_ok()
    }));
    server.shutdown_background();
}

/// The same over a Unix socket, whose file the killed server left behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_socket_file_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let listener = Listener::bind_unix(&path).unwrap();
    assert!(
        Listener::bind_unix(&path).is_err(),
        "somebody listens there"
    );
    let endpoint = Endpoint::parse(&listener.address()).unwrap();
    let site = Site::run(listener, endpoint, None, Server::new().service(handlers()));
    assert!(call(&site.channel(), &ECHO, "").await.is_ok());
    site.stop().await;
    assert!(!path.exists());
}
