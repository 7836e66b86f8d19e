//! What a ticket is worth, and for how long.

use crate::service::{PASSWORD, by, cheap, login, service, service_with, somebody, verify};
use crate::world::{Fate, World};
use im_account::{Config, Refused};
use im_idl::account::RenewTicketRequest;
use std::time::Duration;
use svrkit_rt::testing::run_test;
use svrkit_rt::{Code, Status};
use tokio::time::advance;

/// Short lives: a test's clock runs for a week at most.
fn short_lives() -> Config {
    Config {
        ticket_days: 2,
        key_rotation_days: 1,
        ..cheap()
    }
}

fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3_600)
}

fn is_invalid<T>(answer: Result<T, Status>) -> bool {
    answer.is_err_and(|status| Refused::try_from(&status) == Ok(Refused::TicketInvalid))
}

#[test]
fn verifying_costs_one_read_and_nothing_else() {
    run_test("one read", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let ada = somebody(&service, "ada", &["phone"]).await;
        world
            .until_done("im.account_store.AccountStore/ListErasing", 1)
            .await;
        world.take_done();
        for _ in 0..3 {
            verify(&service, &ada[0].ticket).await.unwrap();
        }
        assert_eq!(
            world.take_done(),
            ["im.account_store.AccountStore/GetDevice"; 3]
        );
    });
}

#[test]
fn a_ticket_expires_and_can_be_renewed_before() {
    run_test("expiry", |_| async {
        let world = World::new();
        let service = service_with(&world, short_lives()).await;
        let ada = somebody(&service, "ada", &["phone"]).await;
        let uin = ada[0].uin;
        advance(hours(47)).await;
        let ticket = ada[0].ticket.clone();
        verify(&service, &ticket).await.unwrap();
        let renew = by(
            uin,
            "phone",
            RenewTicketRequest {
                ticket: ticket.clone(),
            },
        );
        let renewed = service.renew_ticket_with(renew).await.unwrap().message;
        verify(&service, &ticket)
            .await
            .expect("renewing revokes nothing");
        advance(hours(1)).await;
        assert!(is_invalid(verify(&service, &ticket).await));
        advance(hours(46)).await;
        verify(&service, &renewed.ticket).await.unwrap();
        let renew = by(uin, "phone", RenewTicketRequest { ticket });
        assert!(is_invalid(service.renew_ticket_with(renew).await));
    });
}

#[test]
fn keys_rotate_and_no_ticket_dies_of_it() {
    run_test("rotation", |_| async {
        let world = World::new();
        // Two of them, of which each verifies what the other signed.
        let services = [
            service_with(&world, short_lives()).await,
            service_with(&world, short_lives()).await,
        ];
        let ada = somebody(&services[0], "ada", &["phone"]).await;
        let mut tickets = vec![ada[0].clone()];
        for hour in 1..24 * 6 {
            advance(hours(1)).await;
            let renewing = &services[hour % 2];
            let ticket = tickets.last().unwrap().ticket.clone();
            let renew = by(ada[0].uin, "phone", RenewTicketRequest { ticket });
            tickets.push(renewing.renew_ticket_with(renew).await.unwrap().message);
            let now_ms = svrkit_rt::clock::now_ms();
            for ticket in tickets.iter().rev().take(50).step_by(7) {
                let valid = verify(&services[(hour + 1) % 2], &ticket.ticket)
                    .await
                    .is_ok();
                assert_eq!(valid, ticket.expires_ms > now_ms, "in hour {hour}");
            }
        }
        let state = world.state();
        let ids: Vec<_> = state.store.keys.iter().map(|key| key.id).collect();
        assert!(ids.len() <= 5, "old keys are forgotten: {ids:?}");
        assert_eq!(ids.last(), Some(&6), "a new key each day");
        for key in &state.store.keys {
            assert_eq!(key.secret.len(), 32);
        }
    });
}

