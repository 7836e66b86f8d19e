//! Memory that peers would like to take.

use crate::support::{ACT, ECHO, Over, Peer, Site, Text, call, request_frame, service, until};
use svrkit_rt::Server;
use svrkit_rt::frame::{Head, Header, RequestHead};
use svrkit_rt::testing::{Seed, run_test};

/// What an idle connection may cost in a debug build, its task and its socket's registration included.
const IDLE_BYTES_MAX: usize = 16 * 1024;

/// Each of 300 peers announces 16 MiB, sends a little of it, and waits.
#[test]
fn announced_bytes_are_not_taken_before_they_come() {
    crate::alone(|| run_test("announced_bytes", announced_bytes));
}

async fn announced_bytes(_: Seed) {
    let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
    let before = crate::resident_bytes();
    let mut peers = Vec::new();
    for _ in 0..300 {
        let head = Head::Request(RequestHead {
            method_id: ECHO.id,
            ..RequestHead::default()
        });
        let header = Header {
            payload_len: 16 << 20,
            ..Header::new(1, head)
        };
        let mut peer = Peer::new(connector.connect().unwrap());
        peer.send(&header.encode()).await;
        peer.send(&[1; 10_000]).await;
        peers.push(peer);
    }
    call(&site.channel(), &ECHO, "").await.unwrap();
    let grown = crate::resident_bytes().saturating_sub(before) / peers.len();
    assert!(grown < 400_000, "{grown} bytes for a peer that sent 10,000");
    drop(peers);
    site.stop().await;
}

/// Each of 200 connections was busy once, with a thousand calls in flight. Afterwards it keeps next to nothing. Over TCP, because
/// what the kernel holds is not ours, while a pipe in memory is.
#[test]
fn a_connection_keeps_little_of_its_busiest_moment() {
    crate::alone_on_sockets(busiest_moment());
}

async fn busiest_moment() {
    let (everybody_is_here, wait) = tokio::sync::watch::channel(false);
    let handlers = service().answer(&ACT, move |text| {
        let mut wait = wait.clone();
        async move {
            let _ = wait.wait_for(|here| *here).await;
            Ok(text)
        }
    });
    let site = Site::start(Over::Tcp, Server::new().service(handlers)).await;
    let body = prost::Message::encode_to_vec(&Text::data(vec![0; 100]));
    let requests: Vec<u8> = (0..1_000)
        .flat_map(|id| request_frame(id, ACT.id, 60_000_000, &body))
        .collect();
    let mut idle = Vec::new();
    let mut before = 0;
    for n in 0..220 {
        // The first few warm up what all connections share.
        if n == 20 {
            before = crate::resident_bytes();
        }
        let stream = tokio::net::TcpStream::connect(&site.address).await.unwrap();
        let mut peer = Peer::new(stream);
        peer.send(&requests).await;
        until("all are in flight", async || {
            everybody_is_here.receiver_count() > 1_000
        })
        .await;
        everybody_is_here.send_replace(true);
        for _ in 0..1_000 {
            peer.answer().await.1.unwrap();
        }
        everybody_is_here.send_replace(false);
        idle.push(peer.stream);
    }
    let each = crate::resident_bytes().saturating_sub(before) / 200;
    println!("{each} bytes kept by a connection that was busy");
    assert!(
        each < IDLE_BYTES_MAX,
        "{each} bytes kept by an idle connection"
    );
    drop(idle);
    site.stop().await;
}
