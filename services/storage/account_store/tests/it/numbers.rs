//! Numbers that nobody had before.

use crate::store::{account, by_number, store_on};
use im_account_store::{Config, Refused};
use im_engine::Batch;
use im_idl::account_store::{BeginEraseRequest, EraseRequest};
use std::collections::HashSet;
use svrkit_rt::testing::run_test;

#[test]
fn numbers_never_repeat_over_many_lives_and_erasures() {
    run_test("lives", |seed| async move {
        let engine = im_engine::memory();
        let mut rng = seed.rng();
        let mut seen = HashSet::new();
        for life in 0..20 {
            let config = Config {
                numbers_step: rng.u64(1..6),
                ..Config::default()
            };
            let store = store_on(&engine, config).await;
            for n in 0..rng.u32(0..9) {
                let name = format!("user-{life}-{n}");
                let uin = store.create(account(&name, None)).await.unwrap().uin;
                assert!(seen.insert(uin), "{uin} was given before");
                if rng.bool() {
                    store.begin_erase(BeginEraseRequest { uin }).await.unwrap();
                    store.erase(EraseRequest { uin }).await.unwrap();
                }
            }
        }
    });
}

#[test]
fn two_stores_on_one_engine_take_sections_of_their_own() {
    run_test("two stores", |_| async {
        let engine = im_engine::memory();
        let config = Config {
            numbers_step: 3,
            ..Config::default()
        };
        let stores = [
            store_on(&engine, config.clone()).await,
            store_on(&engine, config).await,
        ];
        let mut tries = tokio::task::JoinSet::new();
        for n in 0..40 {
            let store = stores[n % 2].clone();
            tries.spawn(async move { store.create(account(&format!("u{n}"), None)).await });
        }
        let uins: HashSet<_> = tries
            .join_all()
            .await
            .into_iter()
            .collect::<Vec<_>>()
            .into_iter()
            .map(|it| it.unwrap().uin)
            .collect();
        assert_eq!(uins.len(), 40);
    });
}

#[test]
fn the_last_number_is_followed_by_a_refusal() {
    run_test("last number", |_| async {
        let engine = im_engine::memory();
        let last = im_idl::ids::GROUP_BIT - 1;
        let counter = Batch::new("C").put("next", last.to_be_bytes().to_vec());
        engine.write(vec![counter]).await.pop().unwrap().unwrap();
        let store = store_on(&engine, Config::default()).await;
        assert_eq!(store.create(account("last", None)).await.unwrap().uin, last);
        let refused = store.create(account("more", None)).await.unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::NumbersMax));
        store.get(by_number(last)).await.unwrap();
    });
}
