//! Snapshots that are not what they were.

use crate::world::*;
use im_idl::contact::Relation;
use svrkit_rt::testing::run_test;

async fn world_with_a_little_of_everything() -> World {
    let world = World::new();
    world.add_contact(BOB, Relation::Friend);
    world.add_message(item(BOB, BOB, 1, "hi"));
    world
}

#[test]
fn one_of_another_device_or_of_nobody_is_that_of_a_new_device() {
    run_test("another", |_| async {
        let world = world_with_a_little_of_everything().await;
        let mut phone = Device::of(&world, 200).await;
        phone.sync(0).await;
        let mut tablet = phone.clone();
        tablet.caller.device = "tablet".to_owned();
        assert_eq!(tablet.sync(0).await.messages.len(), 1);
        assert_ne!(tablet.snapshot, phone.snapshot);
        for damaged in [
            &b""[..],
            b"x",
            &[1; 40],
            &[0xff; 1_000],
            &phone.snapshot[1..],
        ] {
            let mut device = phone.clone();
            device.snapshot = damaged.to_vec();
            let answer = device.sync(0).await;
            assert_eq!((answer.messages.len(), answer.contacts.len()), (1, 1));
            assert_eq!(device.snapshot, phone.snapshot);
        }
    });
}

#[test]
fn a_forged_one_is_the_newest_at_most() {
    run_test("forged", |_| async {
        let world = world_with_a_little_of_everything().await;
        let mut phone = Device::of(&world, 200).await;
        phone.sync(0).await;
        let honest = phone.snapshot.clone();
        // All versions at 2^63: behind format and binding come four varints.
        let mut forged = honest[..5].to_vec();
        for _ in 0..4 {
            forged.extend([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
        }
        phone.snapshot = forged;
        let answer = phone.sync(0).await;
        assert_eq!((answer.messages.len(), answer.contacts.len()), (0, 0));
        assert_eq!(phone.snapshot, honest);
    });
}
