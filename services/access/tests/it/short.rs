//! The short link: the same calls over HTTP.

use crate::support::client::{SEND, send};
use crate::support::http::{Http, bearer, post};
use crate::support::{World, until};
use im_access::Config;
use im_idl::account::{ExportRequest, LoginRequest, LoginResponse};
use im_idl::message::SendResponse;
use prost::Message;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use svrkit_rt::testing::run_test;
use tokio::io::AsyncWriteExt;

fn open(world: &World) -> Http {
    Http::new(world.short.connect().unwrap())
}

#[test]
fn a_call_as_mars_makes_it() {
    run_test("as mars", |_| async {
        let world = World::new().await;
        let mut http = open(&world);
        let ticket = bearer(10_001, "phone");
        let request = post("/im/send", "close", &ticket, &send(1, 77));
        let answer = http.ask(&request).await;
        assert_eq!(answer.decode::<SendResponse>().time_ms, 77);
        http.ends().await;
        let seen = &world.fakes.seen()[0];
        assert_eq!((seen.caller.uin, &*seen.caller.device), (10_001, "phone"));
        assert_eq!(seen.caller.client_version, 0);
        assert_eq!(seen.routing_key, 10_001);
        assert_eq!(seen.metadata, ["im-caller"]);
    });
}

#[test]
fn a_connection_that_is_kept_makes_many_calls_and_verifies_once() {
    run_test("keep-alive", |_| async {
        let world = World::new().await;
        let mut http = open(&world);
        let headers = format!("{}X-Client-Version: 201\r\n", bearer(10_001, "phone"));
        for id in 1..=20 {
            let request = post("/im/send", "keep-alive", &headers, &send(1, id));
            let answer = http.ask(&request).await;
            assert_eq!(answer.decode::<SendResponse>().time_ms, id);
        }
        assert_eq!(world.fakes.state.verified.load(SeqCst), 1);
        assert_eq!(world.fakes.seen()[0].caller.client_version, 201);
        // Not for long: it may be revoked.
        tokio::time::sleep(Duration::from_secs(6)).await;
        let request = post("/im/send", "keep-alive", &headers, &send(1, 30));
        http.ask(&request).await.decode::<SendResponse>();
        assert_eq!(world.fakes.state.verified.load(SeqCst), 2);
    });
}

#[test]
fn a_kick_has_the_ticket_verified_anew() {
    run_test("kick", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        let mut http = open(&world);
        let request = post(
            "/im/send",
            "keep-alive",
            &bearer(10_001, "phone"),
            &send(1, 1),
        );
        http.ask(&request).await;
        let before = world.fakes.state.verified.load(SeqCst);
        world.fakes.kick(10_001, "TICKET_REVOKED");
        link.recv().await;
        http.ask(&request).await;
        assert_eq!(world.fakes.state.verified.load(SeqCst), before + 1);
    });
}

#[test]
fn refusals_are_the_bytes_of_the_long_link() {
    run_test("refusals", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        let refused = link.ask(SEND, 2, send(3, 1)).await;
        let mut http = open(&world);
        let ticket = bearer(10_001, "phone");
        let request = post("/im/send", "keep-alive", &ticket, &send(3, 1));
        let answer = http.ask(&request).await;
        assert_eq!((answer.status, answer.body), (200, refused.body));
        // Our own, too, and the connection stays.
        let none = post("/im/send", "keep-alive", "", &send(1, 1));
        assert_eq!(http.ask(&none).await.error().code, 16);
        let wrong = "Authorization: Bearer nonsense\r\n";
        let wrong = post("/im/send", "keep-alive", wrong, &send(1, 1));
        let error = http.ask(&wrong).await.error();
        assert_eq!(
            (error.code, &*error.reason),
            (16, "im.account/TICKET_INVALID")
        );
    });
}

#[test]
fn strangers_call_what_needs_no_ticket() {
    run_test("stranger", |_| async {
        let world = World::new().await;
        let name = "ada".to_owned();
        let login = LoginRequest {
            name,
            ..LoginRequest::default()
        };
        let mut http = open(&world);
        let request = post("/im/login", "close", "", &login.encode_to_vec());
        let answer: LoginResponse = http.ask(&request).await.decode();
        assert_eq!(answer.ticket, "ada");
    });
}

