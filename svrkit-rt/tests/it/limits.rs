//! Each bound of a server and of a channel answers with its own status and keeps the connection.

use crate::support::{
    ACT, ECHO, Handlers, Peer, SMALL, Site, Text, call, frame, request_frame, service,
};
use prost::Message;
use std::time::Duration;
use svrkit_rt::frame::{Head, Header, RequestHead};
use svrkit_rt::{
    Call, Channel, ChannelConfig, Code, Endpoint, Limits, MemoryConnector, Reply, Server, Status,
    memory,
};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep};

/// `Act` answers with as many bytes as the request says; `Small` does, too, and `Echo` echoes.
fn handlers() -> Handlers {
    let answer = |text: Text| async move { Ok(Text::data(vec![1; text.number as usize])) };
    service().echo().answer(&ACT, answer).answer(&SMALL, answer)
}

/// `Act` never answers.
fn patient() -> Handlers {
    let forever = |_| async { std::future::pending().await };
    service().echo().answer(&ACT, forever)
}

fn start(handlers: Handlers, limits: Limits) -> (Site, MemoryConnector) {
    Site::in_memory(Server::new().service(handlers).limits(limits))
}

/// A request by hand that asks `method` for `number` bytes, with an hour of time.
fn ask(request_id: u64, method: u32, number: u64) -> Vec<u8> {
    let body = Text::number(number).encode_to_vec();
    request_frame(request_id, method, 3_600_000_000, &body)
}

/// The answer to one request by hand, and then one to an echo: the connection lives.
async fn refused(peer: &mut Peer, request: &[u8]) -> Status {
    peer.send(request).await;
    let status = peer.answer().await.1.unwrap_err();
    peer.send(&ask(999, ECHO.id, 0)).await;
    let (request_id, echo) = peer.answer().await;
    assert!(request_id == 999 && echo.is_ok());
    status
}

#[svrkit::test]
async fn connections_max() {
    let limits = Limits {
        connections_max: 2,
        ..Limits::default()
    };
    let (site, connector) = start(handlers(), limits);
    let mut peers = Vec::new();
    for _ in 0..2 {
        let mut peer = Peer::new(connector.connect().unwrap());
        peer.send(&ask(1, ECHO.id, 0)).await;
        assert!(peer.answer().await.1.is_ok());
        peers.push(peer);
    }
    let mut third = Peer::new(connector.connect().unwrap());
    third.send(&ask(1, ECHO.id, 0)).await;
    let status = third.go_away().await;
    assert_eq!(status.code(), Code::Overloaded);
    assert!(status.message().contains("connections_max"));

    // A proper client hears the same.
    let status = call(&site.channel(), &ECHO, "").await.unwrap_err();
    assert_eq!(status.code(), Code::Overloaded);

    peers.pop();
    sleep(Duration::from_millis(1)).await;
    assert!(call(&site.channel(), &ECHO, "").await.is_ok());
    drop(peers);
    site.stop().await;
}

#[svrkit::test]
async fn in_flight_per_connection_max() {
    let limits = Limits {
        in_flight_per_connection_max: 2,
        ..Limits::default()
    };
    let (site, connector) = start(patient(), limits);
    let mut busy = Peer::new(connector.connect().unwrap());
    for id in [1, 2, 3] {
        busy.send(&ask(id, ACT.id, 0)).await;
    }
    let (request_id, result) = busy.answer().await;
    let status = result.unwrap_err();
    assert_eq!((request_id, status.code()), (3, Code::Overloaded));
    assert!(status.not_started());
    assert!(
        status.message().contains("in_flight_per_connection_max"),
        "{status}"
    );
    assert!(
        call(&site.channel(), &ECHO, "").await.is_ok(),
        "others are served"
    );
    for id in [1, 2] {
        busy.send(&frame(Header::new(id, Head::Cancel), &[])).await;
    }
    sleep(Duration::from_millis(1)).await;
    busy.send(&ask(4, ECHO.id, 0)).await;
    assert!(busy.answer().await.1.is_ok());
    drop(busy);
    site.stop().await;
}

