//! In order a key, at once across keys.

use super::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use std::time::Duration;
use svrkit_rt::testing::run_test;

/// What workers did, as they did it.
#[derive(Default)]
struct Log {
    done: BTreeMap<String, Vec<u32>>,
    busy: HashSet<String>,
    busiest: usize,
}

#[test]
fn workers_at_once_keep_each_keys_order() {
    run_test("order", |seed| async move {
        // Nobody fails ten times in a row, and nobody waits longer than workers do.
        let config = Config {
            retry_delays_ms: vec![100; 10],
            ..Config::default()
        };
        let queue = Queue::fresh(config).await;
        let mut rng = seed.rng();
        for i in 0..60 {
            let keys = (0..6).map(|key| task(&format!("k{key}"), &i.to_string()));
            queue.enqueue(keys).await.unwrap();
        }
        let log = Rc::new(RefCell::new(Log::default()));
        let local = tokio::task::LocalSet::new();
        for _ in 0..8 {
            let worker = worker(queue.clone(), log.clone(), rng.fork());
            local.spawn_local(worker);
        }
        local.await;
        let log = log.borrow();
        let expected: Vec<u32> = (0..60).collect();
        assert_eq!(log.done.len(), 6);
        assert!(log.done.values().all(|done| *done == expected));
        assert!(log.busiest > 3, "keys wait for one another");
    });
}

/// Works until nothing comes; now and then fails.
async fn worker(queue: Queue, log: Rc<RefCell<Log>>, mut rng: fastrand::Rng) {
    loop {
        let tasks = queue.take_for(rng.u32(1..8), 20_000, 1_000).await.unwrap();
        if tasks.is_empty() {
            return;
        }
        let mut failed = HashSet::new();
        for leased in tasks {
            let key = String::from_utf8(leased.task.as_ref().unwrap().key.to_vec()).unwrap();
            if failed.contains(&key) {
                continue;
            }
            let fails = rng.u8(..10) == 0;
            assert!(log.borrow_mut().busy.insert(key.clone()), "two at one key");
            let busy = log.borrow().busy.len();
            let busiest = log.borrow().busiest.max(busy);
            log.borrow_mut().busiest = busiest;
            tokio::time::sleep(Duration::from_millis(rng.u64(1..20))).await;
            log.borrow_mut().busy.remove(&key);
            let tasks = std::slice::from_ref(&leased);
            if fails {
                queue.fail(tasks).await;
                failed.insert(key);
            } else {
                let number = payload(&leased).parse().unwrap();
                log.borrow_mut().done.entry(key).or_default().push(number);
                assert_eq!(queue.finish(tasks).await.unwrap(), 0);
            }
        }
    }
}

#[test]
fn a_run_of_a_key_comes_in_order_and_ends_with_its_first_failure() {
    run_test("run", |_| async {
        let queue = Queue::fresh(Config::default()).await;
        let tasks = ["1", "2", "3", "4"].map(|n| task("a", n));
        queue.enqueue(tasks).await.unwrap();
        let run = queue.take(3).await;
        assert_eq!(payloads(&run), ["1", "2", "3"]);
        assert!(queue.take(9).await.is_empty(), "its key is being worked on");
        assert_eq!(queue.finish(&run[..1]).await.unwrap(), 0);
        assert!(
            queue.take(9).await.is_empty(),
            "the rest of the run still is"
        );
        queue.fail(&run[1..2]).await;
        assert_eq!(
            queue.finish(&run[2..]).await.unwrap(),
            1,
            "3 was not to be done before 2"
        );
        assert!(
            queue.take(9).await.is_empty(),
            "2 waits, and 3 and 4 behind it"
        );
        assert_eq!(queue.drain().await, ["2", "3", "4"]);
    });
}

#[test]
fn a_worker_may_ask_for_one_key_only() {
    run_test("keys", |_| async {
        let queue = Queue::fresh(Config::default()).await;
        let tasks = [("a", "1"), ("b", "2"), ("a", "3")].map(|(key, n)| task(key, n));
        queue.enqueue(tasks).await.unwrap();
        let request = TakeRequest {
            queue: QUEUE.to_owned(),
            tasks_max: 9,
            keys_max: 1,
            ..TakeRequest::default()
        };
        let one = queue.0.take(request.clone()).await.unwrap().tasks;
        let other = queue.0.take(request).await.unwrap().tasks;
        assert_eq!(
            (payloads(&one), payloads(&other)),
            (vec!["1".into(), "3".into()], vec!["2".into()])
        );
    });
}

#[test]
fn tasks_without_a_key_wait_for_nobody() {
    run_test("keyless", |_| async {
        let queue = Queue::fresh(Config::default()).await;
        queue
            .enqueue(["1", "2", "3"].map(|n| task("", n)))
            .await
            .unwrap();
        let first = queue.take(1).await;
        let others = queue.take(9).await;
        assert_eq!(payloads(&others), ["2", "3"]);
        queue.finish(&others).await.unwrap();
        queue.fail(&first).await;
        assert_eq!(queue.drain().await, ["1"]);
    });
}
