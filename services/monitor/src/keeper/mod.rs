//! The task that keeps the alarms: looks at the store each few seconds, has people told, takes silences, and writes down what must
//! outlive the process.

mod error;
mod handle;
mod ledger;

pub use error::KeeperError;
pub use handle::{AlarmsHandle, Shown};
pub use ledger::LedgerError;

use crate::alarms::{ALARMS_MAX, Book, Tick};
use crate::history::History;
use crate::plan::Plans;
use crate::sinks::{Current, Dispatcher, ENDED_S};
use handle::{Request, handle};
use im_serve::process::causes;
use ledger::Ledger;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::clock;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info, warn};

/// How often the store is looked at. A rule looks at a window once, so this only says how soon after its end.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Keeps the alarms of one centre.
#[derive(Debug)]
pub struct Keeper {
    book: Book,
    ledger: Ledger,
    dispatcher: Dispatcher,
    plans: Plans,
    requests: mpsc::Receiver<Request>,
    shown: watch::Sender<Arc<Shown>>,
    /// Whether the last write failed, which was said then.
    unwritten: bool,
}

impl Keeper {
    /// Takes up the alarms that were left in the folder `dir`, with the plan in force, and gives a handle to ask and to silence by.
    /// Needs a runtime: sinks are tasks.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn open(dir: &Path, mut plans: Plans) -> Result<(Keeper, AlarmsHandle), LedgerError> {
        let ledger = Ledger::in_dir(dir)?;
        let memory = ledger.read()?;
        let plan = plans.borrow_and_update().clone();
        let book = Book::remembering(memory, plan.watch.clone(), now_s());
        let mut dispatcher = Dispatcher::default();
        dispatcher.set(&plan.sinks, &plan.page);
        let (requests, shown, handle) = handle();
        let keeper = Keeper {
            book,
            ledger,
            dispatcher,
            plans,
            requests,
            shown,
            unwritten: false,
        };
        keeper.show();
        Ok((keeper, handle))
    }

    /// Keeps them by this store, for ever; it is ended by being dropped, at any point.
    pub async fn run(mut self, history: Arc<dyn History + Send + Sync>) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut planned = true;
        let mut asked = true;
        loop {
            tokio::select! {
                _ = looks.tick() => self = self.look(&history).await,
                changed = self.plans.changed(), if planned => match changed {
                    Ok(()) => self.plan(),
                    // Nobody follows a file: this is the plan for good.
                    Err(_) => planned = false,
                },
                request = self.requests.recv(), if asked => match request {
                    Some(request) => self.answer(request),
                    None => asked = false,
                },
            }
            self.show();
        }
    }

    /// Looks on a thread that may block: a store reads from disk.
    async fn look(mut self, history: &Arc<dyn History + Send + Sync>) -> Keeper {
        let history = history.clone();
        let now_s = now_s();
        let looked = tokio::task::spawn_blocking(move || {
            let tick = self.book.tick(&*history, now_s);
            (self, tick)
        });
        let (mut keeper, tick) = match looked.await {
            Ok(looked) => looked,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime ends, and this task with it.
                Err(_) => std::future::pending().await,
            },
        };
        keeper.took(&tick, now_s);
        keeper
    }

    fn took(&mut self, tick: &Tick, now_s: u64) {
        for transition in &tick.transitions {
            let (from, to) = (transition.from, transition.to);
            let value = transition.seen.map(|seen| seen.value);
            info!(alarm = %transition.identity, %from, %to, value, "an alarm changed");
        }
        if tick.refused > 0 {
            let refused = tick.refused;
            warn!(
                refused,
                max = ALARMS_MAX,
                "there are too many alarms; some are not taken up"
            );
        }
        // Told before it is written: after a crash it is told again, rather than not at all.
        for notice in &tick.notices {
            self.dispatcher.tell(notice);
        }
        let over = self.book.ended_since(now_s.saturating_sub(ENDED_S));
        let firing = self.book.told();
        self.dispatcher.current(&Current { firing, over });
        if tick.changed || self.unwritten {
            // Alarms go on when the disk does not.
            let _ = self.write();
        }
    }

    fn plan(&mut self) {
        let plan = self.plans.borrow_and_update().clone();
        self.book.watch(plan.watch.clone());
        self.dispatcher.set(&plan.sinks, &plan.page);
    }

    fn answer(&mut self, request: Request) {
        match request {
            Request::Silence(request, answer) => {
                let made = self.book.silence(request, now_s());
                let made = made.map_err(KeeperError::Silence);
                let kept = made.and_then(|silence| {
                    let written = self.write().map_err(KeeperError::Ledger);
                    if written.is_err() {
                        self.book.unsilence(&silence.id);
                    }
                    written.map(|()| silence)
                });
                // Whoever asked may have gone; the silence holds.
                let _ = answer.send(kept);
            }
            Request::Unsilence(id, answer) => {
                let ended = self.book.unsilence(&id);
                let written = match ended {
                    true => self.write().map_err(KeeperError::Ledger),
                    false => Ok(()),
                };
                let _ = answer.send(written.map(|()| ended));
            }
        }
    }

    fn write(&mut self) -> Result<(), LedgerError> {
        let written = self.ledger.write(&self.book.memory());
        if let (Err(wrong), false) = (&written, self.unwritten) {
            let wrong = causes(wrong);
            error!(
                error = wrong,
                "alarms are not written down; they would not outlive this process"
            );
        }
        self.unwritten = written.is_err();
        written
    }

    fn show(&self) {
        let shown = Shown {
            alarms: self.book.view(),
            sinks: self.dispatcher.figures(),
        };
        self.shown.send_if_modified(|before| {
            let changed = **before != shown;
            if changed {
                *before = Arc::new(shown);
            }
            changed
        });
    }
}

fn now_s() -> u64 {
    clock::now_ms() / 1_000
}
