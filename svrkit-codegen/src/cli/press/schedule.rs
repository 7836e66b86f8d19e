//! When a press begins to count and when it ends; and the thread that starts calls at a given rate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::sync::Semaphore;

use super::record::empty_histogram;

/// Longest nap of the pacer, so that it feels the end.
const NAP_MAX: Duration = Duration::from_millis(20);

/// The times of a press.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    /// The first call.
    pub(crate) starts: Instant,
    /// From here on calls count.
    pub(crate) begins: Instant,
    /// From here on none is started.
    pub(crate) ends: Instant,
}

/// What one thread takes its calls from: how many were due so far, and which is the next.
#[derive(Debug)]
pub(crate) struct Tickets {
    due: Semaphore,
    taken: std::sync::atomic::AtomicU64,
}

impl Tickets {
    /// The number of the next call of this thread, once it is due; `None` when the press is over.
    pub(crate) async fn next(&self) -> Option<u64> {
        self.due.acquire().await.ok()?.forget();
        Some(self.taken.fetch_add(1, Relaxed))
    }
}

/// When call `number` of thread `thread` is to start: threads take turns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) starts: Instant,
    pub(crate) rate: f64,
    pub(crate) threads: u64,
}

impl Pace {
    pub(crate) fn intended(&self, thread: u64, number: u64) -> Instant {
        self.at(number * self.threads + thread)
    }

    /// Of the first `released` calls of all threads, those of one.
    fn due(&self, thread: u64, released: u64) -> u64 {
        (released + self.threads - 1 - thread) / self.threads
    }

    fn at(&self, number: u64) -> Instant {
        self.starts + Duration::from_secs_f64(number as f64 / self.rate)
    }
}

/// Releases tickets on time.
#[derive(Debug)]
pub(crate) struct Pacer {
    pace: Pace,
    schedule: Schedule,
    tickets: Vec<Arc<Tickets>>,
}

/// What the pacer has to say at the end.
#[derive(Debug)]
pub(crate) struct Paced {
    /// How late it was itself, in nanoseconds: what of the latencies is its own fault.
    pub(crate) lateness: Histogram<u64>,
    /// Nanoseconds that calls had waited at the end which were due, and for which no call in flight was ever free. They are
    /// latencies too, and the longest: without them a press beyond saturation would look better than it is.
    pub(crate) not_started: Histogram<u64>,
}

impl Pacer {
    pub(crate) fn new(pace: Pace, schedule: Schedule) -> Pacer {
        let tickets = || {
            Arc::new(Tickets {
                due: Semaphore::new(0),
                taken: Default::default(),
            })
        };
        Pacer {
            pace,
            schedule,
            tickets: (0..pace.threads).map(|_| tickets()).collect(),
        }
    }

    pub(crate) fn tickets(&self, thread: usize) -> Arc<Tickets> {
        Arc::clone(&self.tickets[thread])
    }

    /// Runs until the end. Wants a thread of its own: timers of a runtime are a millisecond apart, naps of a thread some 60 µs.
    pub(crate) fn run(self, stop: &AtomicBool) -> Paced {
        let mut lateness = empty_histogram();
        let mut released = 0_u64;
        let mut batches = vec![0; self.tickets.len()];
        loop {
            let now = Instant::now();
            if now >= self.schedule.ends || stop.load(Relaxed) {
                break;
            }
            let mut at = self.pace.at(released);
            while at <= now {
                batches[(released % self.pace.threads) as usize] += 1;
                if at >= self.schedule.begins {
                    lateness.saturating_record(now.duration_since(at).as_nanos() as u64);
                }
                released += 1;
                at = self.pace.at(released);
            }
            for (tickets, batch) in self.tickets.iter().zip(&mut batches) {
                if *batch > 0 {
                    tickets.due.add_permits(std::mem::take(batch));
                }
            }
            std::thread::sleep(at.saturating_duration_since(Instant::now()).min(NAP_MAX));
        }
        let ended = Instant::now();
        let mut not_started = empty_histogram();
        for (thread, tickets) in (0..).zip(&self.tickets) {
            tickets.due.close();
            let taken = tickets.taken.load(Relaxed);
            for number in taken..self.pace.due(thread, released) {
                let intended = self.pace.intended(thread, number);
                if intended >= self.schedule.begins {
                    let waited = ended.saturating_duration_since(intended);
                    not_started.saturating_record(waited.as_nanos() as u64);
                }
            }
        }
        Paced {
            lateness,
            not_started,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_take_turns_at_the_rate() {
        let starts = Instant::now();
        let pace = Pace {
            starts,
            rate: 1_000.0,
            threads: 2,
        };
        let ms = |it: Instant| it.duration_since(starts).as_millis();
        assert_eq!(ms(pace.intended(0, 0)), 0);
        assert_eq!(ms(pace.intended(1, 0)), 1);
        assert_eq!(ms(pace.intended(0, 1)), 2);
        assert_eq!(ms(pace.intended(1, 500)), 1_001);
        assert_eq!([pace.due(0, 5), pace.due(1, 5)], [3, 2]);
    }
}
