//! Whoever is kicked stays away until he is told otherwise.

use crate::fake::{BOB, Fake, ME};
use im_client::{Client, Config, Event, Events};
use im_idl::contact::OnlineRequest;
use std::time::Duration;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

async fn until(events: &mut Events, found: impl Fn(&Event) -> bool) {
    while !found(&events.next().await.unwrap()) {}
}

/// No attempt is made to come back by itself.
async fn stays_away(fake: &Fake, client: &Client) {
    let connects = fake.lock().connects.len();
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    assert_eq!(fake.lock().connects.len(), connects);
    assert!(!client.is_online());
}

#[test]
fn a_newer_link_elsewhere_ends_this_one_for_good() {
    run_test("kicked", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        let mut events = client.events();
        fake.kick("KICKED_BY_LOGIN");
        until(&mut events, |event| matches!(event, Event::Kicked)).await;
        stays_away(&fake, &client).await;
        let failed = client.call(OnlineRequest {}).await.unwrap_err();
        assert_eq!(failed.code(), Code::Unauthenticated);
        client.reconnect().await;
        client.online().await.unwrap();
    });
}

#[test]
fn a_revoked_ticket_needs_a_login_and_what_was_to_be_sent_is_sent_then() {
    run_test("revoked", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        let mut events = client.events();
        fake.lock().revoke();
        fake.kick("TICKET_REVOKED");
        until(&mut events, |event| {
            matches!(event, Event::LoggedOut { .. })
        })
        .await;
        let sent = client.send_text(BOB, "later").await.unwrap();
        stays_away(&fake, &client).await;
        assert_eq!(client.login("ada", "correct horse", "").await.unwrap(), ME);
        sent.acknowledged().await.unwrap();
        assert_eq!(fake.lock().stored.len(), 1);
    });
}

#[test]
fn a_ticket_that_was_revoked_meanwhile_is_not_shown_for_ever() {
    run_test("revoked meanwhile", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        let mut events = client.events();
        fake.lock().revoke();
        fake.cut();
        until(&mut events, |event| {
            matches!(event, Event::LoggedOut { .. })
        })
        .await;
        stays_away(&fake, &client).await;
    });
}
