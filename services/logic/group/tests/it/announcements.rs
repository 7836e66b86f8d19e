//! A group hears what happened in it, once.

use crate::world::{ADA, BOB, EVE, World};
use im_group::Config;
use im_idl::group::Role;
use im_idl::message::AnnounceRequest;
use im_idl::message::group_event::Kind;
use std::collections::HashSet;
use std::time::Duration;
use svrkit_rt::Status;
use svrkit_rt::testing::run_test;
use tokio::time::{Instant, sleep};

fn told(announced: &[AnnounceRequest]) -> Vec<(Kind, u64, Vec<u64>, Vec<u64>)> {
    let told = announced.iter().map(|request| {
        let event = request.event.clone().unwrap();
        let also = request.also.clone();
        (event.kind(), event.by, event.uins, also)
    });
    told.collect()
}

#[test]
fn each_change_is_announced_before_it_is_answered_and_no_repetition_is() {
    run_test("announcements", |_| async {
        let world = World::new(Config::default()).await;
        let group = world.create(ADA, &[BOB]).await;
        for _ in 0..2 {
            world.invite(BOB, group, &[EVE]).await.unwrap();
            world.leave(ADA, group).await.unwrap();
        }
        let announced = world.peers.memory().announced.clone();
        let expected = [
            (Kind::Created, ADA, vec![BOB], vec![]),
            (Kind::Joined, BOB, vec![EVE], vec![]),
            (Kind::Left, ADA, vec![ADA], vec![ADA]),
            (Kind::Role, ADA, vec![BOB], vec![]),
        ];
        assert_eq!(told(&announced), expected);
        let ids = announced.iter().map(|request| request.client_message_id);
        assert_eq!(ids.collect::<HashSet<_>>().len(), 4);
    });
}

#[test]
fn what_cannot_be_told_now_is_told_later_in_order() {
    run_test("announcements", |_| async {
        let world = World::new(Config::default()).await;
        let group = world.create(ADA, &[BOB, EVE]).await;
        let down = Status::unavailable("restarting");
        world.peers.memory().announce_fails = Some((5, down));
        let started = Instant::now();
        world.leave(ADA, group).await.unwrap();
        assert!(
            started.elapsed() < Duration::from_secs(1),
            "nobody waits for it"
        );
        assert_eq!(world.peers.memory().announced.len(), 1);
        sleep(Duration::from_secs(60)).await;
        let kinds = told(&world.peers.memory().announced);
        let kinds: Vec<Kind> = kinds.into_iter().map(|told| told.0).collect();
        assert_eq!(kinds, [Kind::Created, Kind::Left, Kind::Role]);
    });
}

#[test]
fn what_is_refused_for_good_is_not_tried_again() {
    run_test("announcements", |_| async {
        let world = World::new(Config::default()).await;
        let refused = Status::invalid_argument("too long");
        world.peers.memory().announce_fails = Some((10, refused));
        world.create(ADA, &[BOB]).await;
        sleep(Duration::from_secs(600)).await;
        let left = world.peers.memory().announce_fails.clone().unwrap().0;
        assert_eq!(left, 9);
    });
}

#[test]
fn a_message_service_that_hangs_holds_nobody_up() {
    run_test("announcements", |_| async {
        let world = World::new(Config::default()).await;
        world.peers.memory().announce_hangs = true;
        let started = Instant::now();
        let group = world.create(ADA, &[BOB]).await;
        world.set_role(ADA, group, BOB, Role::Admin).await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(1));
    });
}

#[test]
fn the_last_to_go_leaves_nobody_to_tell() {
    run_test("announcements", |_| async {
        let world = World::new(Config::default()).await;
        let group = world.create(ADA, &[]).await;
        world.leave(ADA, group).await.unwrap();
        assert_eq!(world.peers.memory().announced.len(), 1);
    });
}
