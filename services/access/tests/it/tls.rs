//! All three over TLS and sockets, on the real clock.

use crate::support::client::{SEND, VERSION, send};
use crate::support::http::{Http, bearer, post};
use crate::support::{Client, Fakes, Frame, run, until};
use im_access::{Access, Config};
use im_idl::message::SendResponse;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::time::Duration;
use svrkit_rt::{Listener, Status, Stream, TlsClient, TlsServer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Site {
    access: Access,
    fakes: Fakes,
    tls: TlsClient,
    long: String,
    short: String,
    _end: oneshot::Sender<()>,
    _running: JoinHandle<Result<(), Status>>,
}

impl Site {
    async fn new(config: Config) -> Site {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (chain, key) = (cert.pem(), signing_key.serialize_pem());
        let server = TlsServer::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        let tls = TlsClient::from_pem(chain.as_bytes()).unwrap();
        let bind = async || Listener::bind("127.0.0.1:0").await.unwrap();
        let (long, short) = (bind().await, bind().await);
        let addresses = (long.address(), short.address());
        let (long, short) = (long.with_tls(server.clone()), short.with_tls(server));
        let fakes = Fakes::new();
        let (access, end, running) = run(&fakes, config, Some(long), Some(short)).await;
        Site {
            access,
            fakes,
            tls: tls.server_name("localhost").unwrap(),
            long: addresses.0,
            short: addresses.1,
            _end: end,
            _running: running,
        }
    }

    async fn connect(&self, address: &str) -> Stream {
        let stream = TcpStream::connect(address).await.unwrap();
        self.tls.connect(stream.into(), address).await.unwrap()
    }
}

#[tokio::test]
async fn long_link_short_link_and_websocket() {
    let site = Site::new(Config::default()).await;
    let mut link = Client::new(site.connect(&site.long).await);
    link.log_in(10_001, "phone").await;
    for seq in 2..50 {
        assert_eq!(link.chat(seq).await.time_ms, u64::from(seq));
    }
    site.fakes.notify(10_001, 3);
    assert_eq!(link.recv().await.version, VERSION);
    assert_eq!(site.fakes.seen()[0].caller.address, "127.0.0.1");

    let mut http = Http::new(site.connect(&site.short).await);
    let request = post("/im/send", "close", &bearer(10_001, "phone"), &send(1, 7));
    let answer = http.ask(&request).await;
    assert_eq!(answer.decode::<SendResponse>().time_ms, 7);

    let stream = site.connect(&site.short).await;
    let opened = tokio_tungstenite::client_async("ws://localhost/im/ws", stream).await;
    let (mut socket, _) = opened.unwrap();
    use futures_util::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::Message;
    let noop = Frame::new(6, 9, Vec::new()).bytes();
    socket.send(Message::binary(noop.clone())).await.unwrap();
    let echo = socket.next().await.unwrap().unwrap();
    assert_eq!(echo, Message::binary(noop));
}

/// Crowds who shake hands, or pretend to, keep nobody waiting who is there already.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_handshakes_does_not_starve_a_live_link() {
    // Time enough for as many handshakes as a slow machine has to compute, at both ends.
    let config = Config {
        first_frame_timeout_ms: 15_000,
        ..Config::default()
    };
    let site = Site::new(config).await;
    let mut link = Client::new(site.connect(&site.long).await);
    link.log_in(10_001, "phone").await;
    let mut silent = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(&site.long).await.unwrap();
        stream.write_all(&[0x16, 3, 1, 2, 0]).await.unwrap();
        silent.push(stream);
    }
    let mut storm = Vec::new();
    for n in 0..60 {
        let (tls, address) = (site.tls.clone(), site.long.clone());
        storm.push(tokio::spawn(async move {
            let stream = TcpStream::connect(&address).await.unwrap();
            let stream = tls.connect(stream.into(), &address).await.unwrap();
            let mut link = Client::new(stream);
            link.log_in(20_000 + n, "phone").await;
        }));
    }
    let mut seq = 2;
    while storm.iter().any(|link| !link.is_finished()) {
        let answer = tokio::time::timeout(Duration::from_secs(5), link.chat(seq));
        answer.await.expect("an answer in the storm");
        seq += 1;
    }
    for link in storm {
        link.await.unwrap();
    }
    // Those who never finish are ended.
    until("the silent ones are gone", || {
        site.access.stats().long_links == 1
    })
    .await;
    drop(silent);
}

#[tokio::test]
async fn a_client_without_tls_gets_nothing_and_harms_nobody() {
    let site = Site::new(Config::default()).await;
    let stream = TcpStream::connect(&site.long).await.unwrap();
    let mut plain = Client::new(stream);
    plain.write(&Frame::new(SEND, 1, send(1, 1)).bytes()).await;
    let mut link = Client::new(site.connect(&site.long).await);
    link.log_in(10_001, "phone").await;
    until("it is gone", || site.access.stats().long_links == 1).await;
}
