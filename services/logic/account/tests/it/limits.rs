//! How often passwords may be tried.

use crate::service::{
    PASSWORD, by, cheap, from, login, registration, service, service_with, somebody,
};
use crate::world::World;
use im_account::{Config, Refused};
use im_idl::account::{AccountClient, ChangePasswordRequest};
use im_idl::refusal;
use std::time::Duration;
use svrkit_rt::testing::run_test;
use svrkit_rt::{Code, Status};
use tokio::time::advance;

async fn guess(service: &AccountClient, name: &str) -> Status {
    service
        .login(login(name, "wrong horse", "phone"))
        .await
        .unwrap_err()
}

#[test]
fn guessing_for_one_name_is_slow_whether_it_exists_or_not() {
    run_test("name", |_| async {
        let world = World::new();
        let service = service(&world).await;
        somebody(&service, "ada", &["phone"]).await;
        for name in ["ada", "nobody"] {
            for spelling in [name, &name.to_uppercase()].repeat(5) {
                let refused = guess(&service, spelling).await;
                assert_eq!(Refused::try_from(&refused), Ok(Refused::LoginFailed));
            }
            let refused = guess(&service, name).await;
            assert_eq!(refused.code(), Code::ResourceExhausted);
            let told = refusal::error(&refused);
            assert_eq!(told.reason, "im.account/TOO_MANY_ATTEMPTS");
            assert_eq!(told.retry_after_ms, 30_000);
        }
        let right = service
            .login(login("ada", PASSWORD, "phone"))
            .await
            .unwrap_err();
        assert_eq!(
            right.code(),
            Code::ResourceExhausted,
            "not even the right one is looked at"
        );
        advance(Duration::from_secs(30)).await;
        service
            .login(login("ada", PASSWORD, "phone"))
            .await
            .unwrap();
        for _ in 0..10 {
            let refused = guess(&service, "ada").await;
            assert_eq!(
                Refused::try_from(&refused),
                Ok(Refused::LoginFailed),
                "forgiven"
            );
        }
    });
}

#[test]
fn a_password_cannot_be_guessed_from_within_either() {
    run_test("within", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let ada = somebody(&service, "ada", &["phone"]).await;
        let guess = || ChangePasswordRequest {
            old_password: "wrong horse".into(),
            new_password: "battery staple".into(),
        };
        for _ in 0..10 {
            let refused = service
                .change_password_with(by(ada[0].uin, "phone", guess()))
                .await;
            let refused = refused.unwrap_err();
            assert_eq!(Refused::try_from(&refused), Ok(Refused::WrongPassword));
        }
        let refused = service
            .change_password_with(by(ada[0].uin, "phone", guess()))
            .await;
        assert_eq!(refused.unwrap_err().code(), Code::ResourceExhausted);
    });
}

#[test]
fn attempts_from_one_address_are_slow_for_all_names() {
    run_test("address", |_| async {
        let world = World::new();
        let service = service(&world).await;
        for n in 0..30 {
            let call = from("192.0.2.7", registration(&format!("user-{n}"), "phone"));
            service.register_with(call).await.unwrap();
        }
        let call = |address| from(address, login("user-1", PASSWORD, "phone"));
        let refused = service.login_with(call("192.0.2.7")).await.unwrap_err();
        assert_eq!(refusal::error(&refused).retry_after_ms, 2_000);
        service
            .login_with(call("192.0.2.8"))
            .await
            .expect("a neighbour may");
        for _ in 0..100 {
            service
                .login_with(call("127.0.0.1"))
                .await
                .expect("this machine may");
        }
        advance(Duration::from_secs(2)).await;
        service
            .login_with(call("192.0.2.7"))
            .await
            .expect("one came back");
    });
}

#[test]
fn behind_a_proxy_this_machine_is_an_address_like_others() {
    run_test("proxy", |_| async {
        let world = World::new();
        let config = Config {
            exempt_loopback: false,
            address_attempts_max: 2,
            ..cheap()
        };
        let service = service_with(&world, config).await;
        for name in ["ada", "bob"] {
            let call = from("127.0.0.1", registration(name, "phone"));
            service.register_with(call).await.unwrap();
        }
        let call = from("127.0.0.1", registration("eve", "phone"));
        let refused = service.register_with(call).await.unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
    });
}
