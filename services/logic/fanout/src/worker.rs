//! Takes runs of tasks, has them delivered, and tells the queue what came of it.

use crate::delivery::{Delivery, QUEUE};
use crate::pause::Pauses;
use crate::tasks::{Run, Taken};
use crate::throttle::Throttle;
use crate::trouble::Trouble;
use im_idl::queue::{FailRequest, FinishRequest, LeaseId, Leased, TakeRequest};
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{Draining, Status};
use tokio::sync::watch;
use tokio::time::Instant;

/// Milliseconds of an answer without tasks that is too quick to have been waited for.
const AT_ONCE_MS: u128 = 10;

/// One of several.
pub(crate) struct Worker {
    /// Its place among them: it works while more than so many may.
    pub(crate) index: usize,
    pub(crate) delivery: Arc<Delivery>,
    /// Shared by all workers.
    pub(crate) throttle: Arc<watch::Sender<Throttle>>,
    /// It takes nothing more then.
    pub(crate) draining: Draining,
}

impl Worker {
    /// Works until the drain, or until it is dropped, at any point. What it was doing is then done again by whoever takes the tasks next.
    pub(crate) async fn work(self) {
        let config = &self.delivery.config;
        let mut pauses = Pauses::new(config.pause_ms, config.pause_ms_max);
        let mut throttle = self.throttle.subscribe();
        loop {
            let tasks = tokio::select! {
                tasks = self.next(&mut pauses, &mut throttle) => tasks,
                () = self.draining.begun() => return,
            };
            // Nobody else gets them before their leases end.
            let _held = self.draining.hold();
            self.handle(Taken::of(tasks)).await;
        }
    }

    /// Waits for tasks, and for leave to work on them.
    async fn next(
        &self,
        pauses: &mut Pauses,
        throttle: &mut watch::Receiver<Throttle>,
    ) -> Vec<Leased> {
        loop {
            // It fails only when the sender is gone, and this worker holds one.
            let _ = throttle.wait_for(|t| self.index < t.limit()).await;
            let asked = Instant::now();
            match self.take().await {
                Ok(tasks) if tasks.is_empty() => {
                    if asked.elapsed().as_millis() < AT_ONCE_MS {
                        tokio::time::sleep(pauses.next()).await;
                    }
                }
                Ok(tasks) => {
                    pauses.reset();
                    return tasks;
                }
                Err(status) => {
                    tracing::debug!(%status, "the queue does not answer");
                    tokio::time::sleep(pauses.next()).await;
                }
            }
        }
    }

    async fn take(&self) -> Result<Vec<Leased>, Status> {
        let config = &self.delivery.config;
        let request = TakeRequest {
            queue: QUEUE.to_owned(),
            worker: format!("fanout-{}", self.index),
            tasks_max: config.run_tasks_max,
            wait_ms: config.take_wait_ms,
            lease_ms: config.lease_ms,
            keys_max: 1,
        };
        Ok(self.delivery.queue.take(request).await?.tasks)
    }

    async fn handle(&self, taken: Taken) {
        if !taken.senseless.is_empty() {
            tracing::error!(
                tasks = taken.senseless.len(),
                "tasks of no group were given up"
            );
            let how = FailRequest {
                error: "no task of a group".to_owned(),
                dead: true,
                ..FailRequest::default()
            };
            self.fail(taken.senseless, how).await;
        }
        for run in taken.runs {
            let round = self.throttle.borrow().round();
            let delivered = self.delivery.deliver(&run).await;
            let went_well = delivered.as_ref().is_ok_and(|pace| !pace.slow);
            self.throttle.send_if_modified(|throttle| {
                let before = throttle.limit();
                match went_well {
                    true => throttle.succeeded(),
                    false => throttle.failed(round),
                }
                throttle.limit() != before
            });
            match delivered {
                Ok(_) => self.finish(run).await,
                // What comes behind it is of the same key, and waits for it.
                Err(trouble) => return self.give_back(run, trouble).await,
            }
        }
    }

    /// Ends a run. When the queue does not hear of it, its tasks come again and find their rows written.
    async fn finish(&self, run: Run) {
        let tasks = run.leases.len();
        let request = FinishRequest {
            queue: QUEUE.to_owned(),
            leases: run.leases,
            follow_ups: Vec::new(),
        };
        let config = &self.delivery.config;
        let mut pauses = Pauses::new(config.pause_ms, config.pause_ms_max);
        let began = Instant::now();
        let patience = Duration::from_millis(config.patience_ms);
        loop {
            match self.delivery.queue.finish(request.clone()).await {
                Ok(answer) => {
                    let finished = tasks.saturating_sub(answer.lost.len());
                    return self.delivery.figures.finished(finished);
                }
                Err(status) if began.elapsed() > patience => {
                    let group = run.group;
                    tracing::warn!(group, %status, "a run was delivered and not finished");
                    return;
                }
                Err(_) => tokio::time::sleep(pauses.next()).await,
            }
        }
    }

    async fn give_back(&self, run: Run, trouble: Trouble) {
        if trouble == Trouble::Lost {
            return;
        }
        self.delivery.figures.failed();
        tracing::warn!(group = run.group, %trouble, "a run goes back to the queue");
        let how = FailRequest {
            error: trouble.to_string(),
            transient: matches!(trouble, Trouble::Away(_)),
            ..FailRequest::default()
        };
        self.fail(run.leases, how).await;
    }

    /// Gives tasks back. When the queue does not hear of it, their leases run out.
    async fn fail(&self, leases: Vec<LeaseId>, how: FailRequest) {
        let request = FailRequest {
            queue: QUEUE.to_owned(),
            leases,
            ..how
        };
        if let Err(status) = self.delivery.queue.fail(request).await {
            tracing::debug!(%status, "tasks were not given back");
        }
    }
}
