//! Failures, dead tasks, and their return.

use super::*;
use im_idl::queue::{Dead, ListDeadRequest, ReplayRequest};
use std::time::Duration;
use svrkit_rt::clock::now_ms;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

async fn dead(queue: &Queue, after: u64, rows_max: u32) -> (Vec<Dead>, bool) {
    let request = ListDeadRequest {
        queue: QUEUE.to_owned(),
        after,
        rows_max,
    };
    let listed = queue.0.list_dead(request).await.unwrap();
    (listed.dead, listed.more)
}

async fn replay(queue: &Queue, ids: Vec<u64>) -> Result<u64, Status> {
    let queue_name = QUEUE.to_owned();
    let request = ReplayRequest {
        queue: queue_name,
        ids,
    };
    Ok(queue.0.replay(request).await?.replayed)
}

#[test]
fn each_failure_waits_longer_until_the_task_is_dead_and_its_key_goes_on() {
    run_test("ladder", |_| async {
        let queue = Queue::fresh(Config::default()).await;
        queue
            .enqueue([task("a", "1"), task("a", "2")])
            .await
            .unwrap();
        let delays_ms = Config::default().retry_delays_ms;
        for (attempt, delay_ms) in delays_ms.iter().enumerate() {
            let taken = queue.take(1).await;
            assert_eq!(
                (taken[0].attempt as usize, &payload(&taken[0])[..]),
                (attempt, "1")
            );
            queue.fail(&taken).await;
            sleep(Duration::from_millis(delay_ms - 1)).await;
            assert!(queue.take(1).await.is_empty(), "2 may not pass");
            assert_eq!(queue.stats().await.delayed, 1);
            sleep(Duration::from_millis(1)).await;
        }
        let last = queue.take(1).await;
        queue.fail(&last).await;
        assert_eq!(queue.drain().await, ["2"]);
        let (dead, more) = dead(&queue, 0, 0).await;
        assert_eq!((dead.len(), more), (1, false));
        assert_eq!((dead[0].attempts, &dead[0].error[..]), (6, "no luck"));
        assert_eq!(dead[0].task.as_ref().unwrap().payload, "1");
        assert!(dead[0].died_ms <= now_ms() && dead[0].died_ms > now_ms() - 60_000);
    });
}

#[test]
fn a_ladder_survives_a_restart() {
    run_test("ladder across lives", |_| async {
        let engine = im_engine::memory();
        let before = queue(&engine, Config::default()).await;
        before.enqueue([task("a", "1")]).await.unwrap();
        for delay_ms in [1_000, 5_000] {
            let taken = before.take(1).await;
            before.fail(&taken).await;
            sleep(Duration::from_millis(delay_ms)).await;
        }
        let taken = before.take(1).await;
        before.fail(&taken).await;
        drop(before);
        let after = queue(&engine, Config::default()).await;
        sleep(Duration::from_millis(29_000)).await;
        assert!(after.take(1).await.is_empty());
        sleep(Duration::from_millis(1_000)).await;
        assert_eq!(after.take(1).await[0].attempt, 3);
    });
}

#[test]
fn trouble_that_is_not_the_tasks_never_kills_it() {
    run_test("transient", |_| async {
        let queue = Queue::fresh(Config::default()).await;
        queue
            .enqueue([task("a", "1"), task("a", "2")])
            .await
            .unwrap();
        for _ in 0..50 {
            let taken = queue.take(1).await;
            assert_eq!((taken[0].attempt, &payload(&taken[0])[..]), (0, "1"));
            let transient = FailRequest {
                transient: true,
                ..FailRequest::default()
            };
            queue.fail_as(&taken, transient).await;
            assert!(queue.take(1).await.is_empty());
            sleep(Duration::from_millis(2_000)).await;
        }
        assert_eq!(queue.drain().await, ["1", "2"]);
    });
}

#[test]
fn dead_tasks_are_listed_in_pages_and_replayed_also_after_a_restart() {
    run_test("replay", |_| async {
        let engine = im_engine::memory();
        let before = queue(&engine, Config::default()).await;
        before
            .enqueue(["1", "2", "3", "4", "5"].map(|n| task("a", n)))
            .await
            .unwrap();
        let taken = before.take(4).await;
        let hopeless = FailRequest {
            dead: true,
            ..FailRequest::default()
        };
        before.fail_as(&taken, hopeless).await;
        assert_eq!(before.drain().await, ["5"], "the dead are out of the way");
        drop(before);

        let after = queue(&engine, Config::default()).await;
        let (page, more) = dead(&after, 0, 3).await;
        assert_eq!((page.len(), more), (3, true));
        let (rest, more) = dead(&after, page[2].id, 3).await;
        assert_eq!((rest.len(), more), (1, false));
        assert_eq!(replay(&after, vec![page[1].id, 77]).await.unwrap(), 1);
        assert_eq!(after.drain().await, ["2"]);
        assert_eq!(replay(&after, Vec::new()).await.unwrap(), 3);
        assert_eq!(
            after.take(1).await[0].attempt,
            0,
            "a new try is a first one"
        );
        drop(after);
        let again = queue(&engine, Config::default()).await;
        assert_eq!(again.drain().await, ["1", "3", "4"]);
        assert_eq!(again.stats().await.dead, 0);
    });
}

#[test]
fn the_oldest_dead_go_when_there_are_too_many() {
    run_test("dead bound", |_| async {
        let config = Config {
            dead_tasks_max: 2,
            ..Config::default()
        };
        let queue = Queue::fresh(config).await;
        queue
            .enqueue(["1", "2", "3"].map(|n| task("", n)))
            .await
            .unwrap();
        let taken = queue.take(3).await;
        let hopeless = FailRequest {
            dead: true,
            ..FailRequest::default()
        };
        queue.fail_as(&taken, hopeless).await;
        // The answer comes before the oldest is cleaned away.
        sleep(Duration::from_millis(10)).await;
        let (dead, _) = dead(&queue, 0, 0).await;
        let ids: Vec<u64> = dead.iter().map(|dead| dead.id).collect();
        assert_eq!(ids, [taken[1].id, taken[2].id]);
    });
}
