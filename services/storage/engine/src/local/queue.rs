//! Calls that wait for their turn to be written.

use crate::batch::Batch;
use crate::error::WriteError;
use crate::local::lock;
use crate::read::Version;
use std::collections::VecDeque;
use std::sync::Mutex;
use tokio::sync::oneshot;

/// The answers of one call.
pub(super) type Answers = Vec<Result<Version, WriteError>>;

/// One call's batches.
pub(super) struct Job {
    pub(super) batches: Vec<Batch>,
    pub(super) bytes: usize,
    pub(super) reply: oneshot::Sender<Answers>,
}

impl Job {
    /// The job, and where its answers come out.
    pub(super) fn new(batches: Vec<Batch>) -> (Job, oneshot::Receiver<Answers>) {
        let bytes = batches.iter().map(Batch::bytes).sum();
        let (reply, answers) = oneshot::channel();
        let job = Job {
            batches,
            bytes,
            reply,
        };
        (job, answers)
    }

    /// Answers all its batches with the same.
    pub(super) fn refuse(self, error: &WriteError) {
        // Who asked may have gone.
        let _ = self
            .reply
            .send(vec![Err(error.clone()); self.batches.len()]);
    }
}

/// Jobs in the order in which they came, and whether somebody is at work on them.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    bytes: usize,
    working: bool,
}

/// What became of a job that was handed in.
pub(super) enum Pushed {
    /// It waits, and will be taken.
    Waits,
    /// It waits, and whoever handed it in must see to it that a worker begins.
    NeedsWorker,
    /// Too much waits already.
    Refused(Job),
}

impl Queue {
    /// Hands in a job. One that finds nobody waiting is taken whatever its size.
    pub(super) fn push(&self, job: Job, bytes_max: usize) -> Pushed {
        let mut state = lock(&self.state);
        if state.bytes > 0 && state.bytes + job.bytes > bytes_max {
            return Pushed::Refused(job);
        }
        state.bytes += job.bytes;
        state.jobs.push_back(job);
        match std::mem::replace(&mut state.working, true) {
            true => Pushed::Waits,
            false => Pushed::NeedsWorker,
        }
    }

    /// The next jobs, together no more than this unless the first is by itself. When there are none the worker's work has ended.
    pub(super) fn take(&self, bytes_max: usize) -> Vec<Job> {
        let mut state = lock(&self.state);
        let state = &mut *state;
        let mut bytes = 0;
        let fits = |job: &&Job| {
            bytes += job.bytes;
            bytes <= bytes_max
        };
        let count = state.jobs.iter().take_while(fits).count().max(1);
        let jobs: Vec<Job> = state.jobs.drain(..count.min(state.jobs.len())).collect();
        state.bytes -= jobs.iter().map(|job| job.bytes).sum::<usize>();
        state.working = !jobs.is_empty();
        jobs
    }

    /// All jobs; the worker's work has ended.
    pub(super) fn abandon(&self) -> Vec<Job> {
        let mut state = lock(&self.state);
        state.bytes = 0;
        state.working = false;
        state.jobs.drain(..).collect()
    }
}
