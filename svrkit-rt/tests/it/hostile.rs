//! Peers that are slow, wrong, or mean it.

use crate::support::{
    ACT, ECHO, Handlers, Over, Peer, Site, Text, call, frame, request_frame, service,
};
use std::time::Duration;
use svrkit_rt::frame::{Answer, HEADER_BYTES, Head, Header, RequestHead};
use svrkit_rt::{
    BoxFuture, Channel, ChannelConfig, Code, Connect, Endpoint, MemoryConnector, Server, Stream,
};
use tokio::io::DuplexStream;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

fn handlers() -> Handlers {
    service()
        .echo()
        .answer(&ACT, |_| async { std::future::pending().await })
}

fn start() -> (Site, MemoryConnector) {
    Site::in_memory(Server::new().service(handlers()))
}

fn echo(request_id: u64) -> Vec<u8> {
    request_frame(request_id, ECHO.id, 0, &[])
}

#[svrkit::test]
async fn a_byte_a_second_is_not_a_first_frame() {
    let (site, connector) = start();
    let mut peer = Peer::new(connector.connect().unwrap());
    let before = Instant::now();
    let request = request_frame(1, ECHO.id, 0, &[0; 1000]);
    let mut bytes = request.iter();
    let status = loop {
        tokio::select! {
            biased;
            status = peer.go_away() => break status,
            () = sleep(Duration::from_secs(1)) => {}
        }
        if let Some(byte) = bytes.next() {
            peer.send(&[*byte]).await;
        }
    };
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(
        status.message().contains("first_frame_timeout_ms"),
        "{status}"
    );
    assert_eq!(before.elapsed().as_secs(), 10);
    site.stop().await;
}

#[svrkit::test]
async fn a_byte_a_second_is_too_slow_for_any_frame() {
    let (site, connector) = start();
    let mut peer = Peer::new(connector.connect().unwrap());
    peer.send(&echo(1)).await;
    assert!(peer.answer().await.1.is_ok());
    sleep(Duration::from_secs(3600)).await;
    let before = Instant::now();
    let second = request_frame(2, ECHO.id, 0, &[0; 1000]);
    peer.send(&second[..1]).await;
    let mut bytes = second[1..].iter();
    let status = loop {
        tokio::select! {
            biased;
            status = peer.go_away() => break status,
            () = sleep(Duration::from_secs(1)) => {}
        }
        if let Some(byte) = bytes.next() {
            peer.send(&[*byte]).await;
        }
    };
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().contains("progress_bytes_min"), "{status}");
    assert_eq!(before.elapsed().as_secs(), 10);
    site.stop().await;
}

