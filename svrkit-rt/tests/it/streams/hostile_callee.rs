//! Callees that do with a call's streams what no proper one would: the call fails, and the connection lives.

use super::{put, watch};
use crate::hostile::{channel, server_by_hand};
use crate::support::{ECHO, Peer, Text, call, frame};
use prost::Message;
use svrkit_rt::frame::{Answer, Credit, Head, Header};
use svrkit_rt::{Channel, ChannelConfig, Code, Status, Stream};

/// A channel to a callee who answers every second request with what `reply` makes of the first one's id, and the second with an echo.
fn callee(reply: impl Fn(u64) -> Vec<u8> + Send + 'static) -> Channel {
    let (endpoint, mut incoming) = server_by_hand();
    tokio::spawn(async move {
        let mut peer = Peer::new(Stream::new(incoming.recv().await.unwrap()));
        while let Some((header, _)) = peer.frame().await {
            match header.head {
                Head::Request(request) if request.streams => {
                    peer.send(&reply(header.request_id)).await;
                }
                Head::Request(_) => peer.send(&answer(header.request_id, 0, b"")).await,
                _ => {}
            }
        }
    });
    channel(endpoint, ChannelConfig::default())
}

fn answer(id: u64, code: u16, body: &[u8]) -> Vec<u8> {
    let answer = Answer {
        code,
        // All of them: otherwise the next call would be refused where it is made.
        admitted_business: u8::MAX,
        admitted_user: u8::MAX,
        ..Answer::default()
    };
    frame(Header::new(id, Head::Answer(answer)), body)
}

fn message(id: u64, text: &Text) -> Vec<u8> {
    frame(Header::new(id, Head::Message), &text.encode_to_vec())
}

/// How a watch fails, whatever comes before that; then the connection still serves.
async fn failure(channel: &Channel) -> Status {
    let mut watching = watch(channel, "").await;
    let status = loop {
        match watching.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended well"),
            Err(status) => break status,
        }
    };
    assert!(call(channel, &ECHO, "").await.is_ok());
    status
}

#[svrkit::test]
async fn more_than_there_is_credit_for() {
    let channel = callee(|id| message(id, &Text::data(vec![0; 1_000])).repeat(1_000));
    let status = failure(&channel).await;
    assert_eq!(status.code(), Code::ResourceExhausted);
}

#[svrkit::test]
async fn messages_that_are_damaged_too_long_or_none() {
    let channel = callee(|id| {
        let mut header = Header::new(id, Head::Message);
        header.checksum = Some(1);
        frame(header, b"")
    });
    assert_eq!(failure(&channel).await.code(), Code::DataLoss);

    let channel = callee(|id| {
        let header = Header {
            payload_len: 17 * 1024 * 1024,
            ..Header::new(id, Head::Message)
        };
        let mut bytes = header.encode().to_vec();
        bytes.resize(bytes.len() + 17 * 1024 * 1024, 0);
        bytes
    });
    assert_eq!(failure(&channel).await.code(), Code::ResourceExhausted);

    let channel = callee(|id| frame(Header::new(id, Head::Message), b"\xff"));
    let status = failure(&channel).await;
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("message is no"), "{status}");
}

#[svrkit::test]
async fn messages_that_nobody_asked_for() {
    let channel = callee(|id| {
        let mut bytes = message(id ^ 1, &Text::default());
        bytes.extend(message(u64::MAX, &Text::default()));
        bytes.extend(frame(Header::new(id, Head::End), b""));
        bytes.extend(message(id, &"the one".into()));
        bytes.extend(answer(id, 0, b""));
        bytes.extend(message(id, &"after the end".into()));
        bytes.extend(frame(
            Header::new(id, Head::Credit(Credit { bytes: 7 })),
            b"",
        ));
        bytes
    });
    let received = super::all(watch(&channel, "").await).await;
    assert_eq!(received, [Text::from("the one")]);
    assert!(call(&channel, &ECHO, "").await.is_ok());
}

/// To a method of one answer, a message is none.
#[svrkit::test]
async fn messages_where_none_are_taken() {
    let channel = callee(|id| message(id, &Text::default()));
    let status = put(&channel).await.finish().await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(call(&channel, &ECHO, "").await.is_ok());
}

/// A callee of before there were streams takes it for a call, and answers.
#[svrkit::test]
async fn an_answer_without_any_message_is_an_empty_stream() {
    let channel = callee(|id| answer(id, 0, b"whatever"));
    assert!(super::all(watch(&channel, "").await).await.is_empty());
}
