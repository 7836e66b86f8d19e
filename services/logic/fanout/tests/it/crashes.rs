//! It may end at any moment, and another goes on.

use super::*;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

fn config() -> Config {
    Config {
        workers: 1,
        batch_members_max: 4,
        batches_at_once: 1,
        ..Config::default()
    }
}

#[test]
fn wherever_it_ends_each_row_arrives_once_and_in_order() {
    run_test("every step", |_| async {
        let mut ended = 0;
        for (after, batches_at_once) in [(false, 1), (true, 1), (false, 2), (true, 2)] {
            for step in 0.. {
                let world = World::new(10);
                world.send(1..=3);
                let also = GroupTask {
                    also: vec![20_001],
                    ..task(GROUP, 4)
                };
                world.tasks.push(also);
                world.steps.freeze(step, after);
                let config = Config {
                    batches_at_once,
                    ..config()
                };
                let fanout = world.fanout(config.clone()).await;
                sleep(Duration::from_millis(500)).await;
                let was_frozen = world.steps.is_frozen();
                drop(fanout);
                sleep(Duration::from_millis(500)).await;
                world.steps.thaw();
                world.tasks.release();
                world.send([5]);
                let _next = world.fanout(config).await;
                world.done().await;
                world.check(10, 1..=5);
                assert_eq!(world.inboxes.of(20_001, GROUP), [4]);
                if !was_frozen {
                    break;
                }
                ended += 1;
            }
        }
        assert!(
            ended >= 32,
            "members, batches, progress and end: {ended} steps"
        );
    });
}

#[test]
fn the_next_goes_on_where_the_last_one_was() {
    run_test("resume", |_| async {
        let world = World::new(10);
        world.send(1..=2);
        // Members, a batch, progress, a batch, progress: the third batch does not come back.
        world.steps.freeze(5, false);
        let fanout = world.fanout(config()).await;
        sleep(Duration::from_millis(100)).await;
        drop(fanout);
        sleep(Duration::from_millis(100)).await;
        world.steps.thaw();
        world.tasks.release();
        world.send([3]);
        world.inboxes.with(|state| state.calls.clear());
        let _next = world.fanout(config()).await;
        world.done().await;
        world.check(10, 1..=3);
        let calls = world.inboxes.with(|state| state.calls.clone());
        let all = members_of(10);
        let expected = [&all[8..], &all[..4], &all[4..8], &all[8..]];
        assert_eq!(
            calls, expected,
            "two rows to the last two members, then the third to all"
        );
    });
}

#[test]
fn it_ends_with_its_server() {
    run_test("end", |_| async {
        let world = World::new(10);
        let fanout = world.fanout(Config::default()).await;
        sleep(Duration::from_secs(30)).await;
        assert_eq!(world.tasks.with(|state| state.waiting), 16);
        drop(fanout);
        sleep(Duration::from_secs(1)).await;
        let takes = world.tasks.with(|state| state.takes);
        sleep(Duration::from_secs(3_600)).await;
        assert_eq!(
            world.tasks.with(|state| (state.waiting, state.takes)),
            (0, takes)
        );
    });
}

#[test]
fn a_worker_whose_lease_is_lost_leaves_the_rest_to_the_other() {
    run_test("lost", |_| async {
        let world = World::new(12);
        world.inboxes.with(|state| state.takes_ms = 1_000);
        world.send([1]);
        let fanout = world.fanout(config()).await;
        sleep(Duration::from_millis(500)).await;
        world.tasks.release();
        sleep(Duration::from_millis(1_000)).await;
        assert_eq!(
            world.inboxes.with(|state| state.calls.len()),
            2,
            "it began anew, as the other"
        );
        world.done().await;
        world.check(12, [1]);
        assert_eq!(stats(&fanout).await.failures, 0);
    });
}

#[test]
fn a_worker_that_lives_keeps_its_lease_however_long_a_batch_takes() {
    run_test("keeps", |_| async {
        let world = World::new(4);
        world.inboxes.with(|state| state.takes_ms = 4_500);
        world.send([1]);
        let _fanout = world.fanout(config()).await;
        world.done().await;
        world.check(4, [1]);
        let extended = world.tasks.with(|state| state.extended);
        assert_eq!(extended, 4, "a lease of 5 s, five times in its time");
        assert_eq!(world.inboxes.with(|state| state.calls.len()), 1);
    });
}
