//! Forgetting an owner.

use crate::support::{ADA, BOB, CLEO, Store};
use im_contact_store::Config;
use im_idl::contact::Relation;
use std::sync::atomic::Ordering::SeqCst;
use svrkit_rt::testing::run_test;

const FRIENDS: std::ops::Range<u64> = CLEO..CLEO + 250;

#[test]
fn nothing_of_him_is_left_and_the_others_hear_of_it() {
    run_test("erase", |_| async {
        let store = Store::new(Config::default()).await;
        store.befriend(ADA, BOB).await;
        for friend in FRIENDS {
            store.befriend(ADA, friend).await;
        }
        let (mine, theirs) = ((ADA, Relation::None), (CLEO, Relation::None));
        store.relate(mine, theirs).await.unwrap();
        let version = store.version(ADA).await;
        let bob = store.list(BOB, 0).await.1;

        let mut changed = store.erase(ADA).await.unwrap();
        changed.sort();
        let expected: Vec<u64> = [BOB].into_iter().chain(FRIENDS.skip(1)).collect();
        assert_eq!(changed, expected, "to {CLEO} he was gone already");
        assert!(store.list(ADA, 0).await.0.is_empty());
        assert!(store.version(ADA).await > version);
        assert_eq!(store.list(BOB, bob).await.0, [(ADA, Relation::None)]);
        let [_, theirs] = store.pair(ADA, BOB).await;
        assert_eq!(theirs.entry.unwrap().remark, "");
        assert!(store.erase(ADA).await.unwrap().is_empty());
    });
}

#[test]
fn a_crash_in_the_middle_is_made_good_by_repeating() {
    run_test("crash", |_| async {
        let store = Store::new(Config::default()).await;
        for friend in FRIENDS {
            store.befriend(ADA, friend).await;
        }
        store.engine.batches_left.store(130, SeqCst);
        store.erase(ADA).await.unwrap_err();
        store.engine.batches_left.store(usize::MAX, SeqCst);
        let rest = store.erase(ADA).await.unwrap();
        assert_eq!(rest.len(), 120);
        for friend in FRIENDS {
            assert_eq!(store.standing(friend, ADA).await.0, Relation::None);
        }
    });
}

#[test]
fn who_asks_him_meanwhile_is_not_overlooked() {
    run_test("meanwhile", |_| async {
        let store = Store::new(Config::default()).await;
        for friend in CLEO..CLEO + 10 {
            store.befriend(ADA, friend).await;
        }
        let (erased, asked) = tokio::join!(
            store.erase(ADA),
            store.relate((BOB, Relation::Asked), (ADA, Relation::AskedMe))
        );
        asked.unwrap();
        assert!(erased.unwrap().contains(&BOB));
        assert_eq!(store.standing(BOB, ADA).await.0, Relation::None);
        assert!(store.list(ADA, 0).await.0.is_empty());
    });
}