#[test]
fn what_is_no_call_is_said_in_http() {
    run_test("http errors", |_| async {
        let world = World::new().await;
        let ticket = bearer(10_001, "phone");
        let with = |headers: &str, body: &[u8]| {
            let mut bytes = format!("POST /im/send HTTP/1.1\r\nHost: im\r\n{headers}\r\n");
            bytes.push_str(&String::from_utf8_lossy(body));
            bytes.into_bytes()
        };
        let large = vec![0; 4 * 1024];
        let login = post("/im/login", "keep-alive", "", &large);
        let largest = vec![0; 256 * 1024];
        let chunked = format!("{ticket}Transfer-Encoding: chunked\r\n");
        let cases: [(&[u8], u16); 9] = [
            (&post("/im/nothing", "keep-alive", "", b""), 404),
            (b"GET /im/send HTTP/1.1\r\nHost: im\r\n\r\n", 405),
            (b"DELETE / HTTP/1.1\r\nHost: im\r\n\r\n", 405),
            (&with(&ticket, b""), 411),
            (&login, 413),
            (&post("/im/send", "keep-alive", &ticket, &largest), 413),
            (
                &with(
                    &chunked,
                    &[b"41000\r\n", &[b'x'; 0x41000][..], b"\r\n0\r\n\r\n"].concat(),
                ),
                413,
            ),
            (
                &with(
                    &format!("{ticket}Content-Encoding: gzip\r\nContent-Length: 1\r\n"),
                    b"x",
                ),
                415,
            ),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        ];
        for (request, status) in cases {
            let mut http = open(&world);
            http.write(request).await;
            let answer = http.next().await.expect("an answer");
            assert_eq!(answer.status, status, "{}", answer.head);
        }
    });
}

#[test]
fn the_front_page_and_health_are_text() {
    run_test("pages", |_| async {
        let world = World::new().await;
        let mut http = open(&world);
        let page = http.ask(b"GET / HTTP/1.1\r\nHost: im\r\n\r\n").await;
        assert_eq!((page.status, page.body.last()), (200, Some(&b'\n')));
        let health = http.ask(b"GET /health HTTP/1.1\r\nHost: im\r\n\r\n").await;
        assert_eq!((health.status, &*health.body), (200, &b"ok\n"[..]));
    });
}

#[test]
fn a_chunked_body_is_put_together() {
    run_test("chunked", |_| async {
        let world = World::new().await;
        let mut http = open(&world);
        let body = send(1, 9);
        let (a, b) = body.split_at(3);
        let head = format!(
            "POST /im/send HTTP/1.1\r\nHost: im\r\nTransfer-Encoding: chunked\r\n{}\r\n",
            bearer(10_001, "phone")
        );
        let chunk =
            |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
        let bytes = [head.as_bytes(), &chunk(a), &chunk(b), b"0\r\n\r\n"].concat();
        let answer = http.ask(&bytes).await;
        assert_eq!(answer.decode::<SendResponse>().time_ms, 9);
    });
}

#[test]
fn an_answer_that_is_too_long_is_refused() {
    run_test("large answer", |_| async {
        let world = World::new().await;
        let mut http = open(&world);
        let export = ExportRequest {
            cursor: "1048576".into(),
        };
        let ticket = bearer(10_001, "phone");
        let request = post("/im/export", "close", &ticket, &export.encode_to_vec());
        assert_eq!(http.ask(&request).await.error().code, 8);
    });
}

#[test]
fn slow_clients_are_ended() {
    run_test("slow", |_| async {
        let world = World::new().await;
        let config = Config::default();
        let ticket = bearer(10_001, "phone");
        let whole = post("/im/send", "keep-alive", &ticket, &send(1, 1));
        let head = whole.len() - send(1, 1).len();
        // How much is said in time, and how long the rest may take.
        for (said, within_ms) in [
            (0, config.first_frame_timeout_ms),
            (10, config.first_frame_timeout_ms),
            (head, config.short_body_timeout_ms),
            (whole.len(), config.short_idle_timeout_ms),
        ] {
            let mut http = open(&world);
            http.write(&whole[..said]).await;
            if said == whole.len() {
                http.next().await.expect("an answer");
            }
            let began = tokio::time::Instant::now();
            let end = async { while http.next().await.is_some() {} };
            tokio::time::timeout(Duration::from_secs(120), end)
                .await
                .expect("an end");
            let lived = began.elapsed().as_millis() as u64;
            let expected = within_ms - 1_000..within_ms + 4_000;
            assert!(expected.contains(&lived), "{said}: {lived} ms");
        }
        until("all are gone", || world.access.stats().short_links == 0).await;
    });
}

#[test]
fn connections_are_bounded_until_a_ticket_is_shown() {
    run_test("doors", |_| async {
        let config = Config {
            unauthenticated_per_address_max: 2,
            ..Config::default()
        };
        let world = World::with(config).await;
        let (mut user, _stranger) = (open(&world), open(&world));
        open(&world).ends().await;
        let ticket = bearer(10_001, "phone");
        let request = post("/im/send", "keep-alive", &ticket, &send(1, 1));
        user.ask(&request).await;
        let mut late = open(&world);
        late.ask(b"GET / HTTP/1.1\r\nHost: im\r\n\r\n").await;
    });
}

#[test]
fn requests_that_come_together_are_answered_in_order() {
    run_test("pipelined", |_| async {
        let world = World::new().await;
        let mut http = open(&world);
        let ticket = bearer(10_001, "phone");
        let mut bytes = Vec::new();
        for id in 1..=50 {
            bytes.extend(post("/im/send", "keep-alive", &ticket, &send(1, id)));
        }
        http.stream.write_all(&bytes).await.unwrap();
        for id in 1..=50 {
            let answer = http.next().await.unwrap();
            assert_eq!(answer.decode::<SendResponse>().time_ms, id);
        }
    });
}
