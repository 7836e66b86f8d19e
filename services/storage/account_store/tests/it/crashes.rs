//! The process ends between any two writes; the next one finds an order that can be gone on with.

use crate::engine::ending;
use crate::store::{account, by_name, serial, store_on};
use im_account_store::Config;
use im_idl::account_store::{BeginEraseRequest, EraseRequest};
use im_idl::base::Empty;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

/// Counter, account, name.
const CREATE_WRITES: u64 = 3;
/// List, mark; name, rows, list.
const ERASE_WRITES: u64 = 5;

#[test]
fn a_registration_cut_short_leaves_the_name_free_and_the_number_unused() {
    run_test("create", |_| async {
        for writes in 0..CREATE_WRITES {
            let engine = im_engine::memory();
            let dying = store_on(&ending(&engine, writes), Config::default()).await;
            let refused = dying
                .create(account("ada", Some("phone")))
                .await
                .unwrap_err();
            assert_eq!(refused.code(), Code::Unavailable, "after {writes} writes");

            let next = store_on(&engine, Config::default()).await;
            let gone = next.get(by_name("ada")).await.unwrap_err();
            assert_eq!(gone.code(), Code::NotFound, "after {writes} writes");
            let uin = next
                .create(account("ada", Some("phone")))
                .await
                .unwrap()
                .uin;
            let owner = next.get(by_name("ada")).await.unwrap().account.unwrap();
            assert_eq!(owner.uin, uin, "after {writes} writes");
        }
        let engine = im_engine::memory();
        let store = store_on(&ending(&engine, CREATE_WRITES), Config::default()).await;
        store
            .create(account("ada", None))
            .await
            .expect("that is all of them");
    });
}

#[test]
fn an_erasure_cut_short_anywhere_is_found_and_finished() {
    run_test("erase", |_| async {
        for writes in 0..=ERASE_WRITES {
            let engine = im_engine::memory();
            let store = store_on(&engine, Config::default()).await;
            let uin = store
                .create(account("ada", Some("phone")))
                .await
                .unwrap()
                .uin;
            let dying = store_on(&ending(&engine, writes), Config::default()).await;
            let begun = dying.begin_erase(BeginEraseRequest { uin }).await;
            let ended = match &begun {
                Ok(_) => dying.erase(EraseRequest { uin }).await,
                Err(status) => Err(status.clone()),
            };
            assert_eq!(
                ended.is_ok(),
                writes == ERASE_WRITES,
                "after {writes} writes"
            );

            let next = store_on(&engine, Config::default()).await;
            if begun.is_ok() {
                let phone = serial(&next, uin, "phone").await.unwrap();
                assert_eq!(phone, None, "answered, so marked, after {writes} writes");
            }
            let listed = next.list_erasing(Empty {}).await.unwrap().uins;
            let expected = (1..ERASE_WRITES).contains(&writes);
            assert_eq!(listed.contains(&uin), expected, "after {writes} writes");
            for uin in listed {
                next.begin_erase(BeginEraseRequest { uin }).await.unwrap();
                next.erase(EraseRequest { uin }).await.unwrap();
            }
            if writes > 0 {
                next.create(account("ada", None))
                    .await
                    .expect("the name is free");
            }
            assert!(next.list_erasing(Empty {}).await.unwrap().uins.is_empty());
        }
    });
}

#[test]
fn a_name_freed_before_the_crash_stays_with_whoever_took_it_since() {
    run_test("name", |_| async {
        let engine = im_engine::memory();
        let store = store_on(&engine, Config::default()).await;
        let uin = store.create(account("ada", None)).await.unwrap().uin;
        store.begin_erase(BeginEraseRequest { uin }).await.unwrap();
        let dying = store_on(&ending(&engine, 1), Config::default()).await;
        dying.erase(EraseRequest { uin }).await.unwrap_err();
        let other = store.create(account("ada", None)).await.unwrap().uin;
        store.erase(EraseRequest { uin }).await.unwrap();
        let owner = store.get(by_name("ada")).await.unwrap().account.unwrap();
        assert_eq!(owner.uin, other);
    });
}
