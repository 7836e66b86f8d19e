//! The handlers of a process: so many run at once, and so many more wait for one of them to be done, in the order in which they came.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Places of requests that gave up which the queue keeps before it is cleared of them.
const LEFT_MAX: usize = 1_024;

/// Who runs and who waits.
///
/// As long as fewer than `running_max` are inside, a request pays one addition when it enters and one subtraction when it leaves.
/// Only beyond that is there a lock, and a queue behind it.
///
/// What must stay true: slots that are held, and those on their way from one who leaves to one who waits, are together the smaller of
/// `running_max` and the number inside. So who leaves knows from that number alone whether his slot is anybody's.
#[derive(Debug)]
pub(super) struct Slots {
    running_max: usize,
    waiting_max: usize,
    inside: AtomicUsize,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<oneshot::Sender<()>>,
    /// Slots that were passed on and not yet taken; below zero, that were taken as left before they were passed on.
    passed_on: isize,
}

/// A request's right to run, or its wish for it.
#[derive(Debug)]
pub(crate) enum Slot {
    /// It may run.
    Held,
    /// It must wait first.
    Wanted,
    /// It waits.
    Awaited(oneshot::Receiver<()>),
}

impl Slot {
    /// The slot of the n-th of those who were let in together.
    pub(crate) fn of(entry: Entry, n: usize) -> Slot {
        if n < entry.at_once {
            Slot::Held
        } else {
            Slot::Wanted
        }
    }
}

/// How many were let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) entered: usize,
    /// Those of them, the first ones, that hold a slot.
    pub(crate) at_once: usize,
}

impl Slots {
    pub(super) fn new(running_max: usize, waiting_max: usize) -> Slots {
        Slots {
            running_max: running_max.max(1),
            waiting_max,
            inside: AtomicUsize::new(0),
            queue: Mutex::default(),
        }
    }

    /// Lets in as many of `wanted` as there is room for, among at most `max`.
    pub(super) fn enter(&self, wanted: usize, max: usize) -> Entry {
        let max = max.min(self.running_max + self.waiting_max);
        let fits = |inside: usize| max.saturating_sub(inside).min(wanted);
        // Not added and taken back again: who leaves meanwhile would pass his slot on to nobody.
        let entered = self
            .inside
            .fetch_update(Relaxed, Relaxed, |inside| Some(inside + fits(inside)));
        let (Ok(inside) | Err(inside)) = entered;
        let entered = fits(inside);
        Entry {
            entered,
            at_once: self.running_max.saturating_sub(inside).min(entered),
        }
    }

    /// Waits until the request may run. Dropped meanwhile, it keeps its place until it leaves.
    pub(super) async fn turn(&self, slot: &mut Slot) {
        if let Slot::Wanted = slot {
            *slot = self.line_up();
        }
        if let Slot::Awaited(turn) = slot {
            // An error means that the queue is gone, and with it everybody to wait for.
            let _ = turn.await;
            *slot = Slot::Held;
        }
    }

    /// A request is done, or given up.
    pub(super) fn leave(&self, slot: Slot) {
        let holds = match slot {
            Slot::Held => true,
            Slot::Wanted => false,
            Slot::Awaited(mut turn) => {
                turn.close();
                turn.try_recv().is_ok()
            }
        };
        let inside = self.inside.fetch_sub(1, Relaxed);
        match holds {
            true if inside > self.running_max => self.pass_on(),
            // One of the slots that were held has been passed on for this request, or is about to be.
            false if inside <= self.running_max => self.queue().passed_on -= 1,
            _ => {}
        }
    }

    /// Requests inside.
    pub(super) fn inside(&self) -> usize {
        self.inside.load(Relaxed)
    }

    /// Requests that wait.
    pub(super) fn waiting(&self) -> usize {
        self.inside().saturating_sub(self.running_max)
    }

    pub(super) fn is_full(&self) -> bool {
        self.inside() >= self.running_max + self.waiting_max
    }

    fn line_up(&self) -> Slot {
        let mut queue = self.queue();
        if queue.passed_on > 0 {
            queue.passed_on -= 1;
            return Slot::Held;
        }
        if queue.waiting.len() > self.waiting_max + LEFT_MAX {
            queue.waiting.retain(|place| !place.is_closed());
        }
        let (place, turn) = oneshot::channel();
        queue.waiting.push_back(place);
        Slot::Awaited(turn)
    }

