//! Callers that do with their streams what no proper one would. Each harms its own stream, and the connection lives.

use crate::support::{
    ECHO, Handlers, PUT, Peer, Site, TALK, Text, WATCH, frame, request_frame, service, status_of,
    stream_frame,
};
use prost::Message;
use std::time::Duration;
use svrkit_rt::frame::{Credit, HEADER_BYTES, Head, Header};
use svrkit_rt::{Code, Limits, MemoryConnector, Server, Status};
use tokio::time::sleep;

const HOUR_US: u32 = 3_600_000_000;
/// What a handler that takes a message gives credit for.
const WINDOW_BYTES: usize = 256 * 1024;

/// `Put` counts once it has slept as many seconds as its first request says; `Talk` answers each request; `Watch` sends for ever.
fn start() -> (Site, MemoryConnector) {
    start_with(Limits::default())
}

fn start_with(limits: Limits) -> (Site, MemoryConnector) {
    Site::in_memory(Server::new().service(handlers()).limits(limits))
}

fn handlers() -> Handlers {
    service()
        .echo()
        .put(&PUT, |mut requests| async move {
            let first = requests.next().await?.unwrap_or_default();
            sleep(Duration::from_secs(first.number)).await;
            let mut count = 1;
            while requests.next().await?.is_some() {
                count += 1;
            }
            Ok(Text::number(count))
        })
        .talk(&TALK, |context, mut requests, mut answers| async move {
            while let Some(text) = requests.next().await? {
                answers.send(text).await?;
            }
            Ok(context)
        })
        .watch(&WATCH, |_, mut answers| async move {
            loop {
                answers.send(Text::data(vec![7; 1_000])).await?;
            }
        })
}

fn message(id: u64, text: &Text) -> Vec<u8> {
    frame(Header::new(id, Head::Message), &text.encode_to_vec())
}

fn end(id: u64) -> Vec<u8> {
    frame(Header::new(id, Head::End), &[])
}

fn credit(id: u64, bytes: u32) -> Vec<u8> {
    frame(Header::new(id, Head::Credit(Credit { bytes })), &[])
}

