//! The task that writes: it has the store to itself, and puts reports that wait together into one sync.

use super::notices::Notices;
use crate::store::{Store, Taken};
use im_idl::monitor::{ReportRequest, ReportResponse};
use std::io;
use svrkit_rt::{Status, clock};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinSet, spawn_blocking};

svrkit_rt::monitor! {
    /// Reports of agents that were taken.
    static REPORTS: Counter = "im_monitor_reports";
    /// Reports that had been taken before.
    static REPEATED: Counter = "im_monitor_repeated_reports";
    /// Series that were not taken, since there are as many as there may be.
    static REFUSED: Counter = "im_monitor_refused_series";
    /// Time to write reports and sync them.
    static WRITING: Histogram = "im_monitor_writing_microseconds" in "microseconds";
    /// Time of a checkpoint.
    static CHECKPOINT: Histogram = "im_monitor_checkpoint_microseconds" in "microseconds";
}

/// Reports of one sync.
const SYNC_REPORTS_MAX: usize = 64;

/// The way to the task. The task ends with it.
pub(super) struct Writer {
    reports: mpsc::Sender<Waiting>,
    _task: JoinSet<()>,
}

struct Waiting {
    received_ms: u64,
    report: ReportRequest,
    answer: oneshot::Sender<Result<ReportResponse, Status>>,
}

impl Writer {
    /// Begins to write.
    pub(super) fn start(store: Store, reports_max: usize) -> Writer {
        let (reports, waiting) = mpsc::channel(reports_max.max(1));
        let mut task = JoinSet::new();
        task.spawn(write(store, waiting));
        Writer {
            reports,
            _task: task,
        }
    }

    /// Has a report written; it is on the disk when this returns.
    ///
    /// # Errors
    /// `Overloaded` when too many wait; `Unavailable` when nothing is written any more.
    pub(super) async fn report(&self, report: ReportRequest) -> Result<ReportResponse, Status> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            received_ms: clock::now_ms(),
            report,
            answer,
        };
        let sent = self.reports.try_send(waiting);
        sent.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                Status::overloaded("reports_max: too many reports wait").with_not_started()
            }
            mpsc::error::TrySendError::Closed(_) => stopped(),
        })?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }
}

fn stopped() -> Status {
    Status::unavailable("the centre writes no more until it is started again")
}

async fn write(store: Store, mut waiting: mpsc::Receiver<Waiting>) {
    let mut notices = Notices::default();
    let mut store = store;
    let mut group = Vec::with_capacity(SYNC_REPORTS_MAX);
    while waiting.recv_many(&mut group, SYNC_REPORTS_MAX).await > 0 {
        let (reports, answers): (Vec<_>, Vec<_>) = group
            .drain(..)
            .map(|one| ((one.received_ms, one.report), one.answer))
            .unzip();
        let written = spawn_blocking(move || {
            let taken = take(&mut store, &reports);
            (store, reports, taken)
        });
        let taken = match written.await {
            Ok((back, reports, Ok(taken))) => {
                store = back;
                for ((received_ms, report), taken) in reports.iter().zip(&taken) {
                    count(taken);
                    notices.of_report(*received_ms, report, taken);
                }
                taken
            }
            Ok((_, _, Err(error))) => return stop(&error),
            Err(error) => return stop(&broken(error)),
        };
        let id = store.id();
        for (answer, taken) in answers.into_iter().zip(taken) {
            // An agent that does not wait any more asks again.
            let _ = answer.send(Ok(ReportResponse {
                store: id,
                unknown: taken.unknown,
                refused: taken.refused,
            }));
        }
        if store.wants_checkpoint(clock::now_ms()) {
            match checkpoint(store).await {
                Ok(back) => store = back,
                Err(error) => return stop(&broken(error)),
            }
        }
    }
}

fn take(store: &mut Store, reports: &[(u64, ReportRequest)]) -> io::Result<Vec<Taken>> {
    let began = std::time::Instant::now();
    let taken = store.take(reports);
    WRITING.observe_duration(began.elapsed());
    taken
}

fn count(taken: &Taken) {
    match taken.repeated {
        true => REPEATED.add(1),
        false => REPORTS.add(1),
    }
    REFUSED.add(taken.refused);
}

async fn checkpoint(mut store: Store) -> Result<Store, JoinError> {
    let now_ms = clock::now_ms();
    let made = spawn_blocking(move || {
        let began = std::time::Instant::now();
        if let Err(error) = store.checkpoint(now_ms) {
            tracing::error!(%error, "no checkpoint could be made; the log grows until one can");
        }
        CHECKPOINT.observe_duration(began.elapsed());
        store
    });
    made.await
}

fn stop(error: &io::Error) {
    tracing::error!(%error, "reports cannot be written: none is taken until the centre is started again");
}

fn broken(error: JoinError) -> io::Error {
    io::Error::other(error)
}