    fn pass_on(&self) {
        let mut queue = self.queue();
        if queue.passed_on < 0 {
            queue.passed_on += 1;
            return;
        }
        while let Some(place) = queue.waiting.pop_front() {
            if place.send(()).is_ok() {
                return;
            }
        }
        queue.passed_on += 1;
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing in here panics half way.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::task::{JoinSet, yield_now};

    #[test]
    fn some_run_at_once_some_wait_and_the_rest_stay_outside() {
        let slots = Slots::new(2, 3);
        let entry = |entered, at_once| Entry { entered, at_once };
        assert_eq!(slots.enter(3, 100), entry(3, 2));
        assert_eq!(slots.waiting(), 1);
        assert_eq!(slots.enter(3, 100), entry(2, 0));
        assert!(slots.is_full());
        assert_eq!(slots.enter(1, 100), entry(0, 0));
        assert_eq!(Slots::new(2, 3).enter(5, 4), entry(4, 2), "another bound");
    }

    #[tokio::test]
    async fn a_slot_goes_to_whoever_has_waited_longest() {
        let slots = Slots::new(1, 10);
        slots.enter(4, 100);
        let mut waiting = [Slot::Wanted, Slot::Wanted, Slot::Wanted];
        for slot in &mut waiting {
            *slot = slots.line_up();
        }
        let [mut first, second, mut third] = waiting;
        slots.leave(second);
        slots.leave(Slot::Held);
        slots.turn(&mut first).await;
        slots.leave(first);
        slots.turn(&mut third).await;
        slots.leave(third);
        assert_eq!((slots.inside(), slots.queue().passed_on), (0, 0));
    }

    #[tokio::test]
    async fn a_slot_that_is_passed_on_before_anybody_lines_up_is_not_lost() {
        let slots = Slots::new(1, 10);
        slots.enter(2, 100);
        slots.leave(Slot::Held);
        let mut slot = Slot::Wanted;
        slots.turn(&mut slot).await;
        assert!(matches!(slot, Slot::Held));
    }

    #[test]
    fn who_gives_up_takes_no_slot_with_him() {
        let slots = Slots::new(1, 10);
        slots.enter(2, 100);
        let waiting = slots.line_up();
        // Passed on to him, who then goes.
        slots.leave(Slot::Held);
        slots.leave(waiting);
        assert_eq!((slots.inside(), slots.queue().passed_on), (0, 0));
        slots.enter(2, 100);
        // Gone before it was passed on.
        slots.leave(Slot::Wanted);
        slots.leave(Slot::Held);
        assert_eq!((slots.inside(), slots.queue().passed_on), (0, 0));
        assert_eq!(slots.enter(1, 100).at_once, 1);
    }

    /// Many tasks on many threads come, wait, run, and give up while they wait.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn never_more_run_than_may_and_nobody_waits_for_ever() {
        const RUNNING_MAX: usize = 3;
        let slots = Arc::new(Slots::new(RUNNING_MAX, 1_000));
        let running = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for n in 0..8 {
            let (slots, running) = (slots.clone(), running.clone());
            tasks.spawn(async move {
                let mut random = fastrand::Rng::with_seed(n);
                for _ in 0..2_000 {
                    let entry = slots.enter(1, usize::MAX);
                    assert_eq!(entry.entered, 1);
                    let mut slot = if entry.at_once == 1 {
                        Slot::Held
                    } else {
                        Slot::Wanted
                    };
                    if random.u8(..4) == 0 {
                        let gives_up = async {
                            for _ in 0..random.u8(..3) {
                                yield_now().await;
                            }
                        };
                        tokio::select! {
                            biased;
                            () = gives_up => {}
                            () = slots.turn(&mut slot) => {}
                        }
                    } else {
                        slots.turn(&mut slot).await;
                        assert!(running.fetch_add(1, Relaxed) < RUNNING_MAX);
                        yield_now().await;
                        running.fetch_sub(1, Relaxed);
                    }
                    slots.leave(slot);
                }
            });
        }
        tasks.join_all().await;
        assert_eq!((slots.inside(), slots.queue().passed_on), (0, 0));
    }
}