/// The next answer, whatever comes before it.
async fn answer(peer: &mut Peer) -> (u64, Result<Vec<u8>, Status>) {
    loop {
        let (header, body) = peer.frame().await.expect("an answer, not the end");
        match header.head {
            Head::Answer(a) if a.code == 0 => return (header.request_id, Ok(body.to_vec())),
            Head::Answer(_) => return (header.request_id, Err(status_of(&header, &body))),
            Head::Message | Head::Credit(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Sends it, and gets the failure of call 1; then the connection still serves.
async fn failed(peer: &mut Peer, bytes: &[u8]) -> Status {
    peer.send(bytes).await;
    let (id, result) = answer(peer).await;
    assert_eq!(id, 1);
    lives(peer).await;
    result.unwrap_err()
}

async fn lives(peer: &mut Peer) {
    peer.send(&request_frame(99, ECHO.id, 0, &[])).await;
    let (id, result) = answer(peer).await;
    assert!(id == 99 && result.is_ok());
}

fn peer(connector: &MemoryConnector) -> Peer {
    Peer::new(connector.connect().unwrap())
}

#[svrkit::test]
async fn more_than_there_is_credit_for() {
    let (site, connector) = start();
    let mut peer = peer(&connector);
    let mut bytes = stream_frame(1, PUT.id, HOUR_US, &[]);
    bytes.extend(message(1, &Text::number(5)));
    for _ in 0..WINDOW_BYTES / 1_000 {
        bytes.extend(message(1, &Text::data(vec![0; 1_000])));
    }
    let status = failed(&mut peer, &bytes).await;
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("credit"), "{status}");
    drop(peer);
    site.stop().await;
}

/// Credit counts headers: messages of nothing are not for nothing.
#[svrkit::test]
async fn a_flood_of_empty_messages() {
    let (site, connector) = start();
    let mut peer = peer(&connector);
    let mut bytes = stream_frame(1, PUT.id, HOUR_US, &[]);
    bytes.extend(message(1, &Text::number(5)));
    for _ in 0..WINDOW_BYTES / HEADER_BYTES + 2 {
        bytes.extend(message(1, &Text::default()));
    }
    let status = failed(&mut peer, &bytes).await;
    assert_eq!(status.code(), Code::ResourceExhausted);
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn messages_after_the_last_one() {
    let (site, connector) = start();
    let mut peer = peer(&connector);
    let mut bytes = stream_frame(1, PUT.id, HOUR_US, &[]);
    bytes.extend(message(1, &Text::number(5)));
    bytes.extend(end(1));
    bytes.extend(message(1, &Text::number(6)));
    let status = failed(&mut peer, &bytes).await;
    assert_eq!(status.code(), Code::InvalidArgument);
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn the_end_twice_is_once() {
    let (site, connector) = start();
    let mut peer = peer(&connector);
    let mut bytes = stream_frame(1, PUT.id, HOUR_US, &[]);
    bytes.extend(message(1, &Text::default()));
    bytes.extend(end(1));
    bytes.extend(end(1));
    peer.send(&bytes).await;
    let (id, result) = answer(&mut peer).await;
    assert_eq!(id, 1);
    let count = Text::decode(&result.unwrap()[..]).unwrap();
    assert_eq!(count.number, 1);
    lives(&mut peer).await;
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn frames_for_no_stream_are_skipped() {
    let (site, connector) = start();
    let mut peer = peer(&connector);
    let mut bytes = Vec::new();
    for id in [0, 7, u64::MAX] {
        bytes.extend(message(id, &Text::default()));
        bytes.extend(credit(id, u32::MAX));
        bytes.extend(end(id));
    }
    // Behind a call that does not stream, and for a direction that does not.
    bytes.extend(request_frame(2, ECHO.id, 0, &[]));
    bytes.extend(message(2, &Text::default()));
    bytes.extend(end(2));
    peer.send(&bytes).await;
    let (id, result) = answer(&mut peer).await;
    assert!(id == 2 && result.is_ok());
    lives(&mut peer).await;
    drop(peer);
    site.stop().await;
}

/// Requests to a method whose answers stream, and only they: nobody takes them, nobody keeps them.
#[svrkit::test]
async fn messages_where_none_are_taken() {
    let (site, connector) = start();
    let mut peer = peer(&connector);
    peer.send(&stream_frame(1, WATCH.id, HOUR_US, &[])).await;
    for _ in 0..1_000 {
        peer.send(&message(1, &Text::data(vec![0; 10_000]))).await;
    }
    lives(&mut peer).await;
    drop(peer);
    site.kill().await;
}

#[svrkit::test]
async fn messages_after_the_answer_and_after_a_cancel() {
    let (site, connector) = start();
    let mut peer = peer(&connector);
    let mut bytes = stream_frame(1, TALK.id, HOUR_US, &[]);
    bytes.extend(end(1));
    peer.send(&bytes).await;
    assert!(answer(&mut peer).await.1.is_ok());
    peer.send(&message(1, &Text::default())).await;
    peer.send(&credit(1, 1)).await;
    lives(&mut peer).await;
    // The id again, as it is free: the stream is a new one.
    let mut bytes = stream_frame(1, PUT.id, HOUR_US, &[]);
    bytes.extend(message(1, &Text::default()));
    bytes.extend(end(1));
    peer.send(&bytes).await;
    assert!(answer(&mut peer).await.1.is_ok());
    let mut bytes = stream_frame(2, TALK.id, HOUR_US, &[]);
    bytes.extend(frame(Header::new(2, Head::Cancel), &[]));
    bytes.extend(message(2, &Text::default()));
    bytes.extend(end(2));
    peer.send(&bytes).await;
    lives(&mut peer).await;
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn a_call_that_says_it_streams_must_and_the_other_way_round() {
    let (site, connector) = start();
    let mut peer = peer(&connector);
    for request in [
        stream_frame(1, ECHO.id, 0, &[]),
        request_frame(1, WATCH.id, 0, &[]),
    ] {
        let status = failed(&mut peer, &request).await;
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.not_started());
    }
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn messages_that_are_damaged_too_long_or_none() {
    let (site, connector) = start();
    let mut damaged = Header::new(1, Head::Message);
    damaged.checksum = Some(0x1234_5678);
    let over_the_idl = Text::data(vec![0; 5 * 1024 * 1024]);
    let over_the_frame = Header {
        payload_len: 17 * 1024 * 1024,
        ..Header::new(1, Head::Message)
    };
    let mut huge = over_the_frame.encode().to_vec();
    huge.resize(HEADER_BYTES + 17 * 1024 * 1024, 0);
    let cases = [
        (frame(damaged, b"damaged"), Code::DataLoss),
        (message(1, &over_the_idl), Code::ResourceExhausted),
        (huge, Code::ResourceExhausted),
        (
            frame(Header::new(1, Head::Message), &[0xff; 10]),
            Code::InvalidArgument,
        ),
    ];
    for (bytes, expected) in cases {
        let mut peer = peer(&connector);
        peer.send(&stream_frame(1, PUT.id, HOUR_US, &[])).await;
        let status = failed(&mut peer, &bytes).await;
        assert_eq!(status.code(), expected, "{status}");
    }
    site.kill().await;
}

/// Credit is a number like any other: its sum does not overflow, and none of it is not some.
#[svrkit::test]
async fn credit_without_measure() {
    let (site, connector) = start();
    let mut peer = peer(&connector);
    let mut bytes = stream_frame(1, TALK.id, HOUR_US, &[]);
    for _ in 0..1_000 {
        bytes.extend(credit(1, u32::MAX));
        bytes.extend(credit(1, 0));
    }
    bytes.extend(message(1, &Text::number(1)));
    bytes.extend(end(1));
    peer.send(&bytes).await;
    let (header, _) = peer.frame().await.unwrap();
    assert_eq!(header.head, Head::Message);
    assert!(answer(&mut peer).await.1.is_ok());
    lives(&mut peer).await;
    drop(peer);
    site.stop().await;
}

/// The request and all that follows it in one write.
#[svrkit::test]
async fn a_whole_stream_at_once() {
    let (site, connector) = start();
    let mut peer = peer(&connector);
    let mut bytes = Vec::new();
    for id in 1..=20 {
        bytes.extend(stream_frame(id, PUT.id, HOUR_US, &[]));
        for _ in 0..id {
            bytes.extend(message(id, &Text::default()));
        }
        bytes.extend(end(id));
    }
    peer.send(&bytes).await;
    for _ in 1..=20 {
        let (id, result) = answer(&mut peer).await;
        let count = Text::decode(&result.unwrap()[..]).unwrap();
        assert_eq!(count.number, id);
    }
    drop(peer);
    site.stop().await;
}
