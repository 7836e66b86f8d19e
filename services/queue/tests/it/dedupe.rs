//! A task that its producer names is taken once.

use super::*;
use std::time::Duration;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

async fn is_duplicate(queue: &Queue, name: &str) -> bool {
    queue.enqueue([named(name)]).await.unwrap() == [0]
}

#[test]
fn a_duplicate_is_known_while_it_waits_and_an_hour_after_it_ended() {
    run_test("dedupe", |_| async {
        let queue = Queue::fresh(Config::default()).await;
        let ids = queue
            .enqueue([named("x"), named("x"), named("y")])
            .await
            .unwrap();
        assert!(ids[0] > 0 && ids[1] == 0 && ids[2] > ids[0]);
        sleep(Duration::from_secs(7_200)).await;
        assert!(is_duplicate(&queue, "x").await, "it still waits");
        assert_eq!(queue.drain().await, ["x", "y"]);
        sleep(Duration::from_secs(3_560)).await;
        assert!(is_duplicate(&queue, "x").await);
        sleep(Duration::from_secs(41)).await;
        assert!(!is_duplicate(&queue, "x").await);
    });
}

#[test]
fn a_restart_forgets_no_duplicate() {
    run_test("dedupe across lives", |_| async {
        let engine = im_engine::memory();
        let mut lives = queue(&engine, Config::default()).await;
        lives
            .enqueue([named("done"), named("waits")])
            .await
            .unwrap();
        let taken = lives.take(1).await;
        lives.finish(&taken).await.unwrap();
        for _ in 0..3 {
            drop(lives);
            lives = queue(&engine, Config::default()).await;
            assert!(is_duplicate(&lives, "done").await);
            assert!(is_duplicate(&lives, "waits").await);
            sleep(Duration::from_secs(1_100)).await;
        }
        drop(lives);
        sleep(Duration::from_secs(301)).await;
        let later = queue(&engine, Config::default()).await;
        assert!(!is_duplicate(&later, "done").await);
        assert!(is_duplicate(&later, "waits").await);
    });
}

#[test]
fn many_that_enqueue_the_same_at_once_enqueue_one() {
    run_test("at once", |_| async {
        let queue = Queue::fresh(Config::default()).await;
        let calls: Vec<_> = (0..50)
            .map(|_| {
                let queue = queue.clone();
                tokio::spawn(async move { queue.enqueue([named("x")]).await.unwrap()[0] })
            })
            .collect();
        let mut new = 0;
        for call in calls {
            new += usize::from(call.await.unwrap() > 0);
        }
        assert_eq!((new, queue.drain().await), (1, vec!["x".to_owned()]));
    });
}

#[test]
fn what_is_forgotten_is_gone_from_disk() {
    run_test("forgotten", |_| async {
        let engine = im_engine::memory();
        let queue = queue(&engine, Config::default()).await;
        for i in 0..20 {
            queue.enqueue([named(&i.to_string())]).await.unwrap();
            queue.drain().await;
        }
        sleep(Duration::from_secs(2 * 3_600)).await;
        let rows = engine.scan(im_engine::Scan::all("Qq")).await.unwrap().rows;
        let keys: Vec<_> = rows.iter().map(|row| row.key.clone()).collect();
        assert_eq!(keys, ["e"], "only the count of lives is left");
    });
}
