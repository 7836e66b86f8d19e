//! Two processes that change the same groups at once.

use crate::mortal::Mortal;
use crate::story::{ADA, BOB, EVE, called, change, create, get, list, member, members, over};
use im_group_store::Config;
use im_idl::group::Role;
use im_idl::group_store::{ChangeRequest, GroupStoreClient};
use im_idl::ids::UIN_MIN;
use svrkit_rt::testing::run_test;
use svrkit_rt::{Code, Status};
use tokio::task::JoinSet;

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
                let seen = crate::story::see(&stores[0], group, uin).await.member;
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
        engine.dies_after(crate::mortal::IMMORTAL).await;
        tokio::time::sleep(std::time::Duration::from_secs(2_000)).await;
        for n in 0..250 {
            let shown = [(group, Role::Member, "chess".to_owned())];
            assert_eq!(list(&store, UIN_MIN + 100 + n).await, shown);
        }
    });
}
