//! The process may end at any moment.

use super::brittle::{Breaks, brittle};
use super::*;
use im_idl::queue::ExtendRequest;
use std::collections::BTreeSet;
use std::time::Duration;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

/// What the story's producers and workers were told, and what they only asked for.
#[derive(Default, Debug)]
struct Told {
    enqueued: BTreeSet<String>,
    asked_to_enqueue: BTreeSet<String>,
    finished: BTreeSet<String>,
    asked_to_finish: BTreeSet<String>,
}

/// Enqueues, takes, extends, fails, finishes, follows up. Ends where the engine does.
async fn story(queue: &Queue, told: &mut Told) -> Result<(), Status> {
    for round in 0..4 {
        let names: Vec<String> = (0..3).map(|i| format!("{round}{i}")).collect();
        told.asked_to_enqueue.extend(names.iter().cloned());
        queue.enqueue(names.iter().map(|n| task("a", n))).await?;
        told.enqueued.extend(names);

        let taken = queue.take_for(2, 0, 600_000).await?;
        let extend = ExtendRequest {
            queue: QUEUE.to_owned(),
            lease: leases(&taken).into_iter().next(),
            lease_ms: 600_000,
            progress: Some("some".into()),
        };
        queue.0.extend(extend).await?;
        let (first, second) = (&taken[..1], &taken[1..]);
        let follow_up = format!("{round}follow-up");
        told.asked_to_enqueue.insert(follow_up.clone());
        told.asked_to_finish.insert(payload(&first[0]));
        queue
            .finish_with(first, vec![task("b", &follow_up)])
            .await?;
        told.enqueued.insert(follow_up);
        told.finished.insert(payload(&first[0]));

        let fail = FailRequest {
            queue: QUEUE.to_owned(),
            leases: leases(second),
            ..FailRequest::default()
        };
        queue.0.fail(fail).await?;
        tokio::time::sleep(Duration::from_millis(1_000)).await;
    }
    Ok(())
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_finished_comes_again_wherever_it_ends() {
    run_test("every step", |_| async {
        let mut ended = 0;
        for breaks in [Breaks::Before, Breaks::After] {
            for writes in 0.. {
                let engine = im_engine::memory();
                let mut told = Told::default();
                let before = queue(&brittle(&engine, writes, breaks), Config::default()).await;
                let story = story(&before, &mut told).await;
                drop(before);
                let left = queue(&engine, Config::default()).await.drain().await;
                check(&told, &left);
                if story.is_ok() {
                    break;
                }
                ended += 1;
            }
        }
        assert!(ended >= 30, "the story has that many steps: {ended}");
    });
}

fn check(told: &Told, left: &[String]) {
    let set: BTreeSet<String> = left.iter().cloned().collect();
    assert_eq!(set.len(), left.len(), "twice: {left:?}");
    let owed = told.enqueued.difference(&told.asked_to_finish);
    assert!(owed.clone().all(|n| set.contains(n)), "{told:?}: {left:?}");
    assert!(set.is_disjoint(&told.finished), "{told:?}: {left:?}");
    assert!(set.is_subset(&told.asked_to_enqueue));
    // In order of their key.
    let numbers: Vec<&String> = left.iter().filter(|n| n.len() == 2).collect();
    assert!(numbers.is_sorted(), "{left:?}");
}

#[test]
fn a_queue_whose_engine_failed_is_read_again() {
    run_test("read again", |_| async {
        let engine = im_engine::memory();
        // The life's row and one enqueue; the next is written, but the queue does not learn of it.
        let brittle = brittle(&engine, 2, Breaks::After);
        let queue_1 = queue(&brittle, Config::default()).await;
        queue_1.enqueue([task("a", "1")]).await.unwrap();
        let waiting = tokio::spawn({
            let queue = queue_1.clone();
            async move {
                queue.take_for(1, 0, 60_000).await.unwrap();
                queue.take_for(1, 20_000, 60_000).await
            }
        });
        tokio::time::sleep(Duration::from_millis(10)).await;
        let lost = queue_1.enqueue([task("b", "2")]).await.unwrap_err();
        assert_eq!(lost.code(), Code::Unavailable);
        let waited = waiting.await.unwrap().unwrap_err();
        assert_eq!(waited.code(), Code::Unavailable, "who waits is told");
        let still = queue_1.enqueue([task("b", "3")]).await.unwrap_err();
        assert_eq!(still.code(), Code::Unavailable);
        let other = queue(&engine, Config::default()).await;
        let mut left = other.drain().await;
        left.sort();
        assert_eq!(left, ["1", "2"]);
    });
}

#[test]
fn an_engine_without_room_makes_callers_wait() {
    run_test("overloaded", |_| async {
        let engine = im_engine::memory();
        let queue = queue(&brittle(&engine, 2, Breaks::Overloaded), Config::default()).await;
        queue.enqueue([task("a", "1")]).await.unwrap();
        let taken = queue.take(1).await;
        assert_eq!(
            queue.finish(&taken).await.unwrap(),
            0,
            "the lease has lived through it"
        );
    });
}

#[test]
fn an_earlier_life_writes_nothing_any_more() {
    run_test("two lives", |_| async {
        let engine = im_engine::memory();
        let before = queue(&engine, Config::default()).await;
        before
            .enqueue([task("a", "1"), task("a", "2")])
            .await
            .unwrap();
        let taken = before.take(1).await;
        let after = queue(&engine, Config::default()).await;
        let again = after.take(1).await;
        assert_eq!(again[0].id, taken[0].id);
        assert!(before.finish(&taken).await.is_err(), "its time is over");
        assert_eq!(after.finish(&again).await.unwrap(), 0);
        assert_eq!(after.drain().await, ["2"]);
    });
}

#[test]
fn everything_is_given_again_in_order_after_a_restart() {
    run_test("restart", |_| async {
        let engine = im_engine::memory();
        let mut lives = queue(&engine, Config::default()).await;
        let mut expected = Vec::new();
        for i in 0..2_500 {
            expected.push(format!("{i:04}"));
        }
        for some in expected.chunks(500) {
            lives
                .enqueue(some.iter().map(|n| task("a", n)))
                .await
                .unwrap();
        }
        let mut done = Vec::new();
        while done.len() < expected.len() {
            let run = lives.take(5).await;
            // Takes more, and is gone before it is done.
            assert_eq!(lives.finish(&run[..4.min(run.len())]).await.unwrap(), 0);
            done.extend(payloads(&run[..4.min(run.len())]));
            if done.len() % 100 == 0 {
                drop(lives);
                lives = queue(&engine, Config::default()).await;
            } else {
                assert_eq!(lives.finish(&run[4.min(run.len())..]).await.unwrap(), 0);
                done.extend(payloads(&run[4.min(run.len())..]));
            }
        }
        assert_eq!(done, expected);
    });
}
