//! The calls.

use crate::commands::{Answer, Command, Grant, Waiter};
use crate::config::Config;
use crate::limits;
use crate::queues::Queues;
use crate::reading;
use crate::state::{Failure, Figures, Wish};
use im_engine::Engine;
use im_idl::base::Empty;
use im_idl::queue::{
    EnqueueRequest, EnqueueResponse, ExtendRequest, ExtendResponse, FailRequest, FinishRequest,
    FinishResponse, ListDeadRequest, ListDeadResponse, Queue, QueueStats, ReplayRequest,
    ReplayResponse, StatsRequest, StatsResponse, TakeRequest, TakeResponse,
};
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{Context, Draining, Status};
use tokio::sync::{mpsc, oneshot};

/// Milliseconds that a Take ends before its caller's deadline, so that what it was given arrives.
const ANSWER_MS: u64 = 500;
/// Dead tasks of one ListDead.
const DEAD_ROWS_MAX: usize = 100;

/// Serves `im.queue.Queue`.
pub(crate) struct Service {
    config: Arc<Config>,
    engine: Engine,
    queues: Arc<Queues>,
    /// Who waits for tasks is answered then, and waits elsewhere.
    draining: Draining,
}

impl Service {
    pub(crate) fn new(
        config: Arc<Config>,
        engine: Engine,
        queues: Arc<Queues>,
        draining: Draining,
    ) -> Service {
        Service {
            config,
            engine,
            queues,
            draining,
        }
    }
}

impl Queue for Service {
    async fn enqueue(
        &self,
        _: &mut Context,
        request: EnqueueRequest,
    ) -> Result<EnqueueResponse, Status> {
        let Some(first) = request.tasks.first() else {
            return Ok(EnqueueResponse::default());
        };
        limits::tasks(&self.config, &first.queue, &request.tasks)?;
        let owner = self.queues.open(&first.queue)?;
        let tasks = request.tasks;
        let ids = ask(&owner, |answer| Command::Enqueue { tasks, answer }).await?;
        Ok(EnqueueResponse { ids })
    }

    async fn take(&self, ctx: &mut Context, request: TakeRequest) -> Result<TakeResponse, Status> {
        let config = &self.config;
        let owner = self.queues.open(&request.queue)?;
        let wish = Wish {
            tasks_max: (request.tasks_max.max(1) as usize).min(config.take_tasks_max.max(1)),
            keys_max: match request.keys_max {
                0 => usize::MAX,
                keys_max => keys_max as usize,
            },
            lease_ms: self.lease_ms(request.lease_ms),
        };
        let left_ms = (ctx.remaining().as_millis() as u64).saturating_sub(ANSWER_MS);
        let wait_ms = u64::from(request.wait_ms)
            .min(config.take_wait_ms_max)
            .min(left_ms);
        let (answer, asked) = oneshot::channel();
        let waits = wait_ms > 0;
        send(
            &owner,
            Command::Take(Waiter {
                wish,
                waits,
                answer,
            }),
        )?;
        let Some(grant) = granted(asked, wait_ms, &self.draining).await? else {
            return Ok(TakeResponse::default());
        };
        let tasks = reading::leased(&self.engine, &request.queue, grant.given()).await?;
        grant.arrived();
        Ok(TakeResponse { tasks })
    }

    async fn finish(
        &self,
        _: &mut Context,
        request: FinishRequest,
    ) -> Result<FinishResponse, Status> {
        limits::leases(&request.leases)?;
        let mut follow_ups = request.follow_ups;
        for task in follow_ups.iter_mut().filter(|task| task.queue.is_empty()) {
            task.queue.clone_from(&request.queue);
        }
        limits::tasks(&self.config, &request.queue, &follow_ups)?;
        let owner = self.queues.open(&request.queue)?;
        let leases = request.leases;
        let finish = |answer| Command::Finish {
            leases,
            follow_ups,
            answer,
        };
        let lost = ask(&owner, finish).await?;
        Ok(FinishResponse { lost })
    }

    async fn fail(&self, _: &mut Context, request: FailRequest) -> Result<Empty, Status> {
        limits::leases(&request.leases)?;
        let owner = self.queues.open(&request.queue)?;
        let (leases, error) = (request.leases, request.error);
        let failure = match (request.dead, request.transient) {
            (true, _) => Failure::Final,
            (false, true) => Failure::Transient,
            (false, false) => Failure::Counted,
        };
        let fail = |answer| Command::Fail {
            leases,
            error,
            failure,
            answer,
        };
        ask(&owner, fail).await?;
        Ok(Empty {})
    }

