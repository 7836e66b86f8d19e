//! The process ends between any two writes; the next one finds an order that can be gone on with.

use crate::store::{account, by_name, serial, store_on};
use bytes::Bytes;
use im_account_store::Config;
use im_engine::{
    Batch, BoxFuture, Engine, EngineError, EngineStats, Got, KeyTable, Page, Scan, Version,
    WriteError,
};
use im_idl::account_store::{BeginEraseRequest, EraseRequest};
use im_idl::base::Empty;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

/// An engine that writes so many batches and then nothing any more, as a process that ended.
struct Ending {
    engine: Engine,
    writes_left: AtomicI64,
}

impl KeyTable for Ending {
    fn get(
        &self,
        partition: Bytes,
        keys: Vec<Bytes>,
        at_least: Version,
    ) -> BoxFuture<'_, Result<Got, EngineError>> {
        self.engine.get(partition, keys, at_least)
    }

    fn scan(&self, scan: Scan) -> BoxFuture<'_, Result<Page, EngineError>> {
        self.engine.scan(scan)
    }

    fn write(&self, batches: Vec<Batch>) -> BoxFuture<'_, Vec<Result<Version, WriteError>>> {
        if self.writes_left.fetch_sub(1, Ordering::Relaxed) > 0 {
            return self.engine.write(batches);
        }
        let reason = "the process ended".to_owned();
        Box::pin(async { vec![Err(EngineError::Stopped { reason }.into())] })
    }

    fn versions(&self, partitions: Vec<Bytes>) -> BoxFuture<'_, Result<Vec<Version>, EngineError>> {
        self.engine.versions(partitions)
    }

    fn partitions(
        &self,
        prefix: Bytes,
        after: Option<Bytes>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, EngineError>> {
        self.engine.partitions(prefix, after, max)
    }

    fn stats(&self) -> EngineStats {
        self.engine.stats()
    }
}

fn ending(engine: &Engine, writes: i64) -> Engine {
    Arc::new(Ending {
        engine: engine.clone(),
        writes_left: writes.into(),
    })
}

/// Counter, account, name.
const CREATE_WRITES: i64 = 3;
/// List, mark; name, rows, list.
const ERASE_WRITES: i64 = 5;

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
            assert_eq!(next.list_erasing(Empty {}).await.unwrap().uins, []);
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
