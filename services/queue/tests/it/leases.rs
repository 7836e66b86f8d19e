//! Who has a task, and for how long.

use super::*;
use im_idl::queue::ExtendRequest;
use std::time::Duration;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

async fn extend(queue: &Queue, task: &Leased, lease_ms: u32, progress: Option<&str>) -> bool {
    let request = ExtendRequest {
        queue: QUEUE.to_owned(),
        lease: leases(std::slice::from_ref(task)).pop(),
        lease_ms,
        progress: progress.map(|text| text.to_owned().into()),
    };
    queue.0.extend(request).await.unwrap().held
}

#[test]
fn a_lease_that_runs_out_gives_the_task_to_somebody_else() {
    run_test("expiry", |_| async {
        let queue = Queue::fresh(Config::default()).await;
        queue
            .enqueue([task("a", "1"), task("a", "2")])
            .await
            .unwrap();
        let slow = queue.take_for(2, 0, 1_000).await.unwrap();
        let other = tokio::spawn({
            let queue = queue.clone();
            async move { queue.take_for(1, 20_000, 1_000).await.unwrap() }
        });
        sleep(Duration::from_millis(990)).await;
        assert!(!other.is_finished());
        sleep(Duration::from_millis(20)).await;
        let other = other.await.unwrap();
        assert_eq!((other[0].id, other[0].attempt), (slow[0].id, 0));
        assert!(other[0].lease > slow[0].lease);
        assert_eq!(queue.finish(&slow).await.unwrap(), 2, "both were lost");
        assert!(!extend(&queue, &slow[0], 1_000, None).await);
        assert_eq!(queue.finish(&other).await.unwrap(), 0);
        assert_eq!(queue.drain().await, ["2"]);
    });
}

#[test]
fn extending_keeps_the_whole_run() {
    run_test("extend", |_| async {
        let queue = Queue::fresh(Config::default()).await;
        queue
            .enqueue([task("a", "1"), task("a", "2")])
            .await
            .unwrap();
        let run = queue.take_for(2, 0, 1_000).await.unwrap();
        for _ in 0..10 {
            sleep(Duration::from_millis(900)).await;
            assert!(extend(&queue, &run[0], 1_000, None).await);
        }
        assert_eq!(queue.finish(&run).await.unwrap(), 0);
    });
}

#[test]
fn progress_comes_with_the_task_again_after_a_restart_too() {
    run_test("progress", |_| async {
        let engine = im_engine::memory();
        let before = queue(&engine, Config::default()).await;
        before.enqueue([task("a", "1")]).await.unwrap();
        let first = before.take(1).await;
        assert_eq!(first[0].progress, "");
        assert!(extend(&before, &first[0], 1_000, Some("half")).await);
        assert!(
            extend(&before, &first[0], 1_000, None).await,
            "leaves it as it was"
        );
        sleep(Duration::from_secs(2)).await;
        let second = before.take(1).await;
        assert_eq!(second[0].progress, "half");
        drop(before);
        let after = queue(&engine, Config::default()).await;
        let third = after.take(1).await;
        assert_eq!(
            (third[0].id, &third[0].progress[..]),
            (first[0].id, &b"half"[..])
        );
        assert!(
            third[0].lease > second[0].lease,
            "a lease's number never comes again"
        );
        assert_eq!(
            after.finish(&second).await.unwrap(),
            1,
            "it is from before the restart"
        );
        assert_eq!(after.finish(&third).await.unwrap(), 0);
    });
}

#[test]
fn what_a_worker_that_is_gone_would_have_got_goes_to_the_next_at_once() {
    run_test("gone", |_| async {
        let queue = Queue::fresh(Config::default()).await;
        let gone = tokio::spawn({
            let queue = queue.clone();
            async move { queue.take_for(1, 20_000, 600_000).await }
        });
        sleep(Duration::from_millis(10)).await;
        gone.abort();
        sleep(Duration::from_millis(10)).await;
        queue.enqueue([task("a", "1")]).await.unwrap();
        assert_eq!(payloads(&queue.take(1).await), ["1"]);
    });
}

#[test]
fn a_task_that_always_loses_its_worker_gets_onto_the_ladder() {
    run_test("poison", |_| async {
        let config = Config {
            lost_leases_max: 3,
            retry_delays_ms: vec![60_000],
            ..Config::default()
        };
        let queue = Queue::fresh(config).await;
        queue.enqueue([task("a", "1")]).await.unwrap();
        for round in 0..2 {
            for _ in 0..3 {
                let taken = queue.take_for(1, 100, 1_000).await.unwrap();
                assert_eq!(taken[0].attempt, round);
                sleep(Duration::from_millis(1_001)).await;
            }
            assert!(queue.take(1).await.is_empty());
            sleep(Duration::from_secs(60)).await;
        }
        let stats = queue.stats().await;
        assert_eq!((stats.dead, stats.waiting), (1, 0));
    });
}
