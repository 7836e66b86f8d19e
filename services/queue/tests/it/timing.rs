//! Delays, ends, classes, and waiting for work.

use super::*;
use std::time::Duration;
use svrkit_rt::clock::now_ms;
use svrkit_rt::testing::run_test;
use tokio::time::{Instant, sleep};

#[test]
fn a_delayed_task_comes_when_its_time_has_come() {
    run_test("delay", |_| async {
        let engine = im_engine::memory();
        let before = queue(&engine, Config::default()).await;
        let delayed = Task {
            delay_ms: 90_000,
            ..task("a", "1")
        };
        before.enqueue([delayed, task("a", "2")]).await.unwrap();
        assert!(before.take(2).await.is_empty(), "2 is behind it");
        sleep(Duration::from_secs(80)).await;
        drop(before);
        let after = queue(&engine, Config::default()).await;
        let began = Instant::now();
        let taken = after.take_for(2, 20_000, 1_000).await.unwrap();
        assert_eq!(payloads(&taken), ["1", "2"]);
        assert_eq!(taken[0].task.as_ref().unwrap().delay_ms, 90_000);
        let waited = began.elapsed().as_millis();
        assert!((9_900..=10_100).contains(&waited), "{waited} ms");
    });
}

#[test]
fn a_task_not_begun_in_time_is_dropped_and_one_that_was_begun_is_not() {
    run_test("expiry", |_| async {
        let engine = im_engine::memory();
        let queue_1 = queue(&engine, Config::default()).await;
        let until = |ms: u64, n: &str| Task {
            expires_ms: now_ms() + ms,
            ..task("a", n)
        };
        let tasks = [
            until(1_000, "begun"),
            until(1_000, "late"),
            until(60_000, "in time"),
        ];
        queue_1.enqueue(tasks).await.unwrap();
        let begun = queue_1.take_for(1, 0, 5_000).await.unwrap();
        sleep(Duration::from_millis(1_500)).await;
        assert_eq!(
            queue_1.stats().await.waiting,
            1,
            "late is gone, without anybody asking"
        );
        queue_1.fail(&begun).await;
        assert_eq!(queue_1.drain().await, ["begun", "in time"]);
        drop(queue_1);
        assert!(
            queue(&engine, Config::default())
                .await
                .take(9)
                .await
                .is_empty()
        );
    });
}

#[test]
fn a_take_waits_for_the_first_task_and_no_longer_than_it_says() {
    run_test("long poll", |_| async {
        let queue = Queue::fresh(Config::default()).await;
        let began = Instant::now();
        assert!(queue.take_for(1, 20_000, 0).await.unwrap().is_empty());
        assert_eq!(began.elapsed().as_secs(), 20);
        let waiting = ["first", "second"].map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.take_for(5, 20_000, 0).await.unwrap() })
        });
        sleep(Duration::from_secs(5)).await;
        queue.enqueue([task("a", "1")]).await.unwrap();
        sleep(Duration::from_secs(5)).await;
        queue.enqueue([task("b", "2")]).await.unwrap();
        let [first, second] = waiting;
        assert_eq!(payloads(&first.await.unwrap()), ["1"]);
        assert_eq!(payloads(&second.await.unwrap()), ["2"]);
    });
}

#[test]
fn live_goes_first_and_nobody_starves() {
    run_test("classes", |_| async {
        let queue = Queue::fresh(Config::default()).await;
        for class in [Class::Bulk, Class::Retry, Class::Live] {
            let tasks = (0..100).map(|_| of_class(class, class.as_str_name()));
            queue.enqueue(tasks).await.unwrap();
        }
        let taken = payloads(&queue.take(42).await);
        let of = |class: Class| taken.iter().filter(|p| **p == class.as_str_name()).count();
        assert_eq!(
            [of(Class::Live), of(Class::Retry), of(Class::Bulk)],
            [32, 8, 2]
        );
    });
}

#[test]
fn a_task_that_failed_gives_way_to_live_ones() {
    run_test("retry class", |_| async {
        let config = Config {
            retry_delays_ms: vec![0],
            ..Config::default()
        };
        let queue = Queue::fresh(config).await;
        queue.enqueue([task("", "failed")]).await.unwrap();
        let taken = queue.take(1).await;
        queue.fail(&taken).await;
        queue.enqueue([task("", "live")]).await.unwrap();
        assert_eq!(payloads(&queue.take(2).await), ["live", "failed"]);
    });
}

#[test]
fn figures_say_how_much_waits_and_since_when() {
    run_test("stats", |_| async {
        let queue = Queue::fresh(Config::default()).await;
        let later = Task {
            delay_ms: 60_000,
            ..task("", "later")
        };
        queue
            .enqueue([task("a", "1"), task("b", "2"), later])
            .await
            .unwrap();
        sleep(Duration::from_secs(7)).await;
        let first = queue.take(1).await;
        let stats = queue.stats().await;
        assert_eq!((stats.waiting, stats.leased, stats.delayed), (1, 1, 1));
        assert_eq!((stats.oldest_ms / 1_000, stats.enqueued), (7, 3));
        queue.finish(&first).await.unwrap();
        let second = queue.take(1).await;
        queue.fail(&second).await;
        let stats = queue.stats().await;
        assert_eq!((stats.finished, stats.retried, stats.delayed), (1, 1, 2));
        assert_eq!((stats.oldest_ms, stats.bytes), (0, 2 * 64 + 2 + 5));
        let all = queue.0.stats(StatsRequest::default()).await.unwrap();
        assert_eq!(all.queues, [stats]);
        let unknown = StatsRequest {
            queue: "unknown".to_owned(),
        };
        assert!(queue.0.stats(unknown).await.unwrap().queues.is_empty());
    });
}
