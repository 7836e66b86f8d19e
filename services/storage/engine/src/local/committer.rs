//! Group commit: all that waits becomes one record, one write and one sync.

use crate::error::{EngineError, WriteError};
use crate::local::core::Core;
use crate::local::figures;
use crate::local::queue::{Answers, Job, Pushed};
use crate::local::staging::Group;
use crate::local::wal::RecordWriter;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Bytes of an empty buffer that is kept from commit to commit; a larger one is given back.
const BUFFER_BYTES_KEPT: usize = 8 << 20;

/// Hands in a job, and starts a worker when there is none.
///
/// The worker is a job of the blocking pool that lives while there is work, not a thread: a paused clock then stands still as long as a
/// commit is under way.
///
/// # Panics
/// Outside of a tokio runtime.
pub(super) fn submit(core: &Arc<Core>, job: Job) {
    match core.queue.push(job, core.config.waiting_bytes_max) {
        Pushed::Waits => {}
        Pushed::NeedsWorker => {
            let worker = Worker {
                core: core.clone(),
                done: false,
            };
            tokio::task::spawn_blocking(move || worker.run());
        }
        Pushed::Refused(job) => job.refuse(&EngineError::Overloaded.into()),
    }
}

/// At work on the queue, until it is empty. When it goes otherwise (it panics, or the runtime ends before it began) nobody is left
/// waiting.
struct Worker {
    core: Arc<Core>,
    done: bool,
}

impl Worker {
    fn run(mut self) {
        let core = &self.core;
        let mut record = RecordWriter::default();
        loop {
            core.wait_for_room();
            let jobs = core.queue.take(core.config.commit_bytes_max);
            if jobs.is_empty() {
                self.done = true;
                return;
            }
            core.commit(jobs, &mut record);
            core.start_upkeep();
            record.shrink(BUFFER_BYTES_KEPT);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let reason = match std::thread::panicking() {
            // What it was doing is half done, and only a restart knows which half.
            true => self.core.stop("a commit panicked".to_owned()),
            false => "the runtime has ended".to_owned(),
        };
        let error = WriteError::Engine(EngineError::Stopped { reason });
        let jobs = self.core.queue.abandon();
        jobs.into_iter().for_each(|job| job.refuse(&error));
    }
}

impl Core {
    fn commit(self: &Arc<Core>, jobs: Vec<Job>, record: &mut RecordWriter) {
        if let Some(error) = self.stopped() {
            let error = error.into();
            jobs.into_iter().for_each(|job| job.refuse(&error));
            return;
        }
        let mut group = Group::default();
        let mut answers: Vec<Answers> = Vec::with_capacity(jobs.len());
        for job in &jobs {
            let batches = job.batches.iter();
            answers.push(batches.map(|batch| group.stage(batch, &**self)).collect());
        }
        if !group.is_empty() {
            record.clear();
            group
                .changes()
                .for_each(|(name, change)| record.push(name, change));
            let began = Instant::now();
            let lsn = match self.log.append(record) {
                Ok(lsn) => lsn,
                Err(error) => {
                    // Nobody knows what is on the disk now. Even an answer about a condition may rest on what is not.
                    self.stop(format!("writing the log failed: {error}"));
                    return self.commit(jobs, record);
                }
            };
            let sync_us = began.elapsed().as_micros() as u64;
            self.counters.sync_us.fetch_add(sync_us, Ordering::Relaxed);
            self.counters.commits.fetch_add(1, Ordering::Relaxed);
            figures::FSYNC.observe(sync_us);
            for (name, change) in group.drain() {
                self.table.apply(name, change, false);
            }
            self.applied.store(lsn, Ordering::Release);
        }
        let written = answers
            .iter()
            .flatten()
            .filter(|answer| answer.is_ok())
            .count();
        figures::COMMIT_BATCHES.observe(written as u64);
        self.counters
            .batches
            .fetch_add(written as u64, Ordering::Relaxed);
        for (job, answers) in jobs.into_iter().zip(answers) {
            // Who asked may have gone.
            let _ = job.reply.send(answers);
        }
    }
}