#[svrkit::test]
async fn in_flight_max() {
    let limits = Limits {
        in_flight_max: 2,
        ..Limits::default()
    };
    let (site, connector) = start(patient(), limits);
    let mut busy = Peer::new(connector.connect().unwrap());
    for id in [1, 2] {
        busy.send(&ask(id, ACT.id, 0)).await;
    }
    sleep(Duration::from_millis(1)).await;
    let channel = site.channel();
    let status = call(&channel, &ECHO, "").await.unwrap_err();
    assert_eq!(status.code(), Code::Overloaded);
    assert!(status.not_started());
    assert!(status.message().contains("in_flight_max"), "{status}");
    for id in [1, 2] {
        busy.send(&frame(Header::new(id, Head::Cancel), &[])).await;
    }
    sleep(Duration::from_millis(1)).await;
    assert!(call(&channel, &ECHO, "").await.is_ok());
    drop((busy, channel));
    site.stop().await;
}

#[svrkit::test]
async fn frame_bytes_max() {
    let limits = Limits {
        frame_bytes_max: 10_000,
        ..Limits::default()
    };
    let (site, connector) = start(handlers(), limits);
    let mut peer = Peer::new(connector.connect().unwrap());
    let request = request_frame(1, ECHO.id, 0, &vec![0; 10_001]);
    let status = refused(&mut peer, &request).await;
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.not_started());
    assert!(status.message().contains("frame_bytes_max"), "{status}");
    let status = refused(&mut peer, &ask(1, ACT.id, 10_001)).await;
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(
        !status.not_started(),
        "an answer was too large, so there was a handler"
    );
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn metadata_bytes_max() {
    let limits = Limits {
        metadata_bytes_max: 100,
        ..Limits::default()
    };
    let (site, _) = start(handlers(), limits);
    let channel = site.channel();
    for (len, fits) in [(90, true), (101, false)] {
        let request = Call::new(Text::default())
            .metadata("k", vec![0; len])
            .unwrap();
        let reply: Result<Reply<Text>, Status> = channel.unary(&ECHO, request).await;
        match reply {
            Ok(_) => assert!(fits),
            Err(status) => {
                assert!(!fits);
                assert_eq!(status.code(), Code::ResourceExhausted);
                assert!(status.not_started());
            }
        }
    }
    drop(channel);
    site.stop().await;
}

