//! All links of an overload, and the pace at which they are given work.

use super::asks::Kind;
use super::desk::{Ask, Desk};
use super::mix::Mix;
use super::tally::{Outcome, Tally};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks at what is due.
const LOOK: Duration = Duration::from_millis(1);

/// How fast asks come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// The next one when there are fewer than so many unanswered: what a backend bears.
    InFlight(usize),
    /// So many a second in the mean, at random, whatever becomes of those before them: what the world does.
    PerSecond(f64),
}

#[derive(Debug)]
pub(super) struct Field {
    desks: Vec<Rc<Desk>>,
    /// Of the load that counts.
    tally: RefCell<Tally>,
    load: Cell<u32>,
    in_flight: Cell<usize>,
    links_lost: Cell<u64>,
}

impl Field {
    pub(super) fn new(desks: Vec<Rc<Desk>>) -> Field {
        Field {
            desks,
            tally: RefCell::new(Tally::new()),
            load: Cell::new(0),
            in_flight: Cell::new(0),
            links_lost: Cell::new(0),
        }
    }

    pub(super) fn links_lost(&self) -> u64 {
        self.links_lost.get()
    }

    /// Asks for `warmup`, and then for `counted`. What became of the latter.
    pub(super) async fn run(
        &self,
        mix: Mix,
        pace: Pace,
        warmup: Duration,
        counted: Duration,
    ) -> Tally {
        self.pace(mix, pace, warmup).await;
        self.begin();
        self.pace(mix, pace, counted).await;
        // What is under way has its chance to be answered in time.
        let patience = Kind::ALL.map(Kind::patience).into_iter().max();
        self.drain(patience.unwrap_or_default()).await;
        self.begin()
    }

    /// Counts anew; returns what was counted before.
    fn begin(&self) -> Tally {
        self.load.set(self.load.get() + 1);
        self.tally.replace(Tally::new())
    }

    async fn pace(&self, mix: Mix, pace: Pace, time: Duration) {
        let mut next = Instant::now();
        let end = next + time;
        loop {
            let now = Instant::now();
            match pace {
                Pace::InFlight(max) => {
                    while self.in_flight.get() < max {
                        self.ask(mix, now);
                    }
                }
                Pace::PerSecond(rate) => {
                    while next <= now {
                        self.ask(mix, next);
                        next += Duration::from_secs_f64(-(1.0 - fastrand::f64()).ln() / rate);
                    }
                }
            }
            if now >= end {
                return;
            }
            sleep(LOOK).await;
        }
    }

    /// Waits for answers.
    async fn drain(&self, patience: Duration) {
        let end = Instant::now() + patience;
        while self.in_flight.get() > 0 && Instant::now() < end {
            sleep(LOOK).await;
        }
    }

    fn ask(&self, mix: Mix, due: Instant) {
        let kind = mix.draw();
        self.tally.borrow_mut().asked(kind);
        self.in_flight.set(self.in_flight.get() + 1);
        let desk = &self.desks[fastrand::usize(..self.desks.len())];
        desk.give(Ask {
            kind,
            due,
            load: self.load.get(),
        });
    }

    pub(super) fn ended(&self, ask: Ask, outcome: Outcome) {
        self.in_flight.set(self.in_flight.get() - 1);
        if ask.load == self.load.get() {
            let mut tally = self.tally.borrow_mut();
            tally.ended(ask.kind, outcome, ask.due.elapsed());
        }
    }

    /// A link ended with so many asks unanswered.
    pub(super) fn link_lost(&self, unanswered: usize) {
        self.in_flight.set(self.in_flight.get() - unanswered);
        self.links_lost.set(self.links_lost.get() + 1);
    }
}