#[test]
fn forged_tickets_have_the_keys_read_once_a_second_at_most() {
    run_test("unknown keys", |_| async {
        let world = World::new();
        let other = World::new();
        let service = service(&world).await;
        let ada = somebody(&service, "ada", &["phone"]).await;
        // Good tickets of another backend: its keys have the same numbers, then numbers that are unknown here.
        let forger = crate::service::service(&other).await;
        let forged = somebody(&forger, "ada", &["phone"]).await;
        assert!(is_invalid(verify(&service, &forged[0].ticket).await));
        other.state().store.keys[0].id = 99;
        let forger = crate::service::service(&other).await;
        let forged = forger.login(login("ada", PASSWORD, "phone")).await.unwrap();
        world.take_done();
        for _ in 0..5 {
            for _ in 0..20 {
                assert!(is_invalid(verify(&service, &forged.ticket).await));
            }
            advance(Duration::from_millis(500)).await;
        }
        let read = world.done("im.account_store.AccountStore/ListKeys").len();
        assert!((1..=3).contains(&read), "{read} times in two seconds");
        assert_eq!(
            world.done("im.account_store.AccountStore/GetDevice").len(),
            0
        );
        verify(&service, &ada[0].ticket).await.unwrap();
        for text in ["", "nonsense", &"A".repeat(100_000)] {
            assert!(is_invalid(verify(&service, text).await));
        }
    });
}

#[test]
fn a_key_that_was_made_elsewhere_is_read_when_its_first_ticket_comes() {
    run_test("late key", |_| async {
        let world = World::new();
        let late = service(&world).await;
        somebody(&late, "ada", &["phone"]).await;
        // As if all keys had been thrown away by hand.
        world.state().store.keys[0].id = 7;
        world.state().store.keys[0].secret = vec![7; 32].into();
        let other = service(&world).await;
        let ticket = other
            .login(login("ada", PASSWORD, "phone"))
            .await
            .unwrap()
            .ticket;
        advance(Duration::from_secs(2)).await;
        verify(&late, &ticket).await.unwrap();
    });
}

#[test]
fn a_store_that_is_away_makes_no_ticket_invalid() {
    run_test("away", |_| async {
        let world = World::new();
        let ada = somebody(&service(&world).await, "ada", &["phone"]).await;
        world.decide(|_| Fate::Lost);
        let service = service(&world).await;
        let unknown = verify(&service, &ada[0].ticket).await.unwrap_err();
        assert_eq!(
            unknown.code(),
            Code::Unavailable,
            "log in again would be wrong"
        );
        world.decide(|_| Fate::Answered);
        verify(&service, &ada[0].ticket).await.unwrap();
        // Keys that cannot be read again still serve.
        advance(Duration::from_secs(3_600)).await;
        world.decide(|method| match method.ends_with("Keys") {
            true => Fate::Lost,
            false => Fate::Answered,
        });
        verify(&service, &ada[0].ticket).await.unwrap();
    });
}

#[test]
fn a_link_that_outlived_its_ticket_gets_no_other() {
    run_test("renew", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let ada = somebody(&service, "ada", &["phone", "tablet"]).await;
        let bob = somebody(&service, "bob", &["phone"]).await;
        let (uin, stolen) = (ada[0].uin, ada[0].ticket.clone());
        let renew = |uin, device, ticket: &str| {
            let ticket = ticket.to_owned();
            service.renew_ticket_with(by(uin, device, RenewTicketRequest { ticket }))
        };
        renew(uin, "phone", &stolen).await.unwrap();
        assert!(
            is_invalid(renew(uin, "tablet", &stolen).await),
            "another device's"
        );
        assert!(
            is_invalid(renew(bob[0].uin, "phone", &stolen).await),
            "another user's"
        );
        assert!(is_invalid(renew(uin, "phone", "").await));
        service
            .login(login("ada", PASSWORD, "phone"))
            .await
            .unwrap();
        assert!(
            is_invalid(renew(uin, "phone", &stolen).await),
            "the owner is back"
        );
    });
}
