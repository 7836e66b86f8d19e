//! Who gets what, and how often anybody is asked.

use super::*;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

#[test]
fn each_member_gets_each_row_once_in_order_and_hears_of_it() {
    run_test("delivery", |_| async {
        let world = World::new(600);
        let fanout = world.fanout(Config::default()).await;
        for some in [1..=5, 6..=6, 7..=40] {
            world.send(some);
            sleep(Duration::from_millis(7)).await;
        }
        world.done().await;
        world.check(600, 1..=40);
        sleep(Duration::from_millis(100)).await;
        let news = world.news.0.lock().unwrap().clone();
        assert!(members_of(600).iter().all(|uin| news.get(uin) == Some(&40)));
        let stats = stats(&fanout).await;
        assert_eq!((stats.tasks, stats.rows, stats.failures), (40, 600 * 40, 0));
    });
}

#[test]
fn tasks_of_a_group_that_come_together_go_together() {
    run_test("merge", |_| async {
        let world = World::new(600);
        world.send(1..=16);
        let config = Config {
            batches_at_once: 2,
            ..Config::default()
        };
        let _fanout = world.fanout(config).await;
        world.done().await;
        world.check(600, 1..=16);
        let calls = world.inboxes.with(|state| std::mem::take(&mut state.calls));
        let sizes: Vec<usize> = calls.iter().map(Vec::len).collect();
        assert_eq!(sizes, [250, 250, 100]);
        assert_eq!(
            world.tasks.with(|state| state.extended),
            1,
            "progress between batches that are not written at once"
        );
    });
}

#[test]
fn groups_do_not_wait_for_one_another() {
    run_test("groups", |_| async {
        let world = World::new(1);
        for group in 0..8 {
            world.groups.set(GROUP + group, 1, members_of(10));
        }
        world.inboxes.with(|state| state.takes_ms = 1_000);
        let _fanout = world.fanout(Config::default()).await;
        for group in 0..8 {
            world.tasks.push(task(GROUP + group, 1));
        }
        world.done().await;
        assert_eq!(world.inboxes.with(|state| state.busiest), 8);
    });
}

#[test]
fn others_get_a_row_beside_the_members() {
    run_test("also", |_| async {
        let world = World::new(3);
        let also = GroupTask {
            also: vec![20_001, FIRST_MEMBER, 5],
            ..task(GROUP, 2)
        };
        world.send([1]);
        world.tasks.push(also);
        world.send([3]);
        let _fanout = world.fanout(Config::default()).await;
        world.done().await;
        world.check(3, 1..=3);
        assert_eq!(world.inboxes.of(20_001, GROUP), [2]);
        assert!(
            world.inboxes.of(5, GROUP).is_empty(),
            "nobody has this number"
        );
    });
}

#[test]
fn a_group_that_is_no_more_ends_its_tasks() {
    run_test("no group", |_| async {
        let world = World::new(3);
        let task = GroupTask {
            also: vec![20_001],
            ..task(GROUP + 9, 1)
        };
        world.tasks.push(task);
        let fanout = world.fanout(Config::default()).await;
        world.done().await;
        assert_eq!(world.inboxes.of(20_001, GROUP + 9), [1]);
        assert_eq!(stats(&fanout).await.failures, 0);
    });
}

#[test]
fn what_is_no_task_of_a_group_is_given_up() {
    run_test("senseless", |_| async {
        let world = World::new(3);
        world
            .tasks
            .push_raw(task(GROUP, 1), bytes::Bytes::from_static(b"\xff\xff"));
        world.tasks.push(task(7, 1));
        world.send([2]);
        let _fanout = world.fanout(Config::default()).await;
        world.done().await;
        world.check(3, [2]);
        assert_eq!(world.tasks.with(|state| state.dead), 2);
    });
}

#[test]
fn members_known_at_the_tasks_version_are_not_asked_for_again() {
    run_test("members", |_| async {
        let world = World::new(1_200);
        let _fanout = world.fanout(Config::default()).await;
        world.send([1]);
        world.done().await;
        assert_eq!(world.groups.asked(), 3, "pages");
        world.send([2]);
        world.done().await;
        assert_eq!(world.groups.asked(), 0);
        let unknown = GroupTask {
            group_version: 0,
            ..task(GROUP, 3)
        };
        world.tasks.push(unknown);
        world.done().await;
        assert_eq!(world.groups.asked(), 1, "whether it is still so");

        world.groups.set(GROUP, 2, members_of(1_300));
        world.send([4]);
        world.done().await;
        assert_eq!(world.groups.asked(), 0, "the sender knew of no change");
        world.check(1_200, 1..=4);
        let newer = GroupTask {
            group_version: 2,
            ..task(GROUP, 5)
        };
        world.tasks.push(newer);
        world.done().await;
        assert_eq!(world.groups.asked(), 3);
        assert_eq!(world.inboxes.of(FIRST_MEMBER + 1_299, GROUP), [5]);
    });
}