#[svrkit::test]
async fn a_slow_but_steady_peer_is_served() {
    let (site, connector) = start();
    let mut peer = Peer::new(connector.connect().unwrap());
    let text = Text::data(vec![0; 20_000]);
    let request = request_frame(1, ECHO.id, 0, &prost::Message::encode_to_vec(&text));
    for piece in request.chunks(1_100) {
        peer.send(piece).await;
        sleep(Duration::from_secs(9)).await;
    }
    assert!(peer.answer().await.1.is_ok());
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn what_is_no_frame_is_sent_away_with_a_word() {
    let (site, connector) = start();
    for garbage in [&b"\x16\x03\x01\x02\x00"[..], b"\0", &[0xff; 5000]] {
        let mut peer = Peer::new(connector.connect().unwrap());
        peer.send(garbage).await;
        assert_eq!(peer.go_away().await.code(), Code::InvalidArgument);
    }
    // Behind a good request, which is answered first.
    let mut peer = Peer::new(connector.connect().unwrap());
    let mut bytes = echo(1);
    bytes.extend([0xff; 5000]);
    peer.send(&bytes).await;
    let mut answered = false;
    let status = loop {
        let (header, body) = peer.frame().await.expect("a go-away before the end");
        match header.head {
            Head::Answer(_) => answered = true,
            _ => break crate::support::status_of(&header, &body),
        }
    };
    assert_eq!(status.code(), Code::InvalidArgument);
    let rest = peer.frame().await;
    assert!(answered || rest.is_some());
    site.stop().await;
}

/// Over TCP the kernel resets a connection that is closed with unread input, and a reset eats what was on its way.
#[tokio::test]
async fn the_word_arrives_though_garbage_keeps_coming() {
    let site = Site::start(Over::Tcp, Server::new().service(handlers())).await;
    for _ in 0..10 {
        let stream = TcpStream::connect(&site.address).await.unwrap();
        let mut peer = Peer::new(stream);
        peer.send(&echo(1)).await;
        assert!(peer.answer().await.1.is_ok());
        peer.send(&[0xff; 300_000]).await;
        assert_eq!(peer.go_away().await.code(), Code::InvalidArgument);
    }
    site.stop().await;
}

/// Each of these is answered, and an echo after it, too.
#[svrkit::test]
async fn a_bad_request_costs_itself_only() {
    let (site, connector) = start();
    let mut peer = Peer::new(connector.connect().unwrap());
    let head = Head::Request(RequestHead {
        method_id: ECHO.id,
        ..RequestHead::default()
    });
    let mut bad_metadata = Header::new(1, head);
    bad_metadata.extension_len = 5;
    let mut bad_trace = Header::new(1, head);
    bad_trace.extension_len = 3;
    bad_trace.has_trace = true;
    let mut damaged = Header::new(1, head);
    damaged.checksum = Some(0x1234_5678);
    let cases = [
        (request_frame(1, 999_999, 0, &[]), Code::Unimplemented),
        (
            request_frame(1, ECHO.id, 0, &[0xff; 10]),
            Code::InvalidArgument,
        ),
        (
            frame(bad_metadata, &[9, 0, 0, b'k', b'v']),
            Code::InvalidArgument,
        ),
        (frame(bad_trace, &[0; 3]), Code::InvalidArgument),
        (frame(damaged, b"damaged"), Code::DataLoss),
    ];
    for (request, expected) in cases {
        peer.send(&request).await;
        let (request_id, result) = peer.answer().await;
        assert_eq!((request_id, result.unwrap_err().code()), (1, expected));
        peer.send(&echo(2)).await;
        let (request_id, result) = peer.answer().await;
        assert!(request_id == 2 && result.is_ok());
    }
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn frames_of_no_concern_are_skipped() {
    let (site, connector) = start();
    let mut peer = Peer::new(connector.connect().unwrap());
    for head in [
        Head::Answer(Answer::default()),
        Head::GoAway(Default::default()),
        Head::Unknown(9),
        Head::Unknown(0),
        Head::Cancel,
    ] {
        peer.send(&frame(Header::new(7, head), b"whatever")).await;
    }
    let large = Header {
        payload_len: 20_000_000,
        ..Header::new(7, Head::Unknown(15))
    };
    peer.send(&large.encode()).await;
    for _ in 0..20 {
        peer.send(&[0; 1_000_000]).await;
    }
    peer.send(&echo(8)).await;
    let (request_id, result) = peer.answer().await;
    assert!(request_id == 8 && result.is_ok());
    drop(peer);
    site.stop().await;
}

/// The second is refused, the first is as it was: it can still be cancelled.
#[svrkit::test]
async fn an_id_in_use_hurts_its_user_only() {
    let (site, connector) = start();
    let mut peer = Peer::new(connector.connect().unwrap());
    let long = request_frame(1, ACT.id, 1_000_000, &[]);
    peer.send(&long).await;
    peer.send(&long).await;
    let (_, second) = peer.answer().await;
    assert_eq!(second.unwrap_err().code(), Code::InvalidArgument);
    let (_, first) = peer.answer().await;
    assert_eq!(first.unwrap_err().code(), Code::DeadlineExceeded);
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn answers_are_taken_in_small_pieces_too() {
    let (site, connector) = start();
    let mut peer = Peer::new(connector.connect().unwrap());
    for request_id in 1..4 {
        for byte in echo(request_id) {
            peer.send(&[byte]).await;
        }
        assert_eq!(peer.answer().await.0, request_id);
    }
    drop(peer);
    site.stop().await;
}

/// A server by hand: what it does is up to each test.
pub(crate) fn server_by_hand() -> (Endpoint, mpsc::UnboundedReceiver<DuplexStream>) {
    struct Dial(mpsc::UnboundedSender<DuplexStream>);
    impl Connect for Dial {
        fn connect(&self) -> BoxFuture<std::io::Result<Stream>> {
            let (near, far) = tokio::io::duplex(64 * 1024);
            let sent = self.0.send(far).is_ok();
            Box::pin(async move {
                let refused = std::io::ErrorKind::ConnectionRefused;
                sent.then(|| Stream::new(near)).ok_or(refused.into())
            })
        }
    }
    let (dial, incoming) = mpsc::unbounded_channel();
    (Endpoint::custom("by hand", Dial(dial)), incoming)
}

pub(crate) fn channel(endpoint: Endpoint, config: ChannelConfig) -> Channel {
    let builder = Channel::builder().endpoint(endpoint).config(config);
    builder.build().unwrap()
}

fn answer_to(request_id: u64, body: &[u8]) -> Vec<u8> {
    frame(
        Header::new(request_id, Head::Answer(Answer::default())),
        body,
    )
}

/// Answers each connection's first request with the bytes that `reply` makes of its id.
fn answering<F>(mut incoming: mpsc::UnboundedReceiver<DuplexStream>, reply: F)
where
    F: Fn(usize, u64) -> Vec<u8> + Send + 'static,
{
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Some(stream) = incoming.recv().await {
            let mut peer = Peer::new(Stream::new(stream));
            let (header, _) = peer.frame().await.unwrap();
            peer.send(&reply(kept.len(), header.request_id)).await;
            kept.push(peer);
        }
    });
}

#[svrkit::test]
async fn a_client_ignores_answers_that_nobody_waits_for() {
    let (endpoint, incoming) = server_by_hand();
    answering(incoming, |_, id| {
        let mut bytes = answer_to(id ^ 1, b"");
        bytes.extend(answer_to(id ^ (1 << 32), b"\xff"));
        bytes.extend(answer_to(u64::MAX, b""));
        bytes.extend(frame(Header::new(id, Head::Unknown(12)), b"news"));
        bytes.extend(request_frame(id, 1, 0, b"callees do not call"));
        bytes.extend(answer_to(id, b""));
        bytes.extend(answer_to(id, b"\xff again"));
        bytes
    });
    let channel = channel(endpoint, ChannelConfig::default());
    assert_eq!(call(&channel, &ECHO, "").await, Ok(Text::default()));
}

#[svrkit::test]
async fn a_client_leaves_a_server_that_talks_nonsense_and_tries_again() {
    let (endpoint, incoming) = server_by_hand();
    answering(incoming, |connection, id| match connection {
        0 => vec![0xff; 100],
        1 => answer_to(id, b"\xff no message"),
        _ => answer_to(id, b""),
    });
    let channel = channel(endpoint, ChannelConfig::default());
    let status = call(&channel, &ECHO, "").await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("protocol"), "{status}");
    let status = call(&channel, &ECHO, "").await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("answer is no"), "{status}");
}

