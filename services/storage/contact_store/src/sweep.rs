//! Deleting the oldest tombstones of a list.

use crate::head::Kind;
use crate::row;
use crate::service::Store;
use im_engine::{Batch, Condition, Page, Row, WriteError};
use svrkit_rt::Status;

impl Store {
    /// Deletes tombstones beyond the bound. When that fails, the list is a little longer until the next time.
    pub(crate) async fn sweep(&self, owner: u64) {
        if let Err(status) = self.try_sweep(owner).await {
            tracing::debug!(owner, %status, "old tombstones stay for now");
        }
    }

    async fn try_sweep(&self, owner: u64) -> Result<(), Status> {
        let page = self.whole_list(owner).await?;
        let version = page.version;
        let old = oldest(page, self.config.tombstones_max as usize)?;
        if old.is_empty() {
            return Ok(());
        }
        // Quiet, so that devices do not take it for news. One that came to life meanwhile changes the version, and then nothing goes.
        let batch = Batch::new(row::list(owner))
            .when(Condition::PartitionAt(version))
            .quiet();
        let batch = old.into_iter().fold(batch, |b, row| b.delete(row.key));
        let answers: Result<Vec<_>, WriteError> =
            self.engine.write(vec![batch]).await.into_iter().collect();
        answers?;
        Ok(())
    }
}

/// Tombstones of a list but for the newest ones.
fn oldest(page: Page, keep_max: usize) -> Result<Vec<Row>, Status> {
    let mut tombstones = Vec::new();
    for row in page.rows {
        let (relation, blocked) = row::standing(&row)?;
        if Kind::of(relation, blocked) == Kind::Tombstone {
            tombstones.push(row);
        }
    }
    tombstones.sort_unstable_by_key(|row| row.version);
    let surplus = tombstones.len().saturating_sub(keep_max);
    tombstones.truncate(surplus);
    Ok(tombstones)
}
