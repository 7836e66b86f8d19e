//! Messages of calls that stream: each is compressed by itself, and its credit is what it was.

use super::{BOTH, LARGE, answer, noise, packed, preferring, prose, request, saying, unpacked};
use crate::hostile::{channel, server_by_hand};
use crate::support::{ECHO, PUT, Peer, Site, TALK, Text, WATCH, call, frame, service};
use prost::Message;
use std::time::Duration;
use svrkit_rt::frame::{Head, Header};
use svrkit_rt::{
    Call, Channel, ChannelConfig, Code, Codec, Codecs, Endpoint, Receiver, Sender, Server, Status,
    Stream,
};

/// More than any of these tests should need.
const PATIENCE: Duration = Duration::from_secs(60);

async fn talk(channel: &Channel) -> (Sender<Text>, Receiver<Text>) {
    let call = Call::new(()).timeout(PATIENCE);
    channel.both_streaming(&TALK, call).await.unwrap()
}

#[svrkit::test]
async fn messages_come_back_as_they_went() {
    for codec in BOTH {
        let handlers =
            service()
                .echo()
                .talk(&TALK, |context, mut requests, mut answers| async move {
                    while let Some(text) = requests.next().await? {
                        answers.send(text).await?;
                    }
                    Ok(context)
                });
        let compression = preferring(&[codec]);
        let server = Server::new().compression(compression.clone());
        let (site, _) = Site::in_memory(server.service(handlers));
        let channel = site.channel_with(ChannelConfig {
            compression,
            ..ChannelConfig::default()
        });
        // From here on the callee is known to take it.
        call(&channel, &ECHO, "").await.unwrap();
        let texts: Vec<Text> = (0..200)
            .map(|n| match n % 4 {
                0 => Text::data(prose(LARGE + n)),
                1 => Text::number(n as u64),
                2 => Text::data(noise(5_000)),
                _ => Text::data(prose(100_000)),
            })
            .collect();
        let (mut sender, mut receiver) = talk(&channel).await;
        let sending = texts.clone();
        let sent = tokio::spawn(async move {
            for text in sending {
                sender.send(text).await.unwrap();
            }
            sender.finish();
        });
        for text in texts {
            assert_eq!(receiver.next().await.unwrap(), Some(text));
        }
        assert_eq!(receiver.next().await.unwrap(), None);
        sent.await.unwrap();
        drop((channel, receiver));
        site.stop().await;
    }
}

#[svrkit::test]
async fn a_handlers_messages_are_in_what_the_request_says() {
    let handlers = service().watch(&WATCH, |text, mut answers| async move {
        answers.send(text).await
    });
    let server = Server::new().compression(preferring(&[Codec::Zstd, Codec::Lz4]));
    let (site, connector) = Site::in_memory(server.service(handlers));
    let mut peer = Peer::new(connector.connect().unwrap());
    let body = Text::data(prose(LARGE)).encode_to_vec();
    let sets = [
        Codecs::NONE,
        Codecs::only(Codec::Lz4),
        Codecs::only(Codec::Zstd),
    ];
    for (id, takes) in (1..).zip(sets) {
        peer.send(&request(id, &WATCH, takes, Codecs::NONE, &body))
            .await;
        let (header, message) = peer.frame().await.unwrap();
        assert_eq!((header.head, header.packed), (Head::Message, takes));
        assert_eq!(unpacked(header.packed, &message), body);
        assert!(peer.answer().await.1.is_ok());
    }
    drop(peer);
    site.stop().await;
}

/// A server whose handler of `Put` looks at its first message only when the peer has sent all that it wants to, and a peer.
fn slow() -> (Site, Peer, tokio::sync::watch::Sender<bool>) {
    let (go, waiting) = tokio::sync::watch::channel(false);
    let handlers = service().echo().put(&PUT, move |mut requests| {
        let mut waiting = waiting.clone();
        async move {
            waiting.wait_for(|go| *go).await.unwrap();
            let mut taken = 0;
            while requests.next().await?.is_some() {
                taken += 1;
            }
            Ok(Text::number(taken))
        }
    });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    (site, Peer::new(connector.connect().unwrap()), go)
}

