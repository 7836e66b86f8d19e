//! Each bound of streams answers with its own status and keeps the connection.

use super::{PATIENCE, talk, watch};
use crate::support::{ECHO, Handlers, MUTTER, PUT, Site, TALK, Text, WATCH, call, service};
use std::time::Duration;
use svrkit_rt::{Call, ChannelConfig, Code, Limits, Receiver, Sender, Server};
use tokio::time::{sleep, timeout};

/// `Watch` waits for ever; `Mutter` answers with as many bytes as its request says; `Put` does not look.
fn handlers() -> Handlers {
    service()
        .echo()
        .watch(&WATCH, |_, _answers| std::future::pending())
        .put(&PUT, |_requests: Receiver<Text>| async move {
            let _requests = _requests;
            std::future::pending().await
        })
        .talk(&MUTTER, |context, mut requests, mut answers| async move {
            while let Some(text) = requests.next().await? {
                let answer = Text::data(vec![1; text.number as usize]);
                answers.send(answer).await?;
            }
            Ok(context)
        })
        .talk(
            &TALK,
            |context, _requests, _answers| async move { Ok(context) },
        )
}

fn start(limits: Limits) -> Site {
    Site::in_memory(Server::new().service(handlers()).limits(limits)).0
}

#[svrkit::test]
async fn streams_per_connection_max() {
    let site = start(Limits {
        streams_per_connection_max: 2,
        ..Limits::default()
    });
    let channel = site.channel();
    let first = watch(&channel, "").await;
    let _second = watch(&channel, "").await;
    let status = watch(&channel, "").await.next().await.unwrap_err();
    assert_eq!(status.code(), Code::Overloaded);
    assert!(status.not_started());
    assert!(
        status.message().contains("streams_per_connection_max"),
        "{status}"
    );
    assert!(call(&channel, &ECHO, "").await.is_ok(), "calls are none");
    drop(first);
    sleep(Duration::from_millis(1)).await;
    let mut again = watch(&channel, "").await;
    let waits = timeout(Duration::from_secs(1), again.next()).await;
    assert!(waits.is_err(), "there is room again");
    drop(again);
    site.kill().await;
}

/// What all streams of a server hold is bounded, whatever each of them may.
#[svrkit::test]
async fn stream_bytes_max() {
    let site = start(Limits {
        stream_bytes_max: 100_000,
        ..Limits::default()
    });
    let channel = site.channel();
    let mut putting = Vec::new();
    for _ in 0..3 {
        let mut one = super::put(&channel).await;
        one.send(Text::data(vec![0; 40_000])).await.unwrap();
        putting.push(one);
    }
    // Two fit. The third handler was told, but does not look; it holds nothing, and the others are as they were.
    assert!(call(&channel, &ECHO, "").await.is_ok());
    let (say, hear): (Sender<Text>, _) = talk(&channel).await;
    say.finish();
    assert!(super::all(hear).await.is_empty());
    drop(putting);
    site.kill().await;
}

#[svrkit::test]
async fn a_handler_that_looks_is_told_of_stream_bytes_max() {
    let (site, _) = Site::in_memory(
        Server::new()
            .service(service().put(&PUT, |mut requests| async move {
                sleep(Duration::from_secs(1)).await;
                while requests.next().await?.is_some() {}
                Ok(Text::default())
            }))
            .limits(Limits {
                stream_bytes_max: 100_000,
                ..Limits::default()
            }),
    );
    let channel = site.channel();
    let mut putting = Vec::new();
    for _ in 0..3 {
        let mut one = super::put(&channel).await;
        one.send(Text::data(vec![0; 40_000])).await.unwrap();
        putting.push(one);
    }
    let mut codes = Vec::new();
    for one in putting {
        codes.push(one.finish().await.err().map(|status| status.code()));
    }
    assert_eq!(codes, [None, None, Some(Code::Overloaded)]);
    site.stop().await;
}

/// The IDL's sizes are for each message, on both sides.
#[svrkit::test]
async fn max_request_bytes_and_max_response_bytes() {
    let site = start(Limits::default());
    let channel = site.channel();
    let opened = channel.both_streaming(&MUTTER, Call::new(()).timeout(PATIENCE));
    let (mut say, mut hear): (Sender<Text>, Receiver<Text>) = opened.await.unwrap();
    let status = say.send(Text::data(vec![0; 101])).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    // It was not sent, and others may be.
    say.send(Text::number(100)).await.unwrap();
    assert_eq!(hear.next().await.unwrap().unwrap().data.len(), 100);
    say.send(Text::number(201)).await.unwrap();
    let status = hear.next().await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    site.stop().await;
}

#[svrkit::test]
async fn in_flight_per_lane_max_counts_streams() {
    let site = start(Limits::default());
    let config = ChannelConfig {
        in_flight_per_lane_max: 1,
        ..ChannelConfig::default()
    };
    let channel = site.channel_with(config);
    let watching = watch(&channel, "").await;
    let call = || Call::new(Text::default()).timeout(PATIENCE);
    let second = channel.server_streaming::<Text, Text>(&WATCH, call()).await;
    assert_eq!(second.unwrap_err().code(), Code::ResourceExhausted);
    drop(watching);
    let third = channel.server_streaming::<Text, Text>(&WATCH, call()).await;
    assert!(third.is_ok());
    drop(third);
    site.kill().await;
}

/// Over HTTP a method that streams is there, and says that it cannot be called so.
#[tokio::test]
async fn http_has_no_streams() {
    use crate::support::Over;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let site = Site::start(Over::Tcp, Server::new().service(handlers())).await;
    let mut stream = tokio::net::TcpStream::connect(&site.address).await.unwrap();
    let request = "POST /test.v1.Test/Watch HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
        content-type: application/proto\r\ncontent-length: 0\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 501 "), "{answer}");
    assert!(answer.contains("streams"), "{answer}");
    site.stop().await;
}
