//! Clients that mean harm, or are broken: everything they send is answered or their link ends, and nobody else notices.

use crate::backend::{Backend, OverMemory, befriend, hears, say, uin};
use im_client::{Client, Link};
use im_idl::access::{AuthRequest, AuthResponse, Command};
use im_idl::base::Refusal;
use im_idl::client_methods;
use im_idl::message::SendRequest;
use im_idl::sync::{SyncRequest, SyncResponse};
use prost::Message;
use svrkit_rt::testing::{Seed, run_test};
use svrkit_rt::{Code, Connect, Ticket};

/// Random bodies to each method.
const BODIES: usize = 60;

async fn link(backend: &Backend) -> Link {
    Link::new(OverMemory(backend.connector()).connect().await.unwrap())
}

fn ticket(client: &Client) -> String {
    client.state(|state| state.identity().unwrap().ticket.clone())
}

async fn auth(link: &mut Link, ticket: String) -> AuthResponse {
    link.send(Command::Auth as u32, &AuthRequest { ticket });
    AuthResponse::decode(link.next().await.unwrap().body).unwrap()
}

/// A link with somebody's ticket: whoever is hostile has an account, too.
async fn authenticated(backend: &Backend, ticket: &str) -> Link {
    let mut link = link(backend).await;
    assert_eq!(auth(&mut link, ticket.to_owned()).await.error, None);
    link
}

/// Registers somebody, and takes nothing but the ticket.
async fn ticket_of_new(backend: &Backend, name: &str) -> String {
    let device = backend.register(name).await;
    ticket(&device)
}

/// Bytes that are more or less protobuf: a valid message with some bytes changed, nested ones, or noise.
fn body(rng: &mut fastrand::Rng, valid: &[u8]) -> Vec<u8> {
    let mut body = match rng.u8(0..4) {
        0 => (0..rng.usize(0..200)).map(|_| rng.u8(..)).collect(),
        1 => nested(rng.usize(1..2_000)),
        _ => valid.to_vec(),
    };
    for _ in 0..rng.usize(0..4) {
        if !body.is_empty() {
            let at = rng.usize(0..body.len());
            body[at] = rng.u8(..);
        }
    }
    body
}

/// A message in a message in a message, `depth` deep, in field 3.
fn nested(depth: usize) -> Vec<u8> {
    let mut body = Vec::new();
    for _ in 0..depth {
        let mut outer = vec![0x1a];
        prost::encoding::encode_varint(body.len() as u64, &mut outer);
        outer.extend_from_slice(&body);
        body = outer;
    }
    body
}

#[test]
fn any_body_to_any_method_is_answered() {
    run_test("hostile bodies", |seed: Seed| async move {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        let eve = ticket_of_new(&backend, "eve").await;
        befriend(&ada, &bob).await;
        let mut rng = seed.derive("bodies").rng();
        let valid = SendRequest {
            to: uin(&ada),
            client_message_id: 7,
            content: Some(crate::backend::text_content("hello")),
        };
        let valid = valid.encode_to_vec();
        for method in client_methods() {
            // Logging out (by luck) is allowed and would end the story.
            if method.name == "Logout" || method.cgi.unwrap().ticket == Ticket::None {
                continue;
            }
            let mut link = authenticated(&backend, &eve).await;
            for _ in 0..BODIES {
                let body = body(&mut rng, &valid);
                let seq = link.send_encoded(method.cgi.unwrap().cmd_id, &body);
                loop {
                    let frame = link.next().await.unwrap_or_else(|e| {
                        panic!("{} with {body:02x?} ended the link: {e}", method.full_name)
                    });
                    if frame.seq == seq {
                        let refusal = Refusal::decode(frame.body).unwrap();
                        let code = refusal.error.map(|error| error.code);
                        let internal = [Code::Internal as u32, Code::Unknown as u32];
                        assert!(
                            !internal.contains(&code.unwrap_or(0)),
                            "{} {body:02x?}",
                            method.full_name
                        );
                        break;
                    }
                }
            }
        }
        say(&ada, uin(&bob), "nothing happened").await.unwrap();
        assert_eq!(hears(&bob, uin(&ada), 1).await, ["nothing happened"]);
    });
}

#[test]
fn a_ticket_is_its_owners_as_it_was_given() {
    run_test("forged tickets", |seed: Seed| async move {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let good = ticket(&ada);
        let mut rng = seed.derive("tickets").rng();
        for _ in 0..100 {
            let mut forged = good.clone().into_bytes();
            let at = rng.usize(0..forged.len());
            let other = *rng.choice(b"ABCxyz019-_").unwrap();
            if forged[at] == other {
                continue;
            }
            forged[at] = other;
            let forged = String::from_utf8(forged).unwrap();
            let mut link = link(&backend).await;
            let error = auth(&mut link, forged.clone()).await.error;
            // The last letter of base64 holds bits that mean nothing.
            let same = at + 1 == good.len() && error.is_none();
            assert!(
                same || error.unwrap().code == Code::Unauthenticated as u32,
                "{forged}"
            );
        }
        let mut link = link(&backend).await;
        let sync = link.send(221, &SyncRequest::default());
        let frame = link.next().await.unwrap();
        assert_eq!(frame.seq, sync);
        let error = SyncResponse::decode(frame.body).unwrap().error.unwrap();
        assert_eq!(error.code, Code::Unauthenticated as u32, "without a ticket");
        assert_eq!(
            auth(&mut link, good).await.uin,
            uin(&ada),
            "the link lives on"
        );
    });
}

#[test]
fn a_forged_snapshot_hurts_its_owner_only() {
    run_test("forged snapshot", |seed: Seed| async move {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        befriend(&ada, &bob).await;
        say(&ada, uin(&bob), "for bob").await.unwrap();
        hears(&bob, uin(&ada), 1).await;
        let eve = ticket_of_new(&backend, "eve").await;
        let mut eve = authenticated(&backend, &eve).await;
        let mut rng = seed.derive("snapshots").rng();
        let stolen = bob.state(|state| state.snapshot().to_vec());
        for _ in 0..300 {
            let snapshot = body(&mut rng, &stolen);
            let sync = SyncRequest {
                snapshot: snapshot.into(),
                ..SyncRequest::default()
            };
            let seq = eve.send(221, &sync);
            let answer = loop {
                let frame = eve.next().await.unwrap();
                if frame.seq == seq {
                    break SyncResponse::decode(frame.body).unwrap();
                }
            };
            assert!(
                answer.messages.is_empty() && answer.contacts.is_empty(),
                "{answer:?}"
            );
        }
        say(&ada, uin(&bob), "still for bob").await.unwrap();
        assert_eq!(
            hears(&bob, uin(&ada), 2).await,
            ["for bob", "still for bob"]
        );
    });
}
