//! The doors for clients outside: CGI paths and tickets.

use crate::support::{Site, post};
use svrkit_rt::{Inherited, Status, TicketVerifier};

/// Tickets are `uin-<number>`; `slow` waits for ever, `boom` panics.
struct Gate;

impl TicketVerifier for Gate {
    async fn verify(&self, ticket: &str) -> Result<u64, Status> {
        assert!(Inherited::current().is_some(), "part of the call");
        match ticket {
            "slow" => std::future::pending().await,
            "boom" => panic!("the gate burns"),
            _ => ticket
                .strip_prefix("uin-")
                .and_then(|n| n.parse().ok())
                .ok_or_else(|| Status::unauthenticated("no such ticket")),
        }
    }
}

fn gated() -> Site {
    Site::with(|server| server.ticket_verifier(Gate))
}

fn buy(headers: &str) -> String {
    post(
        "/cgi-bin/buy",
        "application/json",
        headers,
        r#"{"name":"a"}"#,
    )
}

#[tokio::test]
async fn a_ticket_says_who_is_calling() {
    let site = gated();
    for scheme in ["Bearer", "bearer"] {
        let answer = site
            .ask(&buy(&format!("authorization: {scheme} uin-77\r\n")))
            .await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["routingKey"], "77");
    }
    site.close().await;
}

#[tokio::test]
async fn nobody_comes_in_without_a_valid_ticket() {
    let site = gated();
    for headers in [
        "",
        "authorization: uin-77\r\n",
        "authorization: Basic uin-77\r\n",
        "authorization: Bearer \r\n",
        "authorization: Bearer other\r\n",
    ] {
        let answer = site.ask(&buy(headers)).await;
        answer.error(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    let answer = site.ask(&buy("authorization: Bearer boom\r\n")).await;
    answer.error(500, "internal");
    assert_eq!(
        site.ledger.calls.load(std::sync::atomic::Ordering::SeqCst),
        0
    );
    site.close().await;
}

#[tokio::test]
async fn without_a_verifier_nobody_comes_in() {
    let site = Site::open();
    let answer = site.ask(&buy("authorization: Bearer uin-77\r\n")).await;
    answer.error(401, "unauthenticated");
    site.close().await;
}

#[tokio::test(start_paused = true)]
async fn verifying_is_part_of_the_calls_time() {
    let site = gated();
    let answer = site.ask(&buy("authorization: Bearer slow\r\n")).await;
    answer.error(504, "deadline_exceeded");
    site.close().await;
}

/// Only the CGI path asks for a ticket: the ordinary one is for callers inside.
#[tokio::test]
async fn callers_inside_need_no_ticket() {
    let site = Site::open();
    let request = post(
        "/shop.v1.Shop/Buy",
        "application/json",
        "",
        r#"{"name":"a"}"#,
    );
    let answer = site.ask(&request).await;
    // FNV-1a of "a".
    assert_eq!(answer.json()["routingKey"], "12638187200555641996");
    site.close().await;
}

#[tokio::test]
async fn a_path_without_ticket_is_open_to_posts_only() {
    let site = Site::open();
    let request = post(
        "/cgi-bin/show",
        "application/json",
        "",
        r#"{"user":{"id":3}}"#,
    );
    let answer = site.ask(&request).await;
    assert_eq!(answer.json()["routingKey"], "3");
    let query = "/cgi-bin/show?encoding=json&message=%7B%7D";
    let answer = site.ask(&format!("GET {query} HTTP/1.1\r\n\r\n")).await;
    answer.error(405, "unimplemented");
    assert_eq!(answer.header("allow"), "POST");
    site.close().await;
}
