//! Many at once, in one process and in several.

use crate::world::{ADA, BOB, EVE, KAY, World, refusal};
use im_group::{Config, Refusal};
use im_idl::group::Role;
use im_idl::ids::UIN_MIN;
use im_idl::refusal::error;
use std::sync::Arc;
use svrkit_rt::testing::run_test;
use svrkit_rt::{Code, Status};
use tokio::task::JoinSet;

const MEMBERS_MAX: usize = 20;

/// The same peers behind two processes.
async fn two(config: Config) -> [Arc<World>; 2] {
    let one = World::new(config.clone()).await;
    let other = World::among(one.peers.clone(), config).await;
    [Arc::new(one), Arc::new(other)]
}

#[test]
fn many_who_come_in_at_once_never_pass_the_bound() {
    run_test("races", |_| async {
        let config = Config {
            members_max: MEMBERS_MAX,
            tries_max: 100,
            ..Config::default()
        };
        let worlds = two(config).await;
        let group = worlds[0].create(ADA, &[BOB]).await;
        let newcomers: Vec<u64> = (100..150).map(|n| UIN_MIN + n).collect();
        let friends = newcomers.iter().flat_map(|uin| [(*uin, ADA), (*uin, BOB)]);
        worlds[0].peers.memory().friends.extend(friends);

        let mut coming = JoinSet::new();
        for (place, uin) in newcomers.into_iter().enumerate() {
            let world = worlds[place % 2].clone();
            coming.spawn(async move {
                let host = if uin % 3 == 0 { ADA } else { BOB };
                match uin % 4 {
                    0 => world.join(uin, group).await.map(|_| ()),
                    _ => world.invite(host, group, &[uin]).await.map(|_| ()),
                }
            });
        }
        let answers: Vec<Result<(), Status>> = coming.join_all().await;
        let (came, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!(came.len(), MEMBERS_MAX - 2);
        assert_eq!(worlds[0].members(group).len(), MEMBERS_MAX);
        for refused in refused {
            assert_eq!(refusal(refused), Refusal::GroupFull);
        }
        let memory = worlds[0].peers.memory();
        assert!(
            memory.changes > memory.kept(group).unwrap().version as u32,
            "nobody collided"
        );
    });
}

#[test]
fn in_one_process_everybody_gets_his_turn() {
    run_test("races", |_| async {
        let world = Arc::new(World::new(Config::default()).await);
        let group = world.create(ADA, &[]).await;
        let mut coming = JoinSet::new();
        for n in 0..100 {
            let world = world.clone();
            coming.spawn(async move { world.join(UIN_MIN + 100 + n, group).await });
        }
        for joined in coming.join_all().await {
            assert!(joined.unwrap());
        }
        assert_eq!(world.peers.memory().changes, 101, "nobody decided in vain");
    });
}

#[test]
fn there_is_one_owner_whoever_hands_over_and_leaves_at_once() {
    run_test("races", |_| async {
        let config = Config {
            changes_burst: 1_000,
            tries_max: 100,
            ..Config::default()
        };
        let worlds = two(config).await;
        let group = worlds[0].create(ADA, &[BOB, EVE, KAY]).await;
        let people = [ADA, BOB, EVE, KAY];
        for _ in 0..50 {
            let mut doing = JoinSet::new();
            for place in 0..8 {
                let world = worlds[place % 2].clone();
                let actor = people[fastrand::usize(..4)];
                let other = people[fastrand::usize(..4)];
                doing.spawn(async move {
                    match fastrand::u8(..4) {
                        0 => world.leave(actor, group).await.map(|_| ()),
                        1 => world.join(actor, group).await.map(|_| ()),
                        _ => world.set_role(actor, group, other, Role::Owner).await,
                    }
                });
            }
            // Whoever may not is refused, and some always may not.
            doing.join_all().await;
            let members = worlds[0].members(group);
            let owners: Vec<u64> = members
                .iter()
                .filter(|(_, role)| *role == Role::Owner)
                .map(|(uin, _)| *uin)
                .collect();
            let info = worlds[0].peers.memory().kept(group).unwrap().info.clone();
            if info.dissolved {
                assert!(members.is_empty());
                return;
            }
            assert_eq!(owners, [info.owner]);
        }
    });
}

#[test]
fn who_loses_decides_again_until_his_tries_are_over() {
    run_test("races", |_| async {
        let config = Config {
            tries_max: 3,
            ..Config::default()
        };
        let world = World::new(config).await;
        let group = world.create(ADA, &[]).await;
        world.peers.memory().aborts = 2;
        assert!(world.join(BOB, group).await.unwrap());
        world.peers.memory().aborts = 3;
        let refused = world.join(EVE, group).await.unwrap_err();
        assert_eq!(refused.code(), Code::Aborted);
        assert_eq!(error(&refused).reason, "im.group/BUSY");
        assert!(world.join(EVE, group).await.unwrap());
    });
}
