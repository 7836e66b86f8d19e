//! A few threads for work that takes a processor, one job after the other.
//!
//! A thread takes its next job itself. If its runtime handed them out, as many would be done as that has turns, which are few while it has
//! much else to do.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, oneshot};

type Job = Box<dyn FnOnce() + Send>;

/// At most so many threads, borrowed from the runtime while there is something to do.
pub(crate) struct Workers {
    threads_max: usize,
    /// For jobs that run or wait.
    places: Arc<Semaphore>,
    queue: Arc<Mutex<Queue>>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Job>,
    threads: usize,
}

/// Why a job has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotDone {
    /// As many wait as may.
    Busy,
    /// It panicked.
    Failed,
}

impl Workers {
    pub(crate) fn new(threads_max: usize, waiting_max: usize) -> Workers {
        // Without a thread there is nothing to wait for.
        let places = match threads_max {
            0 => 0,
            _ => threads_max.saturating_add(waiting_max),
        };
        Workers {
            threads_max,
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            queue: Arc::default(),
        }
    }

    /// Does `work` when its turn has come. Given up before that, it is not begun, and its place is free when a thread comes past it; begun,
    /// it is done to its end.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotDone> {
        let place = self.places.clone().try_acquire_owned();
        let place = place.map_err(|_| NotDone::Busy)?;
        let (told, result) = oneshot::channel();
        self.line_up(Box::new(move || {
            // A local, which goes before `told` when the work panics, too.
            let place = place;
            if told.is_closed() {
                return;
            }
            let result = work();
            // Before it is told: whoever asks again on hearing of it must not find himself in the way.
            drop(place);
            // Whoever asked may have gone meanwhile.
            let _ = told.send(result);
        }));
        result.await.map_err(|_| NotDone::Failed)
    }

    fn line_up(&self, job: Job) {
        if self.wants_thread(job) {
            let queue = self.queue.clone();
            tokio::task::spawn_blocking(move || work_off(&queue));
        }
    }

    /// Puts a job at the end of the queue. Whether it takes another thread, which counts from now on: starting one takes longer than the
    /// lock should be held.
    fn wants_thread(&self, job: Job) -> bool {
        let mut queue = lock(&self.queue);
        queue.waiting.push_back(job);
        let wants = queue.threads < self.threads_max;
        queue.threads += usize::from(wants);
        wants
    }
}

/// A thread, until nobody waits.
fn work_off(queue: &Mutex<Queue>) {
    while let Some(job) = next(queue) {
        // What it had to tell is dropped with it, which is how its caller learns.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

/// The next job; without one the thread is none any more, which must be decided in the same breath.
fn next(queue: &Mutex<Queue>) -> Option<Job> {
    let mut queue = lock(queue);
    let job = queue.waiting.pop_front();
    if job.is_none() {
        queue.threads -= 1;
    }
    job
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    // Nothing panics under the lock.
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::sync::mpsc;
    use svrkit_rt::testing::run_test;
    use tokio::task::{JoinSet, yield_now};

    #[test]
    fn all_is_done_by_no_more_threads_than_may() {
        run_test("workers", |_| async {
            let workers = Arc::new(Workers::new(2, 1_000));
            let (now, most) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
            let mut jobs = JoinSet::new();
            for n in 0..200 {
                let (workers, now, most) = (workers.clone(), now.clone(), most.clone());
                jobs.spawn(async move {
                    let work = move || {
                        most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(1, SeqCst);
                        n
                    };
                    assert_eq!(workers.run(work).await, Ok(n));
                });
            }
            while let Some(done) = jobs.join_next().await {
                done.unwrap();
            }
            assert!((1..=2).contains(&most.load(SeqCst)));
        });
    }

    #[test]
    fn who_gives_up_is_not_served_and_leaves_his_place() {
        run_test("workers", |_| async {
            let workers = Arc::new(Workers::new(1, 1));
            let (go_on, held) = mpsc::channel::<()>();
            let first = workers.clone();
            let first = tokio::spawn(async move { first.run(move || held.recv().is_err()).await });
            yield_now().await;
            let begun = Arc::new(AtomicUsize::new(0));
            let counted = begun.clone();
            let second = workers.clone();
            let second =
                tokio::spawn(async move { second.run(move || counted.fetch_add(1, SeqCst)).await });
            yield_now().await;
            assert_eq!(workers.run(|| ()).await, Err(NotDone::Busy));
            second.abort();
            assert!(second.await.unwrap_err().is_cancelled());
            drop(go_on);
            assert_eq!(first.await.unwrap(), Ok(true));
            // One thread: it has come past what was given up once it does this.
            workers.run(|| ()).await.unwrap();
            assert_eq!(begun.load(SeqCst), 0);
        });
    }

    #[test]
    fn who_has_been_told_has_left_his_place() {
        run_test("workers", |_| async {
            let workers = Workers::new(1, 0);
            for n in 0..1_000 {
                assert_eq!(workers.run(move || n).await, Ok(n));
            }
        });
    }

    #[test]
    fn without_threads_nobody_waits() {
        run_test("workers", |_| async {
            let workers = Workers::new(0, 10);
            assert_eq!(workers.run(|| ()).await, Err(NotDone::Busy));
        });
    }

    #[test]
    fn a_panic_is_one_job_s_alone() {
        run_test("workers", |_| async {
            let workers = Workers::new(1, 10);
            let failed = workers.run(|| panic!("on purpose"));
            assert_eq!(failed.await, Err::<(), _>(NotDone::Failed));
            assert_eq!(workers.run(|| 1).await, Ok(1));
        });
    }
}
