//! A link in a browser's socket. The other end is a library's, so both must have read the same standard.

use crate::support::client::{AUTH, KICK, NOOP, NOTIFY, SEND, send, ticket};
use crate::support::http::{Http, bearer, post};
use crate::support::{Frame, World, until};
use futures_util::{SinkExt, StreamExt};
use im_access::Config;
use im_idl::access::AuthResponse;
use im_idl::message::SendResponse;
use std::time::Duration;
use svrkit_rt::Stream;
use svrkit_rt::testing::run_test;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{self, CloseFrame};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

type Socket = WebSocketStream<Stream>;

const URL: &str = "ws://im.example.org/im/ws";

async fn open(world: &World) -> Socket {
    let stream = world.short.connect().unwrap();
    let (socket, answer) = client_async(URL, stream).await.unwrap();
    assert_eq!(answer.status(), 101);
    socket
}

async fn say(socket: &mut Socket, frames: &[Frame]) {
    let bytes: Vec<u8> = frames.iter().flat_map(Frame::bytes).collect();
    socket.send(Message::binary(bytes)).await.unwrap();
}

/// The frames of the next message: whole ones.
async fn hear(socket: &mut Socket) -> Vec<Frame> {
    let message = socket.next().await.expect("a message").unwrap();
    let Message::Binary(bytes) = message else {
        panic!("heard {message:?}");
    };
    let mut frames = Vec::new();
    let mut left = &bytes[..];
    while !left.is_empty() {
        let number = |at: usize| u32::from_be_bytes(left[at * 4..at * 4 + 4].try_into().unwrap());
        let len = 20 + number(4) as usize;
        frames.push(Frame {
            version: number(1),
            cmd: number(2),
            seq: number(3),
            body: left[20..len].to_vec(),
        });
        left = &left[len..];
    }
    frames
}

async fn log_in(world: &World, uin: u64) -> Socket {
    let mut socket = open(world).await;
    say(&mut socket, &[Frame::new(AUTH, 1, ticket(uin, "page"))]).await;
    let answer = hear(&mut socket).await.remove(0);
    assert_eq!(answer.decode::<AuthResponse>().uin, uin);
    socket
}

#[test]
fn it_is_a_link() {
    run_test("a link", |_| async {
        let world = World::new().await;
        let mut socket = log_in(&world, 10_001).await;
        let frames = [
            Frame::new(NOOP, u32::MAX, Vec::new()),
            Frame::new(SEND, 2, send(1, 7)),
            Frame::new(SEND, 3, send(1, 8)),
        ];
        say(&mut socket, &frames).await;
        let mut heard = Vec::new();
        while heard.len() < 3 {
            heard.extend(hear(&mut socket).await);
        }
        let sent = heard.iter().find(|frame| frame.seq == 3).unwrap();
        assert_eq!(sent.decode::<SendResponse>().time_ms, 8);
        world.fakes.notify(10_001, 5);
        assert_eq!(hear(&mut socket).await[0].cmd, NOTIFY);
        let stats = world.access.stats();
        assert_eq!((stats.websockets, stats.short_links), (1, 0));
        assert_eq!(stats.authenticated, 1);
        assert_eq!(world.fakes.seen()[0].caller.device, "page");
    });
}

#[test]
fn a_frame_may_come_in_many_messages_and_fragments() {
    run_test("fragments", |_| async {
        let world = World::new().await;
        let mut socket = log_in(&world, 10_001).await;
        let bytes = Frame::new(SEND, 2, send(1, 7)).bytes();
        let (a, rest) = bytes.split_at(7);
        let (b, c) = rest.split_at(20);
        socket.send(Message::binary(a.to_vec())).await.unwrap();
        let fragment = |bytes: &[u8], code, last| {
            let frame = frame::Frame::message(bytes.to_vec(), OpCode::Data(code), last);
            Message::Frame(frame)
        };
        socket.send(fragment(b, Data::Binary, false)).await.unwrap();
        socket.send(Message::Ping("hm?".into())).await.unwrap();
        socket
            .send(fragment(c, Data::Continue, true))
            .await
            .unwrap();
        let pong = socket.next().await.unwrap().unwrap();
        assert_eq!(pong, Message::Pong("hm?".into()));
        assert_eq!(hear(&mut socket).await[0].seq, 2);
    });
}

#[test]
fn large_messages_go_both_ways() {
    run_test("large", |_| async {
        let world = World::new().await;
        let mut socket = log_in(&world, 10_001).await;
        let large = Frame::new(SEND, 2, vec![0; 200_000]);
        say(&mut socket, &[large]).await;
        assert_eq!(hear(&mut socket).await[0].error().code, 3);
        for bytes in [100, 125, 126, 65_000, 70_000, 900_000_usize] {
            let export = im_idl::account::ExportRequest {
                cursor: bytes.to_string().into(),
            };
            let export = prost::Message::encode_to_vec(&export);
            say(&mut socket, &[Frame::new(111, 3, export)]).await;
            let answer = hear(&mut socket).await.remove(0);
            let answer: im_idl::account::ExportResponse = answer.decode();
            assert_eq!(answer.records[0].len(), bytes);
        }
    });
}

