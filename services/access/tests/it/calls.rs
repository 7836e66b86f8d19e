//! What a call brings to the service it goes to, and what comes back.

use crate::support::client::{AUTH, SEND, send, ticket};
use crate::support::{Client, Frame, World};
use im_access::Config;
use im_idl::account::{ExportRequest, ExportResponse, LoginRequest, LoginResponse};
use prost::Message;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use svrkit_rt::testing::run_test;

const LOGIN: u32 = 102;
const EXPORT: u32 = 111;

#[test]
fn who_calls_is_known_by_ticket() {
    run_test("caller", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        link.chat(2).await;
        let [seen] = &world.fakes.seen()[..] else {
            panic!("one call");
        };
        assert_eq!(seen.caller.uin, 10_001);
        assert_eq!(seen.caller.device, "phone");
        assert_eq!(seen.caller.client_version, 200);
        assert_eq!(seen.routing_key, 10_001);
        assert_eq!(seen.priority.business, 8, "that of the method");
        assert!(seen.priority.user < 128);
        assert_eq!(seen.metadata, ["im-caller"], "and nothing else");
    });
}

#[test]
fn strangers_call_what_needs_no_ticket_and_nothing_else() {
    run_test("strangers", |_| async {
        let world = World::new().await;
        let mut link = world.open();
        let refused = link.ask(SEND, 1, send(1, 1)).await;
        assert_eq!(refused.error().code, 16);
        let name = "ada".to_owned();
        let request = LoginRequest {
            name,
            ..LoginRequest::default()
        };
        let answer = link.ask(LOGIN, 2, request.encode_to_vec()).await;
        assert_eq!(answer.decode::<LoginResponse>().ticket, "ada");
        let seen = &world.fakes.seen()[0];
        assert_eq!((seen.caller.uin, seen.routing_key), (0, 0));
        assert_eq!(seen.caller.client_version, 200);
        // A refusal is no reason to part.
        link.log_in(10_001, "phone").await;
        link.chat(9).await;
    });
}

#[test]
fn a_refusal_of_the_service_comes_through() {
    run_test("refusal", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        let error = link.ask(SEND, 2, send(3, 1)).await.error();
        assert_eq!((error.code, &*error.reason), (7, "im.message/NOT_FRIENDS"));
        link.chat(3).await;
    });
}

#[test]
fn a_wrong_ticket_is_refused_and_another_may_be_tried() {
    run_test("wrong ticket", |_| async {
        let world = World::new().await;
        let mut link = world.open();
        let mut wrong = ticket(10_001, "phone");
        wrong.truncate(4);
        for body in [Vec::new(), wrong, b"\xff\xff\xff".to_vec()] {
            let refused = link.ask(AUTH, 1, body).await;
            assert!([3, 16].contains(&refused.error().code), "{refused:?}");
        }
        link.log_in(10_001, "phone").await;
    });
}

#[test]
fn a_link_takes_a_renewed_ticket_and_no_other() {
    run_test("second ticket", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        link.log_in(10_001, "phone").await;
        for other in [ticket(10_002, "phone"), ticket(10_001, "desk")] {
            assert_eq!(link.ask(AUTH, 3, other).await.error().code, 7);
        }
        link.chat(4).await;
        assert_eq!(world.fakes.seen()[0].caller.uin, 10_001);
        assert_eq!(world.fakes.state.sessions().registrations, 1);
        assert_eq!(world.access.stats().authenticated, 1);
    });
}

/// Mars' second and further links mark the command of their authentication.
#[test]
fn a_minor_link_authenticates_too() {
    run_test("minor link", |_| async {
        let world = World::new().await;
        let mut link = world.open();
        let cmd = 0xff00_0002;
        let answer = link.ask(cmd, 0xffff_fffe, ticket(10_001, "phone")).await;
        assert_eq!(answer.decode::<im_idl::access::AuthResponse>().uin, 10_001);
    });
}

#[test]
fn an_answer_that_mars_would_not_take_is_refused_instead() {
    run_test("large answer", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        let export = |bytes: usize| {
            let cursor = bytes.to_string().into();
            ExportRequest { cursor }.encode_to_vec()
        };
        let answer = link.ask(EXPORT, 2, export(1_000_000)).await;
        let answer: ExportResponse = answer.decode();
        assert_eq!(answer.records[0].len(), 1_000_000);
        let refused = link.ask(EXPORT, 3, export(1_048_576)).await;
        assert_eq!(refused.error().code, 8);
    });
}

#[test]
fn a_service_that_is_away_is_a_refusal() {
    run_test("away", |_| async {
        let world = World::new().await;
        let mut deps = world.fakes.deps();
        deps.services.remove("im.message.Message");
        let access = im_access::Access::build(Config::default(), deps).await;
        let (listener, connector) = svrkit_rt::memory();
        let listeners = im_access::Listeners {
            long: Some(listener),
            short: None,
        };
        let forever = std::future::pending();
        tokio::spawn(access.unwrap().run(listeners, forever));
        let mut link = Client::new(connector.connect().unwrap());
        link.log_in(10_001, "phone").await;
        assert_eq!(link.ask(SEND, 2, send(1, 1)).await.error().code, 14);
    });
}

#[test]
fn a_link_that_cannot_be_registered_is_told_so() {
    run_test("no session", |_| async {
        let world = World::new().await;
        world.fakes.state.session_is_away.store(true, SeqCst);
        let mut link = world.open();
        let refused = link.ask(AUTH, 1, ticket(10_001, "phone")).await;
        assert_eq!(refused.error().code, 14);
        assert_eq!(link.ask(SEND, 2, send(1, 1)).await.error().code, 16);
        world.fakes.state.session_is_away.store(false, SeqCst);
        link.log_in(10_001, "phone").await;
    });
}

/// The end of a node: what was asked is answered, nobody new comes in, and the session service hears of it.
#[test]
fn a_node_that_ends_answers_what_was_asked() {
    run_test("drain", |_| async {
        let mut world = World::new().await;
        let mut busy = world.log_in(10_001, "phone").await;
        let mut idle = world.log_in(10_002, "phone").await;
        busy.send(SEND, 2, send(2, 2)).await;
        let gate = world.fakes.gate.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            gate.add_permits(1);
        });
        let waiting = tokio::spawn(async move {
            let answer = busy.recv().await;
            busy.ends().await;
            answer
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.end().await.unwrap();
        assert_eq!(waiting.await.unwrap().seq, 2);
        idle.ends().await;
        assert!(world.fakes.state.sessions().links.is_empty());
        assert_eq!(world.access.stats().long_links, 0);
    });
}

#[test]
fn a_frame_with_the_seq_of_a_push_is_not_answered() {
    run_test("seq 0", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        link.write(&Frame::new(SEND, 0, send(1, 1)).bytes()).await;
        link.chat(5).await;
        assert_eq!(world.fakes.seen().len(), 1);
    });
}
