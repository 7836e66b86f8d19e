//! What is too old, or too much, goes: the retention sweep, step by step over all partitions.

use crate::layout::{self, DAY_MS};
use crate::receipt;
use crate::row;
use crate::store::Store;
use bytes::Bytes;
use im_engine::{Batch, EngineError, Scan};
use std::sync::{Arc, Weak};
use std::time::Duration;
use svrkit_rt::{Status, clock};
use tokio::time::sleep;

/// Partitions of one step.
const PARTITIONS_PER_STEP: usize = 64;
/// Entries of a partition looked at in one step; what is left comes with the next round.
const ROWS_PER_SCAN: usize = 1_000;
/// Receipts' rows this old are for nobody: their entries are read, and nobody repeats a call of then.
const RECEIPT_MS: u64 = 2 * DAY_MS;

/// Sweeps until the store is gone.
pub(crate) async fn run(store: Weak<Store>, every_ms: u64, step_ms: u64) {
    loop {
        for prefix in [layout::INBOXES, layout::GROUP_LOGS] {
            let mut after = None;
            loop {
                sleep(Duration::from_millis(step_ms)).await;
                let Some(store) = store.upgrade() else {
                    return;
                };
                match step(&store, prefix, after).await {
                    Ok(None) => break,
                    Ok(last) => after = last,
                    Err(status) => {
                        tracing::warn!(%status, "the sweep ends early; it begins again later");
                        break;
                    }
                }
            }
        }
        sleep(Duration::from_millis(every_ms)).await;
    }
}

/// Sweeps the next partitions; the last of them, if there may be more.
async fn step(
    store: &Arc<Store>,
    prefix: &'static [u8],
    after: Option<Bytes>,
) -> Result<Option<Bytes>, Status> {
    let prefix_bytes = Bytes::from_static(prefix);
    let names = store
        .engine
        .partitions(prefix_bytes, after, PARTITIONS_PER_STEP);
    let names = names.await?;
    for name in &names {
        let Some(number) = layout::owner(name) else {
            continue;
        };
        if prefix == layout::INBOXES {
            store.sweep_inbox(number).await?;
        } else {
            store.sweep_log(number).await?;
        }
    }
    Ok((names.len() == PARTITIONS_PER_STEP)
        .then(|| names.last().cloned())
        .flatten())
}

impl Store {
    async fn sweep_inbox(&self, uin: u64) -> Result<(), Status> {
        let inbox = layout::inbox(uin);
        let now_ms = clock::now_ms();
        let floor = self.with_devices(uin, |devices| devices.floor()).await?;
        let days = u64::from(self.config.inbox_retention_days);
        let old = self.old_entries(&inbox, floor, now_ms.saturating_sub(days * DAY_MS));
        let (old, version) = old.await?;
        let cut = old.max(version.saturating_sub(self.config.inbox_rows_max));
        let cut = cut.min(floor.saturating_add(self.config.delete_rows_max));
        let receipts = self.old_receipts(&inbox, now_ms).await?;
        let dedupes = self.has_old_dedupes(&inbox, now_ms).await?;

        let _alone = self.tidying.write().await;
        let bounds = self.bounds();
        let plan = self.with_devices(uin, |devices| {
            devices.plan(now_ms, &bounds).up_to(devices, cut)
        });
        let plan = plan.await?;
        // Most inboxes have nothing old: no write for those.
        if plan.only_tidies() && !dedupes && receipts.is_empty() {
            self.devices.settle(uin, |devices| devices.settle(&plan));
            return Ok(());
        }
        let mut batch = plan.batch(inbox);
        for key in receipts {
            batch = batch.delete(key);
        }
        if let Some(answer) = self.engine.write(vec![batch]).await.pop() {
            answer?;
            self.rows.count_deleted(plan.rows_deleted());
            self.devices.settle(uin, |devices| devices.settle(&plan));
        }
        Ok(())
    }

    /// A log's rows live a day longer than the index rows that speak of them.
    async fn sweep_log(&self, group: u64) -> Result<(), Status> {
        let log = layout::group_log(group);
        let now_ms = clock::now_ms();
        let floor = self.row(log.clone(), layout::FLOOR).await?;
        let floor = floor.and_then(|row| layout::last_number(&row.value));
        let floor = floor.unwrap_or(0);
        let days = u64::from(self.config.inbox_retention_days) + 1;
        let old = self.old_entries(&log, floor, now_ms.saturating_sub(days * DAY_MS));
        let (cut, _) = old.await?;
        if cut == floor && !self.has_old_dedupes(&log, now_ms).await? {
            return Ok(());
        }
        let (from, to) = layout::old_dedupes(now_ms);
        let mut batch = Batch::new(log).quiet().delete_range(from, Some(to));
        if cut > floor {
            batch = batch
                .delete_range(layout::entry(floor + 1), Some(layout::entry(cut + 1)))
                .put(layout::FLOOR, layout::number(cut));
        }
        if let Some(answer) = self.engine.write(vec![batch]).await.pop() {
            answer?;
        }
        Ok(())
    }

    /// The last of the first entries that were written before this time, else `floor`; and the partition's version.
    async fn old_entries(
        &self,
        partition: &Bytes,
        floor: u64,
        before_ms: u64,
    ) -> Result<(u64, u64), EngineError> {
        let mut cut = floor;
        // One row is enough where nothing is old, which is nearly everywhere.
        let mut rows_max = 1;
        loop {
            let page = self.engine.scan(Scan {
                from: layout::entry(cut + 1),
                rows_max,
                ..Scan::prefix(partition.clone(), layout::ENTRIES)
            });
            let page = page.await?;
            for row in &page.rows {
                match layout::entry_version(&row.key) {
                    Some(version) if row::time_ms(&row.value)? < before_ms => cut = version,
                    _ => return Ok((cut, page.version)),
                }
            }
            if !page.more || rows_max > 1 {
                return Ok((cut, page.version));
            }
            rows_max = ROWS_PER_SCAN;
        }
    }

    async fn has_old_dedupes(&self, partition: &Bytes, now_ms: u64) -> Result<bool, EngineError> {
        let (from, to) = layout::old_dedupes(now_ms);
        let page = self.engine.scan(Scan {
            from,
            to: Some(to),
            rows_max: 1,
            ..Scan::all(partition.clone())
        });
        Ok(!page.await?.rows.is_empty())
    }

    async fn old_receipts(&self, inbox: &Bytes, now_ms: u64) -> Result<Vec<Bytes>, EngineError> {
        let page = self
            .engine
            .scan(Scan::prefix(inbox.clone(), layout::RECEIPTS));
        let is_old = |row: &im_engine::Row| {
            receipt::message_and_time(&row.value)
                .is_none_or(|(_, time_ms)| time_ms + RECEIPT_MS < now_ms)
        };
        let rows = page.await?.rows.into_iter();
        Ok(rows.filter(is_old).map(|row| row.key).collect())
    }
}
