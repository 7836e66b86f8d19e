//! A change whose process ends, or whose engine refuses, between the group and the lists.

use crate::mortal::{IMMORTAL, Mortal};
use crate::story::{ADA, BOB, EVE, called, code, create, get, list, member, over, version};
use im_engine::Scan;
use im_group_store::Config;
use im_idl::group::Role;
use im_idl::group_store::{ChangeRequest, GroupStoreClient};
use std::time::Duration;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

/// Takes Bob in, promotes Eve and renames, all at once.
async fn big_change(store: &GroupStoreClient, group: u64) -> ChangeRequest {
    ChangeRequest {
        group,
        expected_version: get(store, group).await.version,
        info: called("blitz"),
        put_members: vec![member(BOB, Role::Member), member(EVE, Role::Admin)],
        ..ChangeRequest::default()
    }
}

async fn assert_lists_agree(store: &GroupStoreClient, group: u64) {
    let name = get(store, group).await.info.unwrap().name;
    let roles = match name.as_str() {
        "blitz" => [Role::Owner, Role::Member, Role::Admin].map(Some),
        _ => [Some(Role::Owner), None, Some(Role::Member)],
    };
    for (uin, role) in [ADA, BOB, EVE].into_iter().zip(roles) {
        let shown = role.map(|role| (group, role, name.clone()));
        assert_eq!(list(store, uin).await, Vec::from_iter(shown), "{uin}");
    }
}

#[test]
fn whenever_the_process_ends_the_next_one_shows_what_happened() {
    run_test("crash", |_| async {
        let mut happened = 0;
        // The intent, the group, three lists, two rows to forget.
        for batches in 0..=7 {
            let engine = Mortal::new();
            let store = over(engine.clone(), Config::default()).await;
            let group = create(&store, "chess", &[EVE]).await;
            let request = big_change(&store, group).await;
            engine.dies_after(batches).await;
            let answered = store.change(request).await;
            drop(store);

            // What has died writes no more.
            let engine = engine.engine.clone();
            let store = over(engine.clone(), Config::default()).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            let changed = get(&store, group).await.info.unwrap().name == "blitz";
            assert_eq!(answered.is_ok(), changed, "answered {answered:?}");
            happened += u32::from(changed);
            assert_lists_agree(&store, group).await;
            let leftovers = engine.scan(Scan::all("P")).await.unwrap().rows;
            assert_eq!(leftovers.len(), usize::from(batches == 1));
        }
        assert_eq!(happened, 6);
    });
}

#[test]
fn lists_catch_up_when_the_engine_writes_again() {
    run_test("crash", |_| async {
        let engine = Mortal::new();
        let store = over(engine.clone(), Config::default()).await;
        let group = create(&store, "chess", &[EVE]).await;
        let request = big_change(&store, group).await;
        engine.dies_after(2).await;
        let answer = store.change(request).await.unwrap();
        assert_eq!(answer.uins, [0; 0], "no list has changed yet");
        tokio::time::sleep(Duration::from_secs(60)).await;
        engine.dies_after(IMMORTAL).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_lists_agree(&store, group).await;
    });
}

#[test]
fn the_next_change_shows_what_the_last_did_not() {
    run_test("crash", |_| async {
        let engine = Mortal::new();
        let slow = Config {
            repair_retry_ms: u32::MAX,
            ..Config::default()
        };
        let store = over(engine.clone(), slow).await;
        let group = create(&store, "chess", &[EVE]).await;
        let request = big_change(&store, group).await;
        engine.dies_after(2).await;
        store.change(request).await.unwrap();
        // The loop has looked once, and now waits for weeks.
        tokio::time::sleep(Duration::from_secs(1)).await;
        engine.dies_after(IMMORTAL).await;
        let request = ChangeRequest {
            group,
            expected_version: get(&store, group).await.version,
            put_members: vec![member(BOB, Role::Admin)],
            ..ChangeRequest::default()
        };
        let answer = store.change(request).await.unwrap();
        assert_eq!(answer.uins, [ADA, BOB, EVE]);
        let shown = [(group, Role::Admin, "blitz".to_owned())];
        assert_eq!(list(&store, BOB).await, shown);
    });
}

#[test]
fn what_is_shown_again_is_no_news() {
    run_test("crash", |_| async {
        let engine = Mortal::new();
        let store = over(engine.clone(), Config::default()).await;
        let group = create(&store, "chess", &[EVE]).await;
        let request = big_change(&store, group).await;
        // All but forgetting.
        engine.dies_after(5).await;
        store.change(request).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = version(&store, BOB).await;
        drop(store);
        let store = over(engine.engine.clone(), Config::default()).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(version(&store, BOB).await, before);
    });
}

#[test]
fn a_change_refused_before_it_began_has_not_happened() {
    run_test("crash", |_| async {
        let engine = Mortal::new();
        let store = over(engine.clone(), Config::default()).await;
        let group = create(&store, "chess", &[EVE]).await;
        let request = big_change(&store, group).await;
        engine.dies_after(0).await;
        assert_eq!(code(store.change(request.clone()).await), Code::Overloaded);
        engine.dies_after(IMMORTAL).await;
        store.change(request).await.unwrap();
        assert_lists_agree(&store, group).await;
    });
}
