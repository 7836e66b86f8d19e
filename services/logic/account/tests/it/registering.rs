//! Becoming somebody.

use crate::service::{by, cheap, registration, service, service_with, verify};
use crate::world::{Fate, World};
use im_account::{Config, Refused};
use im_idl::account::{GetProfileRequest, RegisterRequest};
use svrkit_rt::testing::run_test;
use svrkit_rt::{Code, clock};

#[test]
fn whoever_registers_is_logged_in_with_a_durable_device() {
    run_test("register", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let now_ms = clock::now_ms();
        let request = RegisterRequest {
            nickname: "Countess".into(),
            ..registration("Ada", "phone")
        };
        let login = service.register(request).await.unwrap();
        assert!(im_idl::ids::is_uin(login.uin));
        let days = (login.expires_ms - now_ms) / (24 * 3_600 * 1_000);
        assert_eq!(days, 30);
        let verified = verify(&service, &login.ticket).await.unwrap();
        assert_eq!(
            (verified.uin, verified.device.as_str()),
            (login.uin, "phone")
        );
        assert_eq!(verified.expires_ms, login.expires_ms);
        {
            let state = world.state();
            let kept = &state.store.accounts[&login.uin];
            assert!(
                kept.account
                    .password_hash
                    .starts_with("$argon2id$v=19$m=8,t=1,p=1$")
            );
            assert_eq!(kept.devices["phone"].device_name, "Ada's phone");
        }
        let own = by(login.uin, "phone", GetProfileRequest::default());
        let profile = service
            .get_profile_with(own)
            .await
            .unwrap()
            .message
            .profile
            .unwrap();
        assert_eq!(
            (
                profile.name.as_str(),
                profile.nickname.as_str(),
                profile.read_receipts
            ),
            ("Ada", "Countess", true)
        );
    });
}

#[test]
fn of_many_who_want_a_name_at_once_one_gets_it() {
    run_test("one winner", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let mut tries = tokio::task::JoinSet::new();
        for n in 0..8 {
            let service = service.clone();
            let name = if n % 2 == 0 { "ada" } else { "ADA" };
            tries.spawn(async move { service.register(registration(name, "phone")).await });
        }
        let answers = tries.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 7));
        for refused in lost {
            let refused = refused.unwrap_err();
            assert_eq!(Refused::try_from(&refused), Ok(Refused::NameTaken));
        }
    });
}

#[test]
fn a_taken_name_costs_no_hash() {
    run_test("taken", |_| async {
        let world = World::new();
        service(&world)
            .await
            .register(registration("ada", "phone"))
            .await
            .unwrap();
        let no_hashes = Config {
            hash_threads_max: 0,
            ..cheap()
        };
        let service = service_with(&world, no_hashes).await;
        let refused = service
            .register(registration("Ada", "phone"))
            .await
            .unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::NameTaken));
    });
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_asked_or_hashed() {
    run_test("rules", |_| async {
        let world = World::new();
        let service = service(&world).await;
        world.decide(|_| Fate::Lost);
        let good = || registration("ada", "phone");
        let long = |n| "x".repeat(n);
        let bad = [
            (
                RegisterRequest {
                    name: "a b c".into(),
                    ..good()
                },
                Refused::NameInvalid,
            ),
            (
                RegisterRequest {
                    name: long(33),
                    ..good()
                },
                Refused::NameInvalid,
            ),
            (
                RegisterRequest {
                    password: long(7),
                    ..good()
                },
                Refused::PasswordInvalid,
            ),
            (
                RegisterRequest {
                    password: long(129),
                    ..good()
                },
                Refused::PasswordInvalid,
            ),
            (
                RegisterRequest {
                    device: "".into(),
                    ..good()
                },
                Refused::DeviceInvalid,
            ),
            (
                RegisterRequest {
                    device_name: "\n".into(),
                    ..good()
                },
                Refused::DeviceNameInvalid,
            ),
            (
                RegisterRequest {
                    nickname: long(65),
                    ..good()
                },
                Refused::NicknameInvalid,
            ),
        ];
        for (request, expected) in bad {
            let refused = service.register(request).await.unwrap_err();
            assert_eq!(Refused::try_from(&refused), Ok(expected));
        }
    });
}

#[test]
fn without_a_key_to_sign_with_nobody_is_made() {
    run_test("no key", |_| async {
        let world = World::new();
        let service = service(&world).await;
        world.decide(|method| match method.ends_with("/RotateKeys") {
            true => Fate::Lost,
            false => Fate::Answered,
        });
        let refused = service
            .register(registration("ada", "phone"))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        assert!(world.state().store.accounts.is_empty());
        world.decide(|_| Fate::Answered);
        service
            .register(registration("ada", "phone"))
            .await
            .unwrap();
    });
}

#[test]
fn settings_under_which_nothing_works_are_refused_at_the_start() {
    run_test("settings", |_| async {
        let impossible = [
            Config {
                memory_kib: 0,
                ..cheap()
            },
            Config {
                ticket_days: 0,
                ..cheap()
            },
            Config {
                key_rotation_days: 0,
                ..cheap()
            },
        ];
        for config in impossible {
            let refused = im_account::build(config, World::new().deps()).await;
            assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
        }
    });
}
