//! What was only noted is written: positions, progress of groups; and what all devices have is deleted.

use crate::layout;
use crate::store::Store;
use im_engine::{Batch, WriteError};
use std::sync::{Arc, Weak};
use std::time::Duration;
use svrkit_rt::clock;
use tokio::time::{MissedTickBehavior, interval};

/// Users written at once. Whoever waits for the lock waits for no more than these.
const USERS_PER_WRITE: usize = 256;

/// Flushes until the store is gone.
pub(crate) async fn run(store: Weak<Store>, every_ms: u64) {
    let mut ticks = interval(Duration::from_millis(every_ms.max(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(store) = store.upgrade() else {
            return;
        };
        flush(&store).await;
        store.rows.show();
    }
}

async fn flush(store: &Arc<Store>) {
    for users in store.devices.take_dirty().chunks(USERS_PER_WRITE) {
        store.flush_users(users).await;
    }
    for groups in store.fanned.take_dirty().chunks(USERS_PER_WRITE) {
        store.flush_groups(groups).await;
    }
}

impl Store {
    /// Of each user what [`Devices::plan`](crate::devices::Devices::plan) says. What fails comes again with the next round.
    async fn flush_users(&self, users: &[u64]) {
        let _alone = self.tidying.write().await;
        let (now_ms, bounds) = (clock::now_ms(), self.bounds());
        let plan = |uin: &u64| {
            let plan = self
                .devices
                .with(*uin, |devices| devices.plan(now_ms, &bounds));
            Some((*uin, plan?))
        };
        let plans: Vec<_> = users.iter().filter_map(plan).collect();
        let batches = plans
            .iter()
            .map(|(uin, plan)| plan.batch(layout::inbox(*uin)));
        let answers = self.engine.write(batches.collect()).await;
        for ((uin, plan), answer) in plans.iter().zip(answers) {
            let written = answer.is_ok();
            if written {
                self.rows.count_deleted(plan.rows_deleted());
            }
            self.devices.settle(*uin, |devices| {
                if written {
                    devices.settle(plan);
                }
            });
            log_failure(answer);
        }
    }

    async fn flush_groups(&self, groups: &[u64]) {
        let seq = |group: &u64| {
            let seq = self.fanned.with(*group, |fanned| fanned.seq);
            Some((*group, seq?))
        };
        let seqs: Vec<_> = groups.iter().filter_map(seq).collect();
        let batch = |(group, seq): &(u64, u64)| {
            let log = Batch::new(layout::group_log(*group));
            log.quiet().put(layout::FANNED, layout::number(*seq))
        };
        let answers = self.engine.write(seqs.iter().map(batch).collect()).await;
        for ((group, seq), answer) in seqs.iter().zip(answers) {
            let written = answer.is_ok();
            self.fanned.settle(*group, |fanned| {
                if written {
                    fanned.written = fanned.written.max(*seq);
                }
            });
            log_failure(answer);
        }
    }
}

fn log_failure(answer: Result<u64, WriteError>) {
    if let Err(error) = answer {
        tracing::warn!(%error, "positions were not written; they will be with the next round");
    }
}
