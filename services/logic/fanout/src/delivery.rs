//! One run of a group's tasks into inboxes.

use crate::config::Config;
use crate::figures::Figures;
use crate::members::Members;
use crate::news;
use crate::pause::Pauses;
use crate::progress::{Leg, Progress};
use crate::tasks::Run;
use crate::trouble::Trouble;
use futures_util::future::try_join_all;
use im_idl::message_store::{FanOutRequest, FanOutRow, MessageStoreClient};
use im_idl::queue::{ExtendRequest, QueueClient};
use im_serve::Notifier;
use std::time::Duration;
use svrkit_rt::{Call, Status};
use tokio::time::Instant;

/// The queue that tasks come from.
pub(crate) const QUEUE: &str = "fanout";
/// Times that a lease is renewed before it would run out: some may get lost, or wait for a queue that restarts.
const RENEWALS_PER_LEASE: u64 = 5;

/// Delivers runs.
pub(crate) struct Delivery {
    pub(crate) config: Config,
    pub(crate) queue: QueueClient,
    pub(crate) store: MessageStoreClient,
    pub(crate) members: Members,
    pub(crate) notifier: Notifier,
    pub(crate) figures: Figures,
}

/// How the store did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    /// A batch took longer than it should.
    pub(crate) slow: bool,
}

impl Delivery {
    /// Writes a run's rows into the inboxes of all who are to get them, from where it was left. Does not finish it.
    ///
    /// # Errors
    /// What keeps it; what was done until then is done, and noted.
    pub(crate) async fn deliver(&self, run: &Run) -> Result<Pace, Trouble> {
        tokio::select! {
            delivered = self.write_rows(run) => delivered,
            () = self.keep_leases(run) => Err(Trouble::Lost),
        }
    }

    async fn write_rows(&self, run: &Run) -> Result<Pace, Trouble> {
        let members = self.members.of(run.group, run.group_version);
        let members = members.await.map_err(Trouble::of)?;
        let mut pace = Pace::default();
        let legs = run.progress.legs(run.seqs.clone());
        let last_leg = legs.len().saturating_sub(1);
        for (i, leg) in legs.iter().enumerate() {
            let from = members.partition_point(|uin| *uin <= leg.after);
            let rest = &members[from..];
            for stretch in rest.chunks(self.stretch_members()) {
                pace.slow |= self.write_stretch(run.group, &leg.seqs, stretch).await?;
                let is_last = i == last_leg && stretch.last() == rest.last();
                if !is_last || !run.also.is_empty() {
                    self.note(run, Some(through(leg, stretch))).await?;
                }
            }
        }
        for (seq, uins) in &run.also {
            for stretch in uins.chunks(self.stretch_members()) {
                pace.slow |= self.write_stretch(run.group, &[*seq], stretch).await?;
            }
        }
        Ok(pace)
    }

    /// Members between two notes of progress.
    fn stretch_members(&self) -> usize {
        self.config.batch_members_max.max(1) * self.config.batches_at_once.max(1)
    }

    /// Rows into some batches of inboxes, all at once: each inbox is in one of them. Whether one took long.
    async fn write_stretch(
        &self,
        group: u64,
        seqs: &[u64],
        stretch: &[u64],
    ) -> Result<bool, Trouble> {
        let batches = stretch.chunks(self.config.batch_members_max.max(1));
        let writes = batches.map(|batch| self.write(group, seqs, batch));
        let slow = try_join_all(writes).await?;
        Ok(slow.contains(&true))
    }

    /// Rows into some inboxes, again for those whose inboxes did not take them. Whether it took long.
    async fn write(&self, group: u64, seqs: &[u64], batch: &[u64]) -> Result<bool, Trouble> {
        let began = Instant::now();
        let mut pauses = Pauses::new(self.config.pause_ms, self.config.pause_ms_max);
        let mut open = batch.to_vec();
        loop {
            let trouble = match self.fan_out(group, seqs, &open).await {
                Ok(versions) => {
                    let before = open.len();
                    open = still_open(&open, &versions);
                    self.figures.wrote((before - open.len()) * seqs.len());
                    if open.is_empty() {
                        let slow_ms = u128::from(self.config.slow_batch_ms);
                        return Ok(began.elapsed().as_millis() > slow_ms);
                    }
                    unwritten(group, &open, before)
                }
                Err(status) => Trouble::of(status),
            };
            let patience = Duration::from_millis(self.config.patience_ms);
            let pause = pauses.next();
            let refused_whole = matches!(trouble, Trouble::Refused(_)) && open.len() == batch.len();
            if refused_whole || began.elapsed() + pause > patience {
                return Err(trouble);
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn fan_out(&self, group: u64, seqs: &[u64], open: &[u64]) -> Result<Vec<u64>, Status> {
        let rows = seqs.iter().map(|seq| FanOutRow { group_seq: *seq });
        let request = FanOutRequest {
            group,
            rows: rows.collect(),
            members: open.to_vec(),
        };
        let timeout = Duration::from_millis(self.config.call_timeout_ms);
        let call = Call::new(request).timeout(timeout);
        let versions = self.store.fan_out_with(call).await?.message.versions;
        news::tell(&self.notifier, open, &versions);
        Ok(versions)
    }

    /// Keeps the run's leases for as long as it is polled; ends when they are somebody else's.
    ///
    /// So a lease may be short, and whoever waits for a worker that was killed waits for that only: a lease that covered the slowest run
    /// would hold up a group for all of it.
    async fn keep_leases(&self, run: &Run) {
        let every = Duration::from_millis(u64::from(self.config.lease_ms) / RENEWALS_PER_LEASE);
        loop {
            tokio::time::sleep(every.max(Duration::from_millis(1))).await;
            if self.note(run, None).await.is_err() {
                return;
            }
        }
    }

    /// Keeps the run's leases, and notes how far it is.
    async fn note(&self, run: &Run, progress: Option<Progress>) -> Result<(), Trouble> {
        let request = ExtendRequest {
            queue: QUEUE.to_owned(),
            lease: run.leases.first().copied(),
            lease_ms: self.config.lease_ms,
            progress: progress.map(Progress::write),
        };
        match self.queue.extend(request).await {
            Ok(answer) if answer.held => Ok(()),
            Ok(_) => Err(Trouble::Lost),
            // Without it only some work is done twice; whether the lease holds, the next answer tells.
            Err(status) => {
                tracing::debug!(group = run.group, %status, "progress was not noted");
                Ok(())
            }
        }
    }
}

/// What is reached with some members of a leg.
fn through(leg: &Leg, members: &[u64]) -> Progress {
    Progress {
        through_seq: leg.seqs.last().copied().unwrap_or(0),
        after: members.last().copied().unwrap_or(0),
    }
}

/// Those whose rows were not written, or of whom nothing was said.
fn still_open(open: &[u64], versions: &[u64]) -> Vec<u64> {
    let versions = versions.iter().copied().chain(std::iter::repeat(0));
    let unwritten = open
        .iter()
        .zip(versions)
        .filter(|(_, version)| *version == 0);
    unwritten.map(|(uin, _)| *uin).collect()
}

/// Nobody's rows were written: the store is in trouble. Only some were not: these inboxes are.
fn unwritten(group: u64, open: &[u64], asked: usize) -> Trouble {
    let message = format!("{} of {asked} inboxes took no rows of {group}", open.len());
    match open.len() == asked && asked > 1 {
        true => Trouble::Away(Status::unavailable(message)),
        false => Trouble::Refused(Status::internal(message)),
    }
}
