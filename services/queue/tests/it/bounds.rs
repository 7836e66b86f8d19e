//! How much it takes, and what it refuses.

use super::*;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

fn is_full(result: Result<impl std::fmt::Debug, Status>) -> bool {
    let status = result.unwrap_err();
    status.code() == Code::ResourceExhausted
        && (status.domain(), status.reason()) == ("im.queue", "FULL")
}

#[test]
fn a_full_queue_takes_nothing_of_a_batch() {
    run_test("tasks", |_| async {
        let config = Config {
            tasks_max: 3,
            ..Config::default()
        };
        let queue = Queue::fresh(config).await;
        queue.enqueue([named("1"), named("2")]).await.unwrap();
        assert!(is_full(queue.enqueue([named("3"), named("4")]).await));
        assert_eq!(queue.stats().await.waiting, 2);
        let ids = queue
            .enqueue([named("1"), named("3"), named("2")])
            .await
            .unwrap();
        assert_eq!(
            ids.iter().filter(|id| **id == 0).count(),
            2,
            "duplicates need no room"
        );
        assert!(is_full(queue.enqueue([named("4")]).await));
        let taken = queue.take(1).await;
        assert!(
            is_full(queue.enqueue([named("4")]).await),
            "a leased task is still there"
        );
        queue.finish(&taken).await.unwrap();
        queue.enqueue([named("4")]).await.unwrap();
    });
}

#[test]
fn a_queue_is_full_of_bytes_too_also_after_a_restart() {
    run_test("bytes", |_| async {
        let engine = im_engine::memory();
        let config = Config {
            bytes_max: 1_000,
            ..Config::default()
        };
        let before = queue(&engine, config.clone()).await;
        before.enqueue([task("", &"x".repeat(800))]).await.unwrap();
        assert!(is_full(before.enqueue([task("", &"x".repeat(80))]).await));
        drop(before);
        let after = queue(&engine, config).await;
        assert!(is_full(after.enqueue([task("", &"x".repeat(80))]).await));
        after.enqueue([task("", "x")]).await.unwrap();
    });
}

#[test]
fn follow_ups_take_the_room_of_what_they_follow() {
    run_test("follow-ups", |_| async {
        let config = Config {
            tasks_max: 2,
            ..Config::default()
        };
        let queue = Queue::fresh(config).await;
        queue
            .enqueue([task("a", "1"), task("b", "2")])
            .await
            .unwrap();
        let taken = queue.take(1).await;
        let two = vec![task("", "3"), task("", "4")];
        assert!(is_full(queue.finish_with(&taken, two).await));
        let one = vec![Task {
            queue: String::new(),
            ..task("", "3")
        }];
        assert_eq!(queue.finish_with(&taken, one.clone()).await.unwrap(), 0);
        assert_eq!(
            queue.finish_with(&taken, one).await.unwrap(),
            1,
            "the lease is over"
        );
        let mut rest = queue.drain().await;
        rest.sort();
        assert_eq!(rest, ["2", "3"], "follow-ups came once");
    });
}

#[test]
fn follow_ups_of_a_lost_lease_end_nothing() {
    run_test("all or nothing", |_| async {
        let queue = Queue::fresh(Config::default()).await;
        queue
            .enqueue([task("a", "1"), task("b", "2")])
            .await
            .unwrap();
        let mut taken = queue.take(2).await;
        taken[0].lease += 1_000;
        let follow_up = vec![task("", "3")];
        assert_eq!(
            queue.finish_with(&taken, follow_up.clone()).await.unwrap(),
            1
        );
        assert_eq!(queue.stats().await.leased, 2);
        assert_eq!(queue.finish_with(&taken[1..], follow_up).await.unwrap(), 0);
        assert_eq!(payloads(&queue.take(2).await), ["3"]);
    });
}

#[test]
fn what_makes_no_sense_is_refused() {
    run_test("arguments", |_| async {
        let config = Config {
            payload_bytes_max: 100,
            enqueue_tasks_max: 10,
            queues_max: 2,
            ..Config::default()
        };
        let queue = Queue::fresh(config).await;
        let other = Task {
            queue: "other".to_owned(),
            ..task("", "")
        };
        let long = "x".repeat(300);
        let wrong = [
            vec![task("", "1"), other.clone()],
            vec![task("", &long)],
            vec![task(&long, "")],
            vec![named(&long[..65])],
            vec![task("", ""); 11],
            vec![Task {
                class: 9,
                ..task("", "")
            }],
            vec![Task {
                delay_ms: u64::MAX,
                ..task("", "")
            }],
            vec![Task {
                queue: "no name".to_owned(),
                ..task("", "")
            }],
            vec![Task {
                queue: String::new(),
                ..task("", "")
            }],
        ];
        for tasks in wrong {
            let status = queue.enqueue(tasks.clone()).await.unwrap_err();
            assert_eq!(status.code(), Code::InvalidArgument, "{tasks:?}");
        }
        assert!(queue.enqueue([]).await.unwrap().is_empty());
        queue.enqueue([task("", "")]).await.unwrap();
        queue.enqueue([other]).await.unwrap();
        let third = Task {
            queue: "third".to_owned(),
            ..task("", "")
        };
        let status = queue.enqueue([third]).await.unwrap_err();
        assert_eq!(
            (status.code(), status.reason()),
            (Code::ResourceExhausted, "QUEUES")
        );
    });
}

#[test]
fn a_deep_backlog_keeps_its_payloads_on_disk() {
    run_test("deep", |_| async {
        let engine = im_engine::memory();
        let config = Config {
            cache_bytes_max: 2_000,
            ..Config::default()
        };
        let before = queue(&engine, config.clone()).await;
        let payload = |i: u32| format!("{i:08}").repeat(16);
        let expected: Vec<String> = (0..500).map(payload).collect();
        before
            .enqueue(expected[..250].iter().map(|p| task("a", p)))
            .await
            .unwrap();
        before
            .enqueue(expected[250..].iter().map(|p| task("a", p)))
            .await
            .unwrap();
        let mut done = Vec::new();
        for _ in 0..10 {
            let taken = before.take(10).await;
            done.extend(payloads(&taken));
            before.finish(&taken).await.unwrap();
        }
        drop(before);
        done.extend(queue(&engine, config).await.drain().await);
        assert_eq!(done, expected);
    });
}
