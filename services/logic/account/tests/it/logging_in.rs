//! Getting in again.

use crate::service::{PASSWORD, cheap, login, service, service_with, somebody, verify};
use crate::world::World;
use im_account::{Config, Refused};
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

#[test]
fn a_device_that_logs_in_again_leaves_its_old_ticket_behind() {
    run_test("again", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let logins = somebody(&service, "ada", &["phone", "tablet"]).await;
        let again = service
            .login(login("ADA", PASSWORD, "phone"))
            .await
            .unwrap();
        assert_eq!(again.uin, logins[0].uin);
        verify(&service, &again.ticket).await.unwrap();
        verify(&service, &logins[1].ticket)
            .await
            .expect("another device stays in");
        let old = verify(&service, &logins[0].ticket).await.unwrap_err();
        assert_eq!(Refused::try_from(&old), Ok(Refused::TicketInvalid));
    });
}

#[test]
fn an_unknown_name_and_a_wrong_password_cannot_be_told_apart() {
    run_test("same answer", |_| async {
        let world = World::new();
        let service = service(&world).await;
        somebody(&service, "ada", &["phone"]).await;
        let wrong = service
            .login(login("ada", "wrong horse", "phone"))
            .await
            .unwrap_err();
        let unknown = service
            .login(login("bob", "wrong horse", "phone"))
            .await
            .unwrap_err();
        assert_eq!(wrong, unknown);
        assert_eq!(Refused::try_from(&wrong), Ok(Refused::LoginFailed));
        assert_eq!(wrong.code(), Code::Unauthenticated);
    });
}

/// Without a thread to hash on, whatever needs a hash is refused, and what needs none would be answered.
#[test]
fn an_unknown_name_costs_a_hash_too() {
    run_test("same cost", |_| async {
        let world = World::new();
        somebody(&service(&world).await, "ada", &["phone"]).await;
        let no_threads = Config {
            hash_threads_max: 0,
            ..cheap()
        };
        let service = service_with(&world, no_threads).await;
        for name in ["ada", "bob"] {
            let busy = service.login(login(name, "wrong horse", "phone")).await;
            let busy = busy.unwrap_err();
            assert_eq!(
                (busy.code(), busy.domain()),
                (Code::Overloaded, "im.account"),
                "{name}"
            );
        }
    });
}

#[test]
fn a_login_lets_nobody_in_whose_password_changed_meanwhile() {
    run_test("meanwhile", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let ada = somebody(&service, "ada", &["phone"]).await;
        world.state().store.meanwhile = Some(|kept| kept.account.password_hash.push('x'));
        let refused = service
            .login(login("ada", PASSWORD, "thief"))
            .await
            .unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::LoginFailed));
        assert!(
            !world.state().store.accounts[&ada[0].uin]
                .devices
                .contains_key("thief")
        );
    });
}

#[test]
fn a_login_goes_on_when_something_else_changed_meanwhile() {
    run_test("meanwhile", |_| async {
        let world = World::new();
        let service = service(&world).await;
        somebody(&service, "ada", &["phone"]).await;
        world.state().store.meanwhile = Some(|kept| kept.account.signature.push('x'));
        let in_again = service
            .login(login("ada", PASSWORD, "tablet"))
            .await
            .unwrap();
        verify(&service, &in_again.ticket).await.unwrap();
    });
}

#[test]
fn beyond_the_devices_that_may_be_a_login_says_so() {
    run_test("devices", |_| async {
        let world = World::new();
        let service = service(&world).await;
        somebody(&service, "ada", &["one", "two", "three"]).await;
        let refused = service
            .login(login("ada", PASSWORD, "four"))
            .await
            .unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::DevicesMax));
        service.login(login("ada", PASSWORD, "two")).await.unwrap();
    });
}

#[test]
fn a_hash_follows_the_settings_with_the_next_login() {
    run_test("rehash", |_| async {
        let world = World::new();
        let ada = somebody(&service(&world).await, "ada", &["phone"]).await;
        let dearer = Config {
            iterations: 2,
            ..cheap()
        };
        let service = service_with(&world, dearer).await;
        let again = service
            .login(login("ada", PASSWORD, "tablet"))
            .await
            .unwrap();
        let hash = world.state().store.accounts[&again.uin]
            .account
            .password_hash
            .clone();
        assert!(hash.contains("t=2"), "{hash}");
        service
            .login(login("ada", PASSWORD, "tablet"))
            .await
            .unwrap();
        let same = world.state().store.accounts[&again.uin]
            .account
            .password_hash
            .clone();
        assert_eq!(hash, same, "once is enough");
        verify(&service, &ada[0].ticket)
            .await
            .expect("nobody is logged out by it");
    });
}
