//! The task that owns a queue: decides, writes, applies, answers.

use crate::changes::Change;
use crate::commands::{Answer, Command, Grant, Waiter};
use crate::config::Config;
use crate::load::load;
use crate::rows;
use crate::state::State;
use bytes::Bytes;
use im_engine::{Batch, Engine, EngineError, Version, WriteError};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::Status;
use svrkit_rt::clock::now_ms;
use tokio::sync::mpsc;

/// Commands looked at before what they decided is written.
const COMMANDS_PER_TURN: usize = 256;
/// Milliseconds until a write is tried again that the engine had no room for.
const OVERLOADED_PAUSE_MS: u64 = 20;
/// Milliseconds after which the owner looks around though nothing is to happen: timers do not reach further than this.
const IDLE_MS: u64 = 3_600_000;

type Writing = Pin<Box<dyn Future<Output = Result<Version, WriteError>> + Send>>;
/// Tells a caller that his change is durable, or why it is not.
type Told = Box<dyn FnOnce(Result<(), Status>) + Send>;

/// Reads a queue and serves it until the last sender of its commands is gone, or the engine fails. Whoever is not answered then is
/// told by his answer's end; a queue that is asked for again is read again.
pub(crate) async fn own(
    engine: Engine,
    queue: String,
    config: Arc<Config>,
    commands: mpsc::Receiver<Command>,
    back: mpsc::WeakSender<Command>,
) {
    let partition = rows::partition(&queue);
    let ended = match load(&engine, &partition, config.clone()).await {
        Err(status) => Err(status),
        Ok((state, life)) => {
            let owner = Owner {
                engine,
                partition,
                life,
                config,
                back,
                state,
                waiters: VecDeque::new(),
                gathered: Gathered::default(),
            };
            owner.serve(commands).await
        }
    };
    if let Err(status) = ended {
        tracing::error!(queue, %status, "a queue stops; it is read again when it is asked for");
    }
}

struct Owner {
    engine: Engine,
    partition: Bytes,
    /// Version of the row that says whose life it is.
    life: Version,
    config: Arc<Config>,
    /// For tasks whose taker is gone. Weak: it must not keep the owner alive.
    back: mpsc::WeakSender<Command>,
    state: State,
    waiters: VecDeque<Waiter>,
    gathered: Gathered,
}

/// What is decided and goes with the next write.
#[derive(Default)]
struct Gathered {
    changes: Vec<Change>,
    bytes: usize,
    told: Vec<Told>,
}

impl Gathered {
    fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.told.is_empty()
    }

    /// Answers when all that is decided up to here is durable. So the answer to a call that changes nothing (a duplicate, say) is not
    /// given before what it relies on.
    fn tell<T: Send + 'static>(&mut self, answer: Answer<T>, value: T) {
        self.told.push(Box::new(|durable| {
            // Who does not listen any more has given up.
            let _ = answer.send(durable.map(|()| value));
        }));
    }
}

impl Owner {
    async fn serve(mut self, mut commands: mpsc::Receiver<Command>) -> Result<(), Status> {
        let mut turn = Vec::with_capacity(COMMANDS_PER_TURN);
        let mut writing: Option<(Writing, Gathered)> = None;
        loop {
            let may_gather = self.gathered.bytes < self.config.commit_bytes_max;
            tokio::select! {
                biased;
                written = written(&mut writing), if writing.is_some() => self.applied(written)?,
                count = commands.recv_many(&mut turn, COMMANDS_PER_TURN), if may_gather => {
                    if count == 0 {
                        return Ok(());
                    }
                }
                () = tokio::time::sleep(self.idle_for()) => {}
            }
            let now_ms = now_ms();
            for command in turn.drain(..) {
                self.decide(command, now_ms);
            }
            self.state.advance(now_ms, &mut self.gathered.changes);
            self.give(now_ms);
            if writing.is_none() && !self.gathered.is_empty() {
                writing = Some(self.write());
            }
        }
    }

    fn idle_for(&self) -> Duration {
        let next_ms = self.state.next_ms();
        let idle_ms = next_ms.map_or(IDLE_MS, |ms| ms.saturating_sub(now_ms()));
        Duration::from_millis(idle_ms.min(IDLE_MS))
    }