    async fn extend(
        &self,
        _: &mut Context,
        request: ExtendRequest,
    ) -> Result<ExtendResponse, Status> {
        let Some(lease) = request.lease else {
            return Err(Status::invalid_argument("no lease to extend"));
        };
        let progress = request.progress;
        limits::progress(&self.config, progress.as_deref())?;
        let owner = self.queues.open(&request.queue)?;
        let lease_ms = self.lease_ms(request.lease_ms);
        let extend = |answer| Command::Extend {
            lease,
            lease_ms,
            progress,
            answer,
        };
        let held = ask(&owner, extend).await?;
        Ok(ExtendResponse { held })
    }

    async fn list_dead(
        &self,
        _: &mut Context,
        request: ListDeadRequest,
    ) -> Result<ListDeadResponse, Status> {
        let Some(owner) = self.queues.open_existing(&request.queue).await? else {
            return Ok(ListDeadResponse::default());
        };
        let rows_max = match request.rows_max as usize {
            0 => DEAD_ROWS_MAX,
            rows_max => rows_max.min(DEAD_ROWS_MAX),
        };
        let (after, ids_max) = (request.after, rows_max + 1);
        let dead = |answer| Command::Dead {
            after,
            ids_max,
            answer,
        };
        let mut ids = ask(&owner, dead).await?;
        let more = ids.len() > rows_max;
        ids.truncate(rows_max);
        let dead = reading::dead(&self.engine, &request.queue, &ids).await?;
        Ok(ListDeadResponse { dead, more })
    }

    async fn replay(
        &self,
        _: &mut Context,
        request: ReplayRequest,
    ) -> Result<ReplayResponse, Status> {
        let Some(owner) = self.queues.open_existing(&request.queue).await? else {
            return Ok(ReplayResponse::default());
        };
        let ids = request.ids;
        let replayed = ask(&owner, |answer| Command::Replay { ids, answer }).await?;
        Ok(ReplayResponse { replayed })
    }

    async fn stats(&self, _: &mut Context, request: StatsRequest) -> Result<StatsResponse, Status> {
        let mut asked = Vec::new();
        if request.queue.is_empty() {
            asked.extend(self.queues.all());
        } else if let Some(owner) = self.queues.open_existing(&request.queue).await? {
            asked.push((request.queue, owner));
        }
        let mut queues = Vec::with_capacity(asked.len());
        for (queue, owner) in asked {
            let figures = ask(&owner, |answer| Command::Figures { answer }).await?;
            queues.push(stats(queue, &figures));
        }
        Ok(StatsResponse { queues })
    }
}

impl Service {
    fn lease_ms(&self, wanted_ms: u32) -> u64 {
        let lease_ms = match wanted_ms {
            0 => self.config.lease_ms,
            wanted_ms => wanted_ms.into(),
        };
        lease_ms.min(self.config.lease_ms_max)
    }
}

/// Sends a command to a queue's owner and waits for what it says.
async fn ask<T>(
    owner: &mpsc::Sender<Command>,
    command: impl FnOnce(Answer<T>) -> Command,
) -> Result<T, Status> {
    let (answer, asked) = oneshot::channel();
    send(owner, command(answer))?;
    asked.await.unwrap_or_else(|_| Err(stopped()))
}

fn send(owner: &mpsc::Sender<Command>, command: Command) -> Result<(), Status> {
    owner.try_send(command).map_err(|error| match error {
        mpsc::error::TrySendError::Full(_) => {
            let message = "calls_max: too many calls wait for the queue";
            Status::overloaded(message).with_not_started()
        }
        mpsc::error::TrySendError::Closed(_) => stopped().with_not_started(),
    })
}

/// What a Take was given within its time.
async fn granted(
    mut asked: oneshot::Receiver<Result<Grant, Status>>,
    wait_ms: u64,
    draining: &Draining,
) -> Result<Option<Grant>, Status> {
    if wait_ms == 0 {
        return asked.await.unwrap_or_else(|_| Err(stopped())).map(Some);
    }
    let wait = Duration::from_millis(wait_ms);
    tokio::select! {
        answer = &mut asked => {
            return answer.unwrap_or_else(|_| Err(stopped())).map(Some);
        }
        () = tokio::time::sleep(wait) => {}
        () = draining.begun() => {}
    }
    // From here on nothing is given; what was given at the last moment is here.
    asked.close();
    asked.try_recv().ok().transpose()
}

fn stopped() -> Status {
    Status::unavailable("the queue is being read again")
}

fn stats(queue: String, figures: &Figures) -> QueueStats {
    QueueStats {
        queue,
        waiting: figures.waiting as u64,
        delayed: figures.delayed as u64,
        leased: figures.leased as u64,
        dead: figures.dead as u64,
        oldest_ms: figures.oldest_ms,
        bytes: figures.depth.bytes as u64,
        enqueued: figures.counts.enqueued,
        finished: figures.counts.finished,
        retried: figures.counts.retried,
    }
}
