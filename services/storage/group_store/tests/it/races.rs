//! Two processes that change the same groups at once.

use crate::mortal::{IMMORTAL, Mortal};
use crate::story::{ADA, BOB, EVE, called, change, create, get, list, member, members, over, see};
use im_group_store::Config;
use im_idl::group::Role;
use im_idl::group_store::{ChangeRequest, GroupStoreClient};
use im_idl::ids::UIN_MIN;
use std::time::Duration;
use svrkit_rt::testing::run_test;
use svrkit_rt::{Code, Status};
use tokio::task::JoinSet;
use tokio::time::sleep;

const GUESTS: [u64; 4] = [BOB, EVE, UIN_MIN + 4, UIN_MIN + 5];

/// Somebody comes, goes or rises, or the group gets another name.
async fn anything(store: &GroupStoreClient, group: u64) -> Result<(), Status> {
    let uin = GUESTS[fastrand::usize(..GUESTS.len())];
    let request = ChangeRequest {
        group,
        expected_version: get(store, group).await.version,
        ..ChangeRequest::default()
    };
    let request = match fastrand::u8(..5) {
        0 => ChangeRequest {
            info: called(&format!("name {}", fastrand::u8(..))),
            ..request
        },
        1 | 2 => ChangeRequest {
            remove_members: vec![uin],
            ..request
        },
        role => ChangeRequest {
            put_members: vec![member(uin, Role::try_from(i32::from(role) - 2).unwrap())],
            ..request
        },
    };
    store.change(request).await.map(|_| ())
}

#[test]
fn lists_agree_with_groups_in_the_end() {
    run_test("races", |_| async {
        let engine = Mortal::new();
        let stores = [
            over(engine.clone(), Config::default()).await,
            over(engine.clone(), Config::default()).await,
        ];
        let mut groups = Vec::new();
        for name in ["chess", "go", "shogi"] {
            groups.push(create(&stores[0], name, &[]).await);
        }
        let mut lost = 0;
        for _ in 0..100 {
            let mut changing = JoinSet::new();
            for store in stores.clone().into_iter().cycle().take(8) {
                let group = groups[fastrand::usize(..groups.len())];
                changing.spawn(async move { anything(&store, group).await });
            }
            for outcome in changing.join_all().await {
                if let Err(status) = outcome {
                    assert_eq!(status.code(), Code::Aborted);
                    lost += 1;
                }
            }
        }
        assert!(lost > 0, "nobody collided");
        for group in groups {
            let info = get(&stores[0], group).await.info.unwrap();
            let inside = members(&stores[0], group, 0).await;
            assert_eq!(info.members as usize, inside.len());
            for uin in GUESTS.into_iter().chain([ADA]) {
                let shown = list(&stores[0], uin).await;
                let shown = shown.into_iter().find(|entry| entry.0 == group);
                let (_, role, name) = shown.unwrap_or((group, Role::None, info.name.clone()));
                let seen = see(&stores[0], group, uin).await.member;
                assert_eq!(
                    role,
                    seen.map_or(Role::None, |member| member.role()),
                    "{uin}"
                );
                assert!(role == Role::None || name == info.name, "{uin}: {name}");
            }
        }
    });
}

#[test]
fn what_is_late_never_comes_over_what_is_newer() {
    run_test("races", |_| async {
        let engine = Mortal::new();
        let slow = over(engine.clone(), Config::default()).await;
        let fast = over(engine.clone(), Config::default()).await;
        let group = create(&fast, "chess", &[]).await;
        sleep(Duration::from_secs(1)).await;

        engine.hold_next(|batch| batch.partition.starts_with(b"U"));
        let expected_version = get(&slow, group).await.version;
        let come = ChangeRequest {
            group,
            expected_version,
            put_members: vec![member(BOB, Role::Member)],
            ..ChangeRequest::default()
        };
        let coming = tokio::spawn(async move { slow.change(come).await });
        sleep(Duration::from_secs(1)).await;
        let go = ChangeRequest {
            remove_members: vec![BOB],
            ..ChangeRequest::default()
        };
        change(&fast, group, go).await;
        engine.release();
        coming.await.unwrap().unwrap();
        let shown = [(group, Role::None, "chess".to_owned())];
        assert_eq!(list(&fast, BOB).await, shown);
    });
}

#[test]
fn whoever_is_done_leaves_what_another_has_begun() {
    run_test("races", |_| async {
        let engine = Mortal::new();
        let done = over(engine.clone(), Config::default()).await;
        let begun = over(engine.clone(), Config::default()).await;
        let group = create(&done, "chess", &[]).await;
        sleep(Duration::from_secs(1)).await;

        engine.hold_next(|batch| batch.quiet);
        let come = |uin| ChangeRequest {
            put_members: vec![member(uin, Role::Member)],
            ..ChangeRequest::default()
        };
        change(&done, group, come(BOB)).await;
        // Its process ends between the group and the list.
        engine.dies_after(2).await;
        change(&begun, group, come(EVE)).await;
        sleep(Duration::from_secs(1)).await;
        drop(begun);
        engine.dies_after(IMMORTAL).await;
        engine.release();
        sleep(Duration::from_secs(10)).await;
        drop(done);

        let next = over(engine, Config::default()).await;
        sleep(Duration::from_secs(1)).await;
        let shown = [(group, Role::Member, "chess".to_owned())];
        assert_eq!(list(&next, EVE).await, shown);
    });
}

#[test]
fn a_hundred_changes_that_lists_do_not_show_are_shown_in_the_end() {
    run_test("races", |_| async {
        let engine = Mortal::new();
        let slow = Config {
            repair_retry_ms: 1_000_000,
            ..Config::default()
        };
        let store = over(engine.clone(), slow).await;
        let group = create(&store, "chess", &[]).await;
        for n in 0..250 {
            // The intent and the group are written, the list is not.
            engine.dies_after(2).await;
            let request = ChangeRequest {
                put_members: vec![member(UIN_MIN + 100 + n, Role::Member)],
                ..ChangeRequest::default()
            };
            change(&store, group, request).await;
        }
        engine.dies_after(IMMORTAL).await;
        sleep(Duration::from_secs(2_000)).await;
        for n in 0..250 {
            let shown = [(group, Role::Member, "chess".to_owned())];
            assert_eq!(list(&store, UIN_MIN + 100 + n).await, shown);
        }
    });
}