    fn decide(&mut self, command: Command, now_ms: u64) {
        let (state, gathered) = (&mut self.state, &mut self.gathered);
        let before = gathered.changes.len();
        let changes = &mut gathered.changes;
        match command {
            Command::Enqueue { tasks, answer } => match state.enqueue(&tasks, now_ms, changes) {
                Ok(ids) => gathered.tell(answer, ids),
                Err(full) => refuse(answer, full.into()),
            },
            Command::Finish {
                leases,
                follow_ups,
                answer,
            } => match state.finish(&leases, &follow_ups, now_ms, changes) {
                Ok(lost) => gathered.tell(answer, lost),
                Err(full) => refuse(answer, full.into()),
            },
            Command::Fail {
                leases,
                error,
                failure,
                answer,
            } => {
                state.fail(&leases, &error, failure, now_ms, changes);
                gathered.tell(answer, ());
            }
            Command::Extend {
                lease,
                lease_ms,
                progress,
                answer,
            } => {
                let held = state.extend(&lease, lease_ms, progress, now_ms, changes);
                gathered.tell(answer, held);
            }
            Command::Replay { ids, answer } => match state.replay(&ids, now_ms, changes) {
                Ok(replayed) => gathered.tell(answer, replayed),
                Err(full) => refuse(answer, full.into()),
            },
            Command::Take(waiter) => self.wait(waiter),
            Command::Release { leases } => state.release(&leases, now_ms),
            Command::Dead {
                after,
                ids_max,
                answer,
            } => {
                let ids = state.dead_after(after).take(ids_max).collect();
                let _ = answer.send(Ok(ids));
            }
            Command::Figures { answer } => drop(answer.send(Ok(state.figures(now_ms)))),
        }
        let new = self.gathered.changes.iter().skip(before);
        self.gathered.bytes += new.map(Change::bytes).sum::<usize>();
    }

    fn wait(&mut self, waiter: Waiter) {
        self.waiters.retain(|waiter| !waiter.answer.is_closed());
        if self.waiters.len() >= self.config.waiting_takes_max.max(1) {
            let message = "waiting_takes_max: too many workers wait for tasks";
            return refuse(waiter.answer, Status::overloaded(message));
        }
        self.waiters.push_back(waiter);
    }

    /// Gives tasks to those who wait for them, who came first comes first.
    fn give(&mut self, now_ms: u64) {
        while self.state.has_offers() {
            let Some(waiter) = self.waiters.pop_front() else {
                return;
            };
            if !waiter.answer.is_closed() {
                let given = self.state.take(waiter.wish, now_ms);
                // When he is gone after all, they come back by themselves.
                let _ = waiter
                    .answer
                    .send(Ok(Grant::new(given, self.back.upgrade())));
            }
        }
        if self.waiters.iter().all(|waiter| waiter.waits) {
            return;
        }
        for waiter in std::mem::take(&mut self.waiters) {
            match waiter.waits {
                true => self.waiters.push_back(waiter),
                false => drop(waiter.answer.send(Ok(Grant::new(Vec::new(), None)))),
            }
        }
    }

    fn write(&mut self) -> (Writing, Gathered) {
        let gathered = std::mem::take(&mut self.gathered);
        if gathered.changes.is_empty() {
            let version = self.life;
            return (Box::pin(async move { Ok(version) }), gathered);
        }
        let batch = rows::batch(self.partition.clone(), self.life, &gathered.changes);
        (Box::pin(write(self.engine.clone(), batch)), gathered)
    }

    fn applied(
        &mut self,
        (result, gathered): (Result<Version, WriteError>, Gathered),
    ) -> Result<(), Status> {
        if let Err(error) = result {
            let status = Status::from(error);
            let told = gathered
                .told
                .into_iter()
                .chain(self.gathered.told.drain(..));
            told.for_each(|told| told(Err(unavailable(&status))));
            return Err(status);
        }
        for change in &gathered.changes {
            if let Change::Discard { id, .. } = change {
                tracing::warn!(id, "dead_tasks_max: the oldest dead task was thrown away");
            }
        }
        self.state.apply(gathered.changes, now_ms());
        gathered.told.into_iter().for_each(|told| told(Ok(())));
        Ok(())
    }
}

fn refuse<T>(answer: Answer<T>, status: Status) {
    // Who does not listen any more has given up.
    let _ = answer.send(Err(status));
}

/// What came of the write under way. It is safe to drop before it is ready.
async fn written(
    writing: &mut Option<(Writing, Gathered)>,
) -> (Result<Version, WriteError>, Gathered) {
    let result = match writing {
        Some((write, _)) => write.await,
        None => std::future::pending().await,
    };
    let gathered = writing.take().map(|(_, gathered)| gathered);
    (result, gathered.unwrap_or_default())
}

/// Writes until the engine has room. Meanwhile callers wait, then are refused, and their deadlines pass; nothing that is leased is lost.
async fn write(engine: Engine, batch: Batch) -> Result<Version, WriteError> {
    loop {
        let written = engine.write(vec![batch.clone()]).await;
        match written.into_iter().next() {
            Some(Err(WriteError::Engine(EngineError::Overloaded))) => {
                tokio::time::sleep(Duration::from_millis(OVERLOADED_PAUSE_MS)).await;
            }
            Some(result) => return result,
            None => {
                let reason = "an engine without an answer";
                return Err(EngineError::Invalid { reason }.into());
            }
        }
    }
}

/// Whether it was written is unknown, whatever the engine said: what is read again will tell.
fn unavailable(status: &Status) -> Status {
    Status::unavailable(format!("the queue stopped: {status}"))
}
