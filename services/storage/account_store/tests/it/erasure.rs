//! Forgetting an account.

use crate::store::{account, by_name, by_number, device, serial, store, store_on};
use im_account_store::{Config, Refused};
use im_idl::account_store::{
    Account, BeginEraseRequest, EraseRequest, PutDeviceRequest, UpdateRequest,
};
use im_idl::base::{Empty, Uins};
use prost::Message;
use svrkit_rt::testing::run_test;

#[test]
fn an_account_that_is_marked_is_there_for_nobody_and_its_name_is_taken() {
    run_test("marked", |_| async {
        let store = store().await;
        let uin = store
            .create(account("ada", Some("phone")))
            .await
            .unwrap()
            .uin;
        let read = store.get(by_number(uin)).await.unwrap();
        store.begin_erase(BeginEraseRequest { uin }).await.unwrap();
        store.begin_erase(BeginEraseRequest { uin }).await.unwrap();
        assert_eq!(store.list_erasing(Empty {}).await.unwrap().uins, [uin]);

        let no_such = |status| Refused::try_from(&status) == Ok(Refused::NoSuchAccount);
        assert!(no_such(store.get(by_number(uin)).await.unwrap_err()));
        assert!(no_such(store.get(by_name("ada")).await.unwrap_err()));
        let uins = vec![uin];
        assert!(
            store
                .get_many(Uins { uins })
                .await
                .unwrap()
                .accounts
                .is_empty()
        );
        assert_eq!(serial(&store, uin, "phone").await.unwrap(), None);
        let put = PutDeviceRequest {
            uin,
            device: Some(device("phone")),
            expected_version: 0,
        };
        assert!(no_such(store.put_device(put).await.unwrap_err()));
        let update = UpdateRequest {
            account: read.account,
            expected_version: read.version,
            revoke_except: None,
        };
        assert!(no_such(store.update(update).await.unwrap_err()));
        let refused = store.create(account("ADA", None)).await.unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::NameTaken));
    });
}

#[test]
fn an_erased_account_leaves_its_name_and_keeps_its_number() {
    run_test("erased", |_| async {
        let store = store().await;
        let uin = store
            .create(account("ada", Some("phone")))
            .await
            .unwrap()
            .uin;
        let refused = store.erase(EraseRequest { uin }).await.unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::NotMarked));
        store.begin_erase(BeginEraseRequest { uin }).await.unwrap();
        store.erase(EraseRequest { uin }).await.unwrap();
        assert!(store.list_erasing(Empty {}).await.unwrap().uins.is_empty());

        let next = store.create(account("ada", None)).await.unwrap().uin;
        assert_ne!(next, uin);
        store
            .erase(EraseRequest { uin })
            .await
            .expect("done before");
        store
            .begin_erase(BeginEraseRequest { uin })
            .await
            .expect("nothing to mark");
        assert!(store.list_erasing(Empty {}).await.unwrap().uins.is_empty());
        let owner = store.get(by_name("ada")).await.unwrap().account.unwrap();
        assert_eq!(owner.uin, next);
    });
}

#[test]
fn nobody_gets_in_or_back_while_an_account_is_marked() {
    run_test("at once", |_| async {
        let store = store().await;
        let uin = store.create(account("ada", None)).await.unwrap().uin;
        let read = store.get(by_number(uin)).await.unwrap();
        let put = PutDeviceRequest {
            uin,
            device: Some(device("phone")),
            expected_version: 0,
        };
        let update = UpdateRequest {
            account: read.account,
            expected_version: read.version,
            revoke_except: None,
        };
        // One that gets in first is thrown out by the mark, one that comes later is refused.
        let (marked, _, _) = tokio::join!(
            store.begin_erase(BeginEraseRequest { uin }),
            store.put_device(put),
            store.update(update),
        );
        marked.unwrap();
        assert_eq!(serial(&store, uin, "phone").await.unwrap(), None);
        let gone = store.get(by_number(uin)).await.unwrap_err();
        assert_eq!(Refused::try_from(&gone), Ok(Refused::NoSuchAccount));
    });
}

#[test]
fn a_mark_overwrites_no_change_that_came_right_before() {
    run_test("mark", |_| async {
        let engine = im_engine::memory();
        let store = store_on(&engine, Config::default()).await;
        let uin = store.create(account("ada", None)).await.unwrap().uin;
        let read = store.get(by_number(uin)).await.unwrap();
        let update = |n: u32, version| UpdateRequest {
            account: Some(Account {
                nickname: format!("{n}"),
                ..read.account.clone().unwrap()
            }),
            expected_version: version,
            revoke_except: None,
        };
        let updates = async {
            let (mut last, mut version) = (0, read.version);
            while let Ok(updated) = store.update(update(last + 1, version)).await {
                (last, version) = (last + 1, updated.version);
            }
            last
        };
        let (marked, last) = tokio::join!(store.begin_erase(BeginEraseRequest { uin }), updates);
        marked.unwrap();
        let keys = vec!["a".into()];
        let partition = [b"A", &uin.to_be_bytes()[..]].concat();
        let rows = engine.get(partition.into(), keys, 0).await.unwrap().rows;
        let kept = Account::decode(&rows[0].as_ref().unwrap().value[..]).unwrap();
        assert!(kept.erasing);
        let nickname = if last == 0 {
            String::new()
        } else {
            last.to_string()
        };
        assert_eq!(kept.nickname, nickname);
    });
}