#[test]
fn a_kick_is_a_frame_and_then_a_close() {
    run_test("kick", |_| async {
        let world = World::new().await;
        let mut socket = log_in(&world, 10_001).await;
        world.fakes.kick(10_001, "TICKET_REVOKED");
        assert_eq!(hear(&mut socket).await[0].cmd, KICK);
        let close = socket.next().await.unwrap().unwrap();
        assert!(
            matches!(close, Message::Close(Some(CloseFrame { code, .. })) if u16::from(code) == 1000)
        );
        until("it is gone", || world.access.stats().websockets == 0).await;
    });
}

#[test]
fn a_close_is_answered() {
    run_test("close", |_| async {
        let world = World::new().await;
        let mut socket = log_in(&world, 10_001).await;
        socket.close(None).await.unwrap();
        while let Some(message) = socket.next().await {
            assert!(matches!(message.unwrap(), Message::Close(_)));
        }
        until("it is gone", || world.access.stats().websockets == 0).await;
        until("that is known", || {
            world.fakes.state.sessions().links.is_empty()
        })
        .await;
    });
}

#[test]
fn text_and_broken_frames_end_it() {
    run_test("broken", |_| async {
        let world = World::new().await;
        let mut socket = open(&world).await;
        socket.send(Message::text("hello")).await.unwrap();
        let close = socket.next().await.unwrap().unwrap();
        assert!(
            matches!(close, Message::Close(Some(CloseFrame { code, .. })) if u16::from(code) == 1003)
        );
        // Unmasked, reserved bits, an unknown opcode, a continuation of nothing, a long ping, an endless length.
        for broken in [
            &[0x82, 0x01, 0x00][..],
            &[0xc2, 0x81, 0, 0, 0, 0, 0],
            &[0x83, 0x81, 0, 0, 0, 0, 0],
            &[0x80, 0x81, 0, 0, 0, 0, 0],
            &[0x89, 0xfe, 0, 126, 0, 0, 0, 0],
            &[0x09, 0x81, 0, 0, 0, 0, 0],
            &[0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ] {
            let mut socket = open(&world).await;
            socket.get_mut().write_all(broken).await.unwrap();
            let close = socket.next().await.unwrap().unwrap();
            assert!(
                matches!(close, Message::Close(Some(CloseFrame { code, .. })) if u16::from(code) == 1002),
                "{broken:?}"
            );
        }
    });
}

#[test]
fn a_stranger_is_ended_as_on_any_link() {
    run_test("stranger", |_| async {
        let world = World::new().await;
        let mut socket = open(&world).await;
        let began = tokio::time::Instant::now();
        while let Some(Ok(_)) = socket.next().await {}
        let lived = began.elapsed();
        assert!(
            Duration::from_secs(4) < lived && lived < Duration::from_secs(8),
            "{lived:?}"
        );
    });
}

#[test]
fn frames_that_came_with_the_handshake_are_heard() {
    run_test("early frames", |_| async {
        let world = World::new().await;
        let mut http = Http::new(world.short.connect().unwrap());
        let mut bytes = b"GET /im/ws HTTP/1.1\r\nHost: im\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            .to_vec();
        bytes.extend([0x82, 0x94, 0, 0, 0, 0]);
        bytes.extend(Frame::new(NOOP, 9, Vec::new()).bytes());
        let answer = http.ask(&bytes).await;
        assert_eq!(answer.status, 101);
        assert!(answer.head.contains("s3pplmbitxaq9kygzzhzrbk+xoo="));
        let echo = http.raw(22).await;
        assert_eq!(echo[..2], [0x82, 20]);
        assert_eq!(echo[2..], Frame::new(NOOP, 9, Vec::new()).bytes());
    });
}

#[test]
fn pages_that_are_not_on_the_list_stay_outside() {
    run_test("origins", |_| async {
        let config = Config {
            websocket_origins: vec!["https://chat.example.org".to_owned()],
            ..Config::default()
        };
        let world = World::with(config).await;
        for (origin, status) in [
            ("https://chat.example.org", 101),
            ("https://example.net", 403),
        ] {
            let mut request = URL.into_client_request().unwrap();
            let headers = request.headers_mut();
            headers.insert("origin", origin.parse().unwrap());
            let stream = world.short.connect().unwrap();
            let heard = match client_async(request, stream).await {
                Ok((_, answer)) => answer.status(),
                Err(Error::Http(answer)) => answer.status(),
                Err(e) => panic!("{e}"),
            };
            assert_eq!(heard, status);
        }
    });
}

#[test]
fn a_request_that_is_no_handshake_is_told_so() {
    run_test("no handshake", |_| async {
        let world = World::new().await;
        let ask = |headers: &str| format!("GET /im/ws HTTP/1.1\r\nHost: im\r\n{headers}\r\n");
        let upgrade = "Connection: upgrade\r\nUpgrade: websocket\r\n";
        let old = format!(
            "{upgrade}Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        );
        let keyless = format!("{upgrade}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n");
        for (headers, status) in [("", 426), (&*old, 426), (&*keyless, 400)] {
            let mut http = Http::new(world.short.connect().unwrap());
            assert_eq!(http.ask(ask(headers).as_bytes()).await.status, status);
        }
        // A connection that was the short link's stays so.
        let mut http = Http::new(world.short.connect().unwrap());
        let ticket = bearer(10_001, "page");
        http.ask(&post("/im/send", "keep-alive", &ticket, &send(1, 1)))
            .await;
        let whole = keyless.replace("short", "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(http.ask(ask(&whole).as_bytes()).await.status, 409);
    });
}
