//! What changed after a version.

use crate::support::{ADA, BOB, CLEO, Store};
use im_contact_store::Config;
use im_idl::base::Uins;
use im_idl::contact::Relation;
use svrkit_rt::testing::run_test;

#[test]
fn a_device_hears_of_each_change_once_and_in_order() {
    run_test("order", |_| async {
        let store = Store::new(Config::default()).await;
        for peer in [CLEO, BOB, CLEO + 1, CLEO + 2, CLEO + 3] {
            store.befriend(ADA, peer).await;
        }
        let (all, version) = store.list(ADA, 0).await;
        let peers: Vec<u64> = all.iter().map(|(uin, _)| *uin).collect();
        assert_eq!(peers, [CLEO, BOB, CLEO + 1, CLEO + 2, CLEO + 3]);
        assert_eq!(version, store.version(ADA).await);
        assert_eq!(store.list(ADA, version).await, (vec![], version));

        let (mine, theirs) = ((ADA, Relation::None), (BOB, Relation::None));
        store.relate(mine, theirs).await.unwrap();
        let (changed, newest) = store.list(ADA, version).await;
        assert_eq!(changed, [(BOB, Relation::None)]);
        assert_eq!(newest, store.version(ADA).await);
        let (all, _) = store.list(ADA, 0).await;
        assert_eq!(all.last(), Some(&(BOB, Relation::None)));
        assert_eq!(all.len(), 5);
    });
}

#[test]
fn old_tombstones_go_and_nobody_takes_it_for_news() {
    run_test("sweep", |_| async {
        let config = Config {
            tombstones_max: 8,
            ..Config::default()
        };
        let store = Store::new(config).await;
        store.befriend(ADA, BOB).await;
        let before = store.version(ADA).await;
        for peer in CLEO..CLEO + 20 {
            store.befriend(ADA, peer).await;
            let (mine, theirs) = ((ADA, Relation::None), (peer, Relation::None));
            store.relate(mine, theirs).await.unwrap();
        }
        let (changed, version) = store.list(ADA, before).await;
        let newest: Vec<_> = (CLEO + 12..CLEO + 20)
            .map(|p| (p, Relation::None))
            .collect();
        assert_eq!(changed, newest);
        assert_eq!(
            version,
            before + 40,
            "one for each change, none for a sweep"
        );
        assert_eq!(store.standing(ADA, BOB).await.0, Relation::Friend);
        store.befriend(ADA, CLEO).await;
        assert_eq!(store.standing(ADA, CLEO).await.0, Relation::Friend);
    });
}

#[test]
fn versions_come_in_the_order_of_the_question() {
    run_test("versions", |_| async {
        let store = Store::new(Config::default()).await;
        store.befriend(ADA, BOB).await;
        store.befriend(ADA, CLEO).await;
        let uins = vec![BOB, 99_999, ADA];
        let versions = store.client.versions(Uins { uins }).await.unwrap().versions;
        assert_eq!(versions, [1, 0, 2]);
    });
}
