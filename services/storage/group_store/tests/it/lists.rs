//! Users' lists follow their groups.

use crate::story::{
    ADA, BOB, EVE, called, change, code, create, get, list, list_after, member, over, store,
    version,
};
use im_engine::memory;
use im_group_store::Config;
use im_idl::base::Uins;
use im_idl::group::{Info, Role};
use im_idl::group_store::{ChangeRequest, EraseRequest, GroupStoreClient};
use im_idl::ids::UIN_MIN;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

async fn remove(store: &GroupStoreClient, group: u64, uin: u64) {
    let request = ChangeRequest {
        remove_members: vec![uin],
        ..ChangeRequest::default()
    };
    change(store, group, request).await;
}

#[test]
fn a_list_shows_joining_roles_names_and_leaving() {
    run_test("lists", |_| async {
        let store = store().await;
        let chess = create(&store, "chess", &[BOB]).await;
        let go = create(&store, "go", &[BOB]).await;
        let shown = |group, role, name: &str| (group, role, name.to_owned());
        let expected = [
            shown(chess, Role::Member, "chess"),
            shown(go, Role::Member, "go"),
        ];
        assert_eq!(list(&store, BOB).await, expected);

        let request = ChangeRequest {
            put_members: vec![member(BOB, Role::Admin)],
            info: called("blitz"),
            ..ChangeRequest::default()
        };
        let answer = change(&store, chess, request).await;
        assert_eq!(answer.uins, [ADA, BOB]);
        let versions = [version(&store, ADA).await, version(&store, BOB).await];
        assert_eq!(answer.list_versions, versions);
        remove(&store, go, BOB).await;
        let expected = [
            shown(chess, Role::Admin, "blitz"),
            shown(go, Role::None, "go"),
        ];
        assert_eq!(list(&store, BOB).await, expected);
    });
}

#[test]
fn a_list_by_version_has_what_changed_since_in_order_whatever_the_page() {
    run_test("lists", |_| async {
        let store = store().await;
        let mut groups = Vec::new();
        for n in 0..10 {
            groups.push(create(&store, &format!("group {n}"), &[BOB]).await);
        }
        let (_, seen) = list_after(&store, BOB, 0, 0).await;
        assert_eq!(seen, version(&store, BOB).await);
        for place in [7, 2, 5] {
            remove(&store, groups[place], BOB).await;
        }
        for rows_max in [0, 1, 2] {
            let (changed, now) = list_after(&store, BOB, seen, rows_max).await;
            let changed: Vec<u64> = changed.iter().map(|m| m.group).collect();
            assert_eq!(changed, [groups[7], groups[2], groups[5]]);
            assert_eq!(now, version(&store, BOB).await);
        }
        assert_eq!(list_after(&store, BOB, 0, 3).await.0.len(), 10);
    });
}

#[test]
fn what_does_not_concern_lists_leaves_them_alone() {
    run_test("lists", |_| async {
        let store = store().await;
        let group = create(&store, "chess", &[BOB]).await;
        let before = version(&store, BOB).await;
        let info = Some(Info {
            notice: "be kind".into(),
            muted: true,
            ..get(&store, group).await.info.unwrap()
        });
        let put_members = vec![im_idl::group::Member {
            muted_until_ms: 1,
            ..member(BOB, Role::Member)
        }];
        let request = ChangeRequest {
            info,
            put_members,
            ..ChangeRequest::default()
        };
        assert_eq!(change(&store, group, request).await.uins, [0; 0]);
        assert_eq!(version(&store, BOB).await, before);
    });
}

#[test]
fn a_name_reaches_everyone_in_a_large_group() {
    run_test("lists", |_| async {
        let store = store().await;
        let others: Vec<u64> = (100..1_300).map(|n| UIN_MIN + n).collect();
        let group = create(&store, "crowd", &others).await;
        let request = ChangeRequest {
            info: called("mob"),
            ..ChangeRequest::default()
        };
        assert_eq!(change(&store, group, request).await.uins.len(), 1_201);
        for uin in others {
            let shown = [(group, Role::Member, "mob".to_owned())];
            assert_eq!(list(&store, uin).await, shown);
        }
    });
}

#[test]
fn the_oldest_ended_memberships_are_forgotten_quietly() {
    run_test("lists", |_| async {
        let config = Config {
            tombstones_max: 5,
            ..Config::default()
        };
        let store = over(memory(), config).await;
        let stays = create(&store, "stays", &[BOB]).await;
        let mut left = Vec::new();
        for n in 0..100 {
            let group = create(&store, &format!("{n}"), &[BOB]).await;
            remove(&store, group, BOB).await;
            left.push(group);
        }
        // What is forgotten is forgotten after the answer.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let list = list(&store, BOB).await;
        assert!(list.len() <= 1 + 5 + 64, "{}", list.len());
        let kept: Vec<u64> = list.iter().skip(1).map(|entry| entry.0).collect();
        assert_eq!(list[0].0, stays);
        assert_eq!(kept, left[left.len() - kept.len()..]);
        assert_eq!(version(&store, BOB).await, 201);
    });
}

#[test]
fn users_are_counted_and_forgotten_when_they_have_left() {
    run_test("lists", |_| async {
        let store = store().await;
        let chess = create(&store, "chess", &[BOB]).await;
        create(&store, "go", &[]).await;
        let uins = vec![ADA, BOB, EVE];
        let counts = store.counts(Uins { uins }).await.unwrap().counts;
        let counts: Vec<_> = counts.iter().map(|c| (c.joined, c.owned)).collect();
        assert_eq!(counts, [(2, 2), (1, 0), (0, 0)]);

        let erase = EraseRequest { uin: BOB };
        assert_eq!(code(store.erase(erase).await), Code::FailedPrecondition);
        remove(&store, chess, BOB).await;
        store.erase(erase).await.unwrap();
        assert!(list(&store, BOB).await.is_empty());
        store.erase(erase).await.unwrap();
    });
}