#[svrkit::test]
async fn in_flight_bytes_max() {
    let limits = Limits {
        in_flight_bytes_max: 50_000,
        ..Limits::default()
    };
    let (site, connector) = start(patient(), limits);
    let mut peer = Peer::new(connector.connect().unwrap());
    let large = Text::data(vec![0; 30_000]).encode_to_vec();
    peer.send(&request_frame(1, ACT.id, 3_600_000_000, &large))
        .await;
    let second = request_frame(2, ACT.id, 3_600_000_000, &large);
    let status = refused(&mut peer, &second).await;
    assert_eq!(status.code(), Code::Overloaded);
    assert!(status.not_started());
    peer.send(&frame(Header::new(1, Head::Cancel), &[])).await;
    sleep(Duration::from_millis(1)).await;
    peer.send(&request_frame(3, ECHO.id, 0, &large)).await;
    assert!(
        peer.answer().await.1.is_ok(),
        "the bytes of the first are free again"
    );
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn request_bytes_max_of_server_and_idl() {
    let limits = Limits {
        request_bytes_max: 1_000,
        ..Limits::default()
    };
    let (site, connector) = start(handlers(), limits);
    let mut peer = Peer::new(connector.connect().unwrap());
    for (method, max) in [(ECHO.id, 1_000), (SMALL.id, 100)] {
        let request = request_frame(1, method, 0, &vec![0; max + 1]);
        let status = refused(&mut peer, &request).await;
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert!(status.not_started());
    }
    // What the IDL forbids, a client does not even send.
    let channel = Channel::connect("127.0.0.1:1").unwrap();
    let status = call(&channel, &SMALL, Text::data(vec![0; 101]))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn response_bytes_max_of_server_and_idl() {
    let limits = Limits {
        response_bytes_max: 1_000,
        ..Limits::default()
    };
    let (site, connector) = start(handlers(), limits);
    let mut peer = Peer::new(connector.connect().unwrap());
    for (method, max) in [(ACT.id, 1_000), (SMALL.id, 200)] {
        peer.send(&ask(1, method, max - 10)).await;
        assert!(peer.answer().await.1.is_ok());
        let status = refused(&mut peer, &ask(1, method, max + 1)).await;
        assert_eq!(status.code(), Code::ResourceExhausted);
    }
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn first_frame_timeout() {
    let (site, connector) = start(handlers(), Limits::default());
    let before = Instant::now();
    let mut silent = Peer::new(connector.connect().unwrap());
    let status = silent.go_away().await;
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(
        status.message().contains("first_frame_timeout_ms"),
        "{status}"
    );
    assert_eq!(before.elapsed().as_secs(), 10);
    // Whoever has sent a frame may be silent as long as it likes.
    let channel = site.channel();
    call(&channel, &ECHO, "").await.unwrap();
    sleep(Duration::from_secs(7200)).await;
    call(&channel, &ECHO, "").await.unwrap();
    drop(channel);
    site.stop().await;
}

/// A peer that leaves its answers unread is told so, holds no more than the bound, and is served again once it reads.
#[svrkit::test]
async fn unwritten_bytes_max_of_a_server() {
    let limits = Limits {
        unwritten_bytes_max: 100_000,
        ..Limits::default()
    };
    let (site, connector) = start(handlers(), limits);
    let mut peer = Peer::new(connector.connect().unwrap());
    // The pipe itself takes 256 KiB.
    peer.send(&ask(1, ACT.id, 300_000)).await;
    sleep(Duration::from_millis(1)).await;
    peer.send(&ask(2, ACT.id, 300_000)).await;
    sleep(Duration::from_millis(1)).await;
    assert!(peer.answer().await.1.is_ok());
    let status = peer.answer().await.1.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("unwritten_bytes_max"), "{status}");
    peer.send(&ask(3, ACT.id, 300_000)).await;
    assert!(peer.answer().await.1.is_ok());
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn requests_behind_unread_answers_wait_and_are_served() {
    let limits = Limits {
        unwritten_bytes_max: 100_000,
        ..Limits::default()
    };
    let (site, connector) = start(handlers(), limits);
    let mut peer = Peer::new(connector.connect().unwrap());
    peer.send(&ask(1, ACT.id, 500_000)).await;
    sleep(Duration::from_millis(1)).await;
    for id in 2..100 {
        peer.send(&ask(id, ACT.id, 100)).await;
    }
    sleep(Duration::from_millis(100)).await;
    for id in 1..100 {
        let (request_id, result) = peer.answer().await;
        assert_eq!(request_id, id);
        assert!(result.is_ok(), "{result:?}");
    }
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn write_stall_timeout() {
    let (site, connector) = start(handlers(), Limits::default());
    let mut peer = Peer::new(connector.connect().unwrap());
    peer.send(&ask(1, ACT.id, 1_000_000)).await;
    sleep(Duration::from_secs(29)).await;
    // Some of it is taken after all, which gives it time again.
    let mut some = vec![0; 100_000];
    peer.stream.read_exact(&mut some).await.unwrap();
    sleep(Duration::from_secs(29)).await;
    peer.stream.read_exact(&mut some).await.unwrap();
    sleep(Duration::from_secs(31)).await;
    let mut rest = Vec::new();
    let _ = peer.stream.read_to_end(&mut rest).await;
    assert!(
        200_000 + rest.len() < 1_000_000,
        "the server gave up in between"
    );
    site.stop().await;
}

#[svrkit::test]
async fn in_flight_per_lane_max() {
    let (site, _) = start(patient(), Limits::default());
    let config = ChannelConfig {
        in_flight_per_lane_max: 2,
        ..ChannelConfig::default()
    };
    let channel = site.channel_with(config);
    let calls: Vec<_> = (0..2)
        .map(|_| {
            let channel = channel.clone();
            tokio::spawn(async move { call(&channel, &ACT, "").await })
        })
        .collect();
    sleep(Duration::from_millis(1)).await;
    let status = call(&channel, &ECHO, "").await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.not_started());
    for call in calls {
        call.abort();
        let _ = call.await;
    }
    assert!(call(&channel, &ECHO, "").await.is_ok());
    drop(channel);
    site.stop().await;
}

#[svrkit::test]
async fn frame_bytes_max_of_a_channel() {
    let (site, _) = start(handlers(), Limits::default());
    let config = ChannelConfig {
        frame_bytes_max: 10_000,
        ..ChannelConfig::default()
    };
    let channel = site.channel_with(config);
    let status = call(&channel, &ECHO, Text::data(vec![0; 10_001]))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.not_started());
    let status = call(&channel, &ACT, Text::number(10_001))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(!status.not_started());
    assert!(call(&channel, &ECHO, "").await.is_ok());
    drop(channel);
    site.stop().await;
}

/// A callee that reads nothing: requests are refused here, before they eat memory.
#[svrkit::test]
async fn unwritten_bytes_max_of_a_channel() {
    let (mut near, connector) = deaf();
    let config = ChannelConfig {
        unwritten_bytes_max: 1_000_000,
        ..ChannelConfig::default()
    };
    let builder = Channel::builder().endpoint(connector).config(config);
    let channel = builder.build().unwrap();
    let send = |channel: Channel| {
        tokio::spawn(async move { call(&channel, &ECHO, Text::data(vec![0; 300_000])).await })
    };
    let calls: Vec<_> = (0..10).map(|_| send(channel.clone())).collect();
    sleep(Duration::from_millis(1)).await;
    let refused = calls.iter().filter(|call| call.is_finished()).count();
    assert!((5..9).contains(&refused), "{refused} of ten were refused");
    for call in calls {
        let status = call.await.unwrap().unwrap_err();
        let expected = [Code::ResourceExhausted, Code::DeadlineExceeded];
        assert!(expected.contains(&status.code()), "{status}");
    }
    let _ = near.recv().await;
}

/// An endpoint whose server accepts and never reads.
fn deaf() -> (
    tokio::sync::mpsc::UnboundedReceiver<tokio::io::DuplexStream>,
    Endpoint,
) {
    struct Deaf(tokio::sync::mpsc::UnboundedSender<tokio::io::DuplexStream>);
    impl svrkit_rt::Connect for Deaf {
        fn connect(&self) -> svrkit_rt::BoxFuture<std::io::Result<svrkit_rt::Stream>> {
            let (near, far) = tokio::io::duplex(64 * 1024);
            self.0.send(far).unwrap();
            Box::pin(async { Ok(svrkit_rt::Stream::new(near)) })
        }
    }
    let (sender, kept) = tokio::sync::mpsc::unbounded_channel();
    (kept, Endpoint::custom("deaf", Deaf(sender)))
}

#[svrkit::test]
async fn waiting_calls_max() {
    let (listener, connector) = memory();
    drop(listener);
    let config = ChannelConfig {
        waiting_calls_max: 3,
        ..ChannelConfig::default()
    };
    let endpoint = Endpoint::memory(connector);
    let channel = Channel::builder()
        .endpoint(endpoint)
        .config(config)
        .build()
        .unwrap();
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let channel = channel.clone();
            tokio::spawn(async move { call(&channel, &ECHO, "").await })
        })
        .collect();
    sleep(Duration::from_millis(1)).await;
    let status = call(&channel, &ECHO, "").await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.not_started());
    for call in calls {
        let status = call.await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.not_started());
    }
}

/// Requests by hand may carry any lengths: nothing is taken on the header's word.
#[svrkit::test]
async fn four_gibibytes_in_a_header() {
    let (site, connector) = start(handlers(), Limits::default());
    let mut peer = Peer::new(connector.connect().unwrap());
    let head = Head::Request(RequestHead {
        method_id: ECHO.id,
        ..RequestHead::default()
    });
    let header = Header {
        payload_len: u32::MAX,
        ..Header::new(1, head)
    };
    peer.send(&header.encode()).await;
    let (request_id, result) = peer.answer().await;
    let status = result.unwrap_err();
    assert_eq!((request_id, status.code()), (1, Code::ResourceExhausted));
    // It goes on sending them, and is not even closed; but it must go on.
    peer.send(&vec![0; 1_000_000]).await;
    let status = peer.go_away().await;
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().contains("progress_bytes_min"), "{status}");
    site.stop().await;
}
