//! Peers that are away, busy, or refuse.

use super::*;
use svrkit_rt::Status;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

#[test]
fn a_member_whose_rows_were_not_written_is_asked_again_alone() {
    run_test("one member", |_| async {
        let world = World::new(5);
        let broken = FIRST_MEMBER + 2;
        world.inboxes.with(|state| state.broken.insert(broken));
        world.send([1, 2]);
        let fanout = world.fanout(Config::default()).await;
        sleep(Duration::from_millis(1_000)).await;
        world.inboxes.with(|state| state.broken.clear());
        world.done().await;
        world.check(5, 1..=2);
        let calls = world.inboxes.with(|state| state.calls.clone());
        assert!(calls.len() > 2);
        assert_eq!(calls[0].len(), 5);
        assert!(calls[1..].iter().all(|members| *members == [broken]));
        assert_eq!(stats(&fanout).await.failures, 0);
    });
}

#[test]
fn an_inbox_that_stays_broken_is_a_failure_that_counts() {
    run_test("broken", |_| async {
        let world = World::new(5);
        world
            .inboxes
            .with(|state| state.broken.insert(FIRST_MEMBER));
        world.send([1]);
        let fanout = world.fanout(Config::default()).await;
        sleep(Duration::from_secs(12)).await;
        let transient = world
            .tasks
            .with(|state| state.failed.iter().map(|f| f.transient).collect::<Vec<_>>());
        assert!(!transient.is_empty() && transient.iter().all(|transient| !transient));
        assert_eq!(stats(&fanout).await.failures, transient.len() as u64);
        world.inboxes.with(|state| state.broken.clear());
        world.done().await;
        world.check(5, [1]);
    });
}

#[test]
fn a_store_that_refuses_is_not_pressed() {
    run_test("refused", |_| async {
        let world = World::new(5);
        let refusal = Status::invalid_argument("no");
        world.inboxes.with(|state| state.failure = Some(refusal));
        world.send([1]);
        let _fanout = world.fanout(Config::default()).await;
        sleep(Duration::from_millis(500)).await;
        assert_eq!(world.inboxes.with(|state| state.calls.len()), 1);
        assert!(world.tasks.with(|state| !state.failed[0].transient));
    });
}

#[test]
fn a_store_that_is_away_for_an_hour_costs_no_task() {
    run_test("away", |_| async {
        let world = World::new(5);
        let away = Status::unavailable("away");
        world.inboxes.with(|state| state.failure = Some(away));
        let fanout = world.fanout(Config::default()).await;
        for seq in 1..=60 {
            world.send([seq]);
            sleep(Duration::from_secs(60)).await;
        }
        assert!(
            world
                .tasks
                .with(|state| state.failed.iter().all(|f| f.transient))
        );
        assert!(stats(&fanout).await.failures > 100);
        world.inboxes.with(|state| state.failure = None);
        world.done().await;
        world.check(5, 1..=60);
    });
}

#[test]
fn a_queue_that_is_away_is_asked_ever_more_rarely() {
    run_test("queue away", |_| async {
        let world = World::new(5);
        world.tasks.with(|state| state.down = true);
        let _fanout = world.fanout(Config::default()).await;
        sleep(Duration::from_secs(600)).await;
        let takes = world.tasks.with(|state| state.takes);
        // 16 workers, each about every 2.5 s, after a few quick tries.
        assert!((2_000..8_000).contains(&takes), "{takes}");
        world.tasks.with(|state| state.down = false);
        world.send([1]);
        sleep(Duration::from_secs(6)).await;
        world.check(5, [1]);
    });
}

#[test]
fn failures_leave_fewer_workers_and_success_brings_them_back() {
    run_test("throttle", |_| async {
        let world = World::new(1);
        let groups: Vec<u64> = (0..200).map(|i| GROUP + i).collect();
        groups
            .iter()
            .for_each(|group| world.groups.set(*group, 1, members_of(5)));
        let away = Status::unavailable("away");
        world.inboxes.with(|state| {
            state.failure = Some(away);
            state.takes_ms = 10;
        });
        let config = Config {
            workers: 8,
            patience_ms: 0,
            ..Config::default()
        };
        let _fanout = world.fanout(config).await;
        groups
            .iter()
            .for_each(|group| world.tasks.push(task(*group, 1)));
        let busiest = async |ms: u64| {
            world.inboxes.with(|state| state.busiest = 0);
            sleep(Duration::from_millis(ms)).await;
            world.inboxes.with(|state| state.busiest)
        };
        assert_eq!(busiest(30).await, 8);
        sleep(Duration::from_millis(500)).await;
        assert_eq!(busiest(500).await, 1, "one finds out");
        world.inboxes.with(|state| state.failure = None);
        assert_eq!(busiest(1_500).await, 8);
        world.done().await;
        assert!(
            groups
                .iter()
                .all(|group| world.inboxes.of(FIRST_MEMBER, *group) == [1])
        );
    });
}

#[test]
fn a_slow_store_is_asked_less() {
    run_test("slow", |_| async {
        let world = World::new(1);
        let groups: Vec<u64> = (0..64).map(|i| GROUP + i).collect();
        groups
            .iter()
            .for_each(|group| world.groups.set(*group, 1, members_of(5)));
        world.inboxes.with(|state| state.takes_ms = 3_000);
        let fanout = world.fanout(Config::default()).await;
        groups
            .iter()
            .for_each(|group| world.tasks.push(task(*group, 1)));
        sleep(Duration::from_millis(3_500)).await;
        world.inboxes.with(|state| state.busiest = 0);
        world.done().await;
        assert!(world.inboxes.with(|state| state.busiest) <= 8);
        let stats = stats(&fanout).await;
        assert_eq!((stats.tasks, stats.failures), (64, 0));
    });
}
