//! Forgetting an account.

use crate::store::{account, by_name, by_number, device, serial, store};
use im_account_store::Refused;
use im_idl::account_store::{BeginEraseRequest, EraseRequest, PutDeviceRequest, UpdateRequest};
use im_idl::base::{Empty, Uins};
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
        assert_eq!(store.get_many(Uins { uins }).await.unwrap().accounts, []);
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
        assert_eq!(store.list_erasing(Empty {}).await.unwrap().uins, []);

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
        assert_eq!(store.list_erasing(Empty {}).await.unwrap().uins, []);
        let owner = store.get(by_name("ada")).await.unwrap().account.unwrap();
        assert_eq!(owner.uin, next);
    });
}
