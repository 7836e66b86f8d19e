//! Who exists, and by which name.

use crate::store::{account, by_name, by_number, store};
use im_account_store::Refused;
use im_idl::account_store::{Account, UpdateRequest};
use im_idl::base::Uins;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

#[test]
fn an_account_is_found_by_number_and_by_name_in_any_case() {
    run_test("found", |_| async {
        let store = store().await;
        let uin = store.create(account("Ada", None)).await.unwrap().uin;
        assert!(im_idl::ids::is_uin(uin));
        let found = store.get(by_name("aDA")).await.unwrap();
        let kept = found.account.clone().unwrap();
        assert_eq!(
            (kept.uin, kept.name.as_str(), kept.password_hash.as_str()),
            (uin, "Ada", "hash")
        );
        assert_eq!(store.get(by_number(uin)).await.unwrap(), found);
        let versions = store.versions(Uins {
            uins: vec![uin, uin + 1],
        });
        assert_eq!(versions.await.unwrap().versions, [found.version, 0]);
        for nobody in [by_name("adb"), by_number(uin + 1), by_number(0)] {
            let refused = store.get(nobody).await.unwrap_err();
            assert_eq!(Refused::try_from(&refused), Ok(Refused::NoSuchAccount));
        }
    });
}

#[test]
fn of_many_who_want_a_name_at_once_one_gets_it() {
    run_test("one winner", |_| async {
        let store = store().await;
        let mut tries = tokio::task::JoinSet::new();
        for spelling in ["ada", "Ada", "ADA", "aDa", "adA", "ada", "aDA", "AdA"] {
            let store = store.clone();
            tries.spawn(async move { store.create(account(spelling, None)).await });
        }
        let answers = tries.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 7));
        for refused in lost {
            let refused = refused.unwrap_err();
            assert_eq!(Refused::try_from(&refused), Ok(Refused::NameTaken));
        }
        let winner = won.into_iter().next().unwrap().unwrap().uin;
        let owner = store.get(by_name("ada")).await.unwrap().account.unwrap();
        assert_eq!(owner.uin, winner);
        let all = store.get_many(Uins {
            uins: (winner - 20..winner + 20).collect(),
        });
        assert_eq!(all.await.unwrap().accounts.len(), 1, "losers leave nothing");
    });
}

#[test]
fn a_change_of_what_was_read_before_another_change_is_refused() {
    run_test("update", |_| async {
        let store = store().await;
        let uin = store.create(account("ada", None)).await.unwrap().uin;
        let read = store.get(by_number(uin)).await.unwrap();
        let update = |nickname: &str| UpdateRequest {
            account: Some(Account {
                nickname: nickname.into(),
                name: "somebody else".into(),
                ..read.account.clone().unwrap()
            }),
            expected_version: read.version,
            revoke_except: None,
        };
        let version = store.update(update("Countess")).await.unwrap().version;
        assert!(version > read.version);
        let late = store.update(update("Duchess")).await.unwrap_err();
        assert_eq!(late.code(), Code::Aborted);
        let now = store.get(by_name("ada")).await.unwrap();
        assert_eq!(now.version, version);
        let now = now.account.unwrap();
        assert_eq!(
            (now.nickname.as_str(), now.name.as_str()),
            ("Countess", "ada"),
            "a name is for good"
        );
    });
}

#[test]
fn many_are_told_without_their_passwords_and_without_end() {
    run_test("many", |_| async {
        let store = store().await;
        let ada = store.create(account("ada", None)).await.unwrap().uin;
        let bob = store.create(account("bob", None)).await.unwrap().uin;
        let uins = vec![ada, 77, bob];
        let accounts = store.get_many(Uins { uins }).await.unwrap().accounts;
        let names: Vec<_> = accounts.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["ada", "bob"]);
        assert!(accounts.iter().all(|it| it.password_hash.is_empty()));
        let uins = vec![ada; 10_001];
        let refused = store.get_many(Uins { uins }).await.unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::TooMany));
    });
}

#[test]
fn of_two_changes_at_once_the_second_is_refused() {
    run_test("two updates", |_| async {
        let store = store().await;
        let uin = store.create(account("ada", None)).await.unwrap().uin;
        let read = store.get(by_number(uin)).await.unwrap();
        let update = |nickname: &str| {
            store.update(UpdateRequest {
                account: Some(Account {
                    nickname: nickname.into(),
                    ..read.account.clone().unwrap()
                }),
                expected_version: read.version,
                revoke_except: None,
            })
        };
        let (one, other) = tokio::join!(update("Countess"), update("Duchess"));
        let (won, lost) = match one.is_ok() {
            true => ("Countess", other),
            false => ("Duchess", one),
        };
        assert_eq!(lost.unwrap_err().code(), Code::Aborted);
        let now = store.get(by_number(uin)).await.unwrap().account.unwrap();
        assert_eq!(now.nickname, won);
    });
}