#[svrkit::test]
async fn a_damaged_answer_is_told_from_a_good_one() {
    let (endpoint, incoming) = server_by_hand();
    answering(incoming, |_, id| {
        let mut header = Header::new(id, Head::Answer(Answer::default()));
        header.checksum = Some(1);
        frame(header, b"")
    });
    let channel = channel(endpoint, ChannelConfig::default());
    let status = call(&channel, &ECHO, "").await.unwrap_err();
    assert_eq!(status.code(), Code::DataLoss);
}

#[svrkit::test]
async fn an_answer_of_four_gibibytes_is_refused_unread() {
    let (endpoint, incoming) = server_by_hand();
    answering(incoming, |_, id| {
        let header = Header {
            payload_len: u32::MAX,
            ..Header::new(id, Head::Answer(Answer::default()))
        };
        header.encode().to_vec()
    });
    let channel = channel(endpoint, ChannelConfig::default());
    let status = call(&channel, &ECHO, "").await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
}

#[svrkit::test]
async fn a_connection_cut_inside_an_answer_fails_its_calls_at_once() {
    let (endpoint, mut incoming) = server_by_hand();
    tokio::spawn(async move {
        let mut peer = Peer::new(Stream::new(incoming.recv().await.unwrap()));
        let (header, _) = peer.frame().await.unwrap();
        let answer = answer_to(header.request_id, &[0; 100]);
        peer.send(&answer[..HEADER_BYTES + 50]).await;
    });
    let channel = channel(endpoint, ChannelConfig::default());
    let before = Instant::now();
    let status = call(&channel, &ECHO, "").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(before.elapsed() < Duration::from_millis(10));
}