fn message(id: u64, packed: Codecs, body: &[u8]) -> Vec<u8> {
    let header = Header {
        packed,
        ..Header::new(id, Head::Message)
    };
    frame(header, body)
}

/// How `Put` ends, of which these are the messages.
async fn put(messages: &[Vec<u8>]) -> Result<Text, Status> {
    let (site, mut peer, go) = slow();
    peer.send(&request(1, &PUT, Codecs::NONE, Codecs::NONE, b""))
        .await;
    peer.send(&messages.concat()).await;
    peer.send(&frame(Header::new(1, Head::End), b"")).await;
    // Behind all of them: when it is answered, they have been read.
    peer.send(&request(2, &ECHO, Codecs::NONE, Codecs::NONE, b""))
        .await;
    assert_eq!(peer.answer().await.0, 2);
    go.send(true).unwrap();
    let (header, body) = loop {
        let (header, body) = peer.frame().await.expect("an answer");
        if let Head::Answer(_) = header.head {
            break (header, body);
        }
    };
    assert_eq!(header.request_id, 1);
    peer.send(&request(3, &ECHO, Codecs::NONE, Codecs::NONE, b""))
        .await;
    assert!(peer.answer().await.1.is_ok(), "the connection lives");
    drop(peer);
    site.stop().await;
    match header.head {
        Head::Answer(answer) if answer.code == 0 => Ok(Text::decode(body).unwrap()),
        _ => Err(crate::support::status_of(&header, &body)),
    }
}

#[svrkit::test]
async fn credit_is_of_what_messages_were() {
    let body = Text::data(vec![0; 40_000]).encode_to_vec();
    for codec in BOTH {
        let one = message(1, Codecs::only(codec), &packed(codec, &body));
        assert!(one.len() < 1_000);
        // 64 KiB are given, and the last message may go beyond.
        let taken = put(&vec![one.clone(); 2]).await.unwrap();
        assert_eq!(taken.number, 2);
        let status = put(&vec![one; 3]).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    }
}

#[svrkit::test]
async fn a_handler_is_told_of_a_message_that_is_none() {
    let body = Text::data(prose(LARGE)).encode_to_vec();
    for codec in BOTH {
        let only = Codecs::only(codec);
        let damaged = saying(body.len() as u32 + 1, &super::block(codec, &body));
        let status = put(&[message(1, only, &damaged)]).await.unwrap_err();
        assert_eq!(status.code(), Code::DataLoss, "{status}");
        let huge = saying(u32::MAX, &super::block(codec, &body));
        let status = put(&[message(1, only, &huge)]).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
        let short = saying(1, &super::block(codec, &body));
        let status = put(&[message(1, only, &short)]).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
}

/// A callee that answers watches with one message, and calls at once.
fn callee(packed: Codecs, body: Vec<u8>) -> Endpoint {
    let (endpoint, mut incoming) = server_by_hand();
    tokio::spawn(async move {
        let mut peer = Peer::new(Stream::new(incoming.recv().await.unwrap()));
        while let Some((header, _)) = peer.frame().await {
            let id = header.request_id;
            match header.head {
                Head::Request(request) if request.streams => {
                    peer.send(&message(id, packed, &body)).await;
                }
                Head::Request(_) => {
                    peer.send(&answer(id, Codecs::NONE, Codecs::NONE, b""))
                        .await
                }
                _ => {}
            }
        }
    });
    endpoint
}

#[svrkit::test]
async fn a_caller_is_told_as_well_and_its_call_ends() {
    let body = Text::data(prose(LARGE)).encode_to_vec();
    for codec in BOTH {
        let damaged = saying(body.len() as u32 + 1, &super::block(codec, &body));
        let endpoint = callee(Codecs::only(codec), damaged);
        let channel = channel(endpoint, ChannelConfig::default());
        let watching = Call::new(Text::default()).timeout(PATIENCE);
        let mut watching: Receiver<Text> =
            channel.server_streaming(&WATCH, watching).await.unwrap();
        let status = watching.next().await.unwrap_err();
        assert_eq!(status.code(), Code::DataLoss, "{status}");
        assert!(
            call(&channel, &ECHO, "").await.is_ok(),
            "the connection lives"
        );
    }
}
