//! Nothing grows beyond its bound, and bounds change while the service runs.

use crate::world::{ADA, BOB, EVE, KAY, World, by, refusal};
use im_group::{Config, Refusal};
use im_idl::group::CreateRequest;
use im_idl::refusal::error;
use std::time::Duration;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

#[test]
fn the_bound_on_members_goes_up_without_a_restart_and_down_without_putting_anybody_out() {
    run_test("bounds", |_| async {
        let members_max = |members_max| Config {
            members_max,
            ..Config::default()
        };
        let world = World::new(members_max(2)).await;
        let group = world.create(ADA, &[BOB]).await;
        assert_eq!(refusal(world.join(EVE, group).await), Refusal::GroupFull);
        world.handle.reload(members_max(3)).unwrap();
        world.join(EVE, group).await.unwrap();
        world.handle.reload(members_max(2)).unwrap();
        assert_eq!(refusal(world.join(KAY, group).await), Refusal::GroupFull);
        assert_eq!(world.members(group).len(), 3);
        for nonsense in [0, 2_001] {
            let refused = world.handle.reload(members_max(nonsense)).unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument);
        }
    });
}

#[test]
fn a_user_is_in_so_many_groups_and_owns_so_many() {
    run_test("bounds", |_| async {
        let config = Config {
            groups_joined_max: 3,
            groups_owned_max: 2,
            ..Config::default()
        };
        let world = World::new(config).await;
        world.create(ADA, &[BOB]).await;
        world.create(ADA, &[BOB]).await;
        let request = CreateRequest {
            name: "third".into(),
            ..CreateRequest::default()
        };
        let refused = world.group.create_with(by(ADA, request)).await;
        assert_eq!(refusal(refused), Refusal::TooManyOwned);
        let third = world.create(EVE, &[BOB]).await;
        let fourth = world.create(EVE, &[]).await;
        assert_eq!(
            refusal(world.join(BOB, fourth).await),
            Refusal::TooManyGroups
        );
        let refused = world.invite(EVE, fourth, &[BOB]).await;
        assert_eq!(refusal(refused), Refusal::TooManyGroups);
        world.leave(BOB, third).await.unwrap();
        assert!(world.join(BOB, fourth).await.unwrap());
    });
}

#[test]
fn who_changes_groups_all_the_time_is_told_when_to_come_again_but_may_always_leave() {
    run_test("bounds", |_| async {
        let config = Config {
            changes_burst: 3,
            changes_refill_ms: 10_000,
            ..Config::default()
        };
        let world = World::new(config).await;
        let group = world.create(ADA, &[]).await;
        for _ in 0..3 {
            world.join(BOB, group).await.unwrap();
        }
        let refused = world.join(BOB, group).await.unwrap_err();
        let told = error(&refused);
        assert_eq!(told.reason, "im.group/TOO_FAST");
        assert_eq!(told.retry_after_ms, 10_000);
        world.leave(BOB, group).await.unwrap();
        world.join(EVE, group).await.expect("others go on");
        sleep(Duration::from_secs(10)).await;
        assert!(world.join(BOB, group).await.unwrap());
        let config = Config::default();
        world.handle.reload(config).unwrap();
        for _ in 0..3 {
            world.join(BOB, group).await.unwrap();
        }
    });
}
