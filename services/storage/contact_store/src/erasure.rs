//! Forgetting an owner.

use crate::change::Current;
use crate::head::Kind;
use crate::refused::Refused;
use crate::row;
use crate::service::Store;
use im_engine::{Batch, Condition, WriteError};
use im_idl::base::Uins;
use im_idl::contact::Entry;
use svrkit_rt::Status;

/// Lists of others in one write.
const LISTS_PER_WRITE_MAX: usize = 100;
/// Rounds of a write that others come before.
const ROUNDS_MAX: usize = 8;

impl Store {
    /// Others first, so that whoever repeats this after a crash still knows who they are.
    pub(crate) async fn erase(&self, owner: u64) -> Result<Uins, Status> {
        let mut uins = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let page = self.whole_list(owner).await?;
            let peers: Result<Vec<u64>, Status> = page.rows.iter().map(row::peer).collect();
            for peers in peers?.chunks(LISTS_PER_WRITE_MAX) {
                self.forget(owner, peers, &mut uins).await?;
            }
            if page.rows.is_empty() {
                return Ok(Uins { uins });
            }
            let all = Batch::new(row::list(owner))
                .when(Condition::PartitionAt(page.version))
                .delete_range(bytes::Bytes::new(), None);
            match self.engine.write(vec![all]).await.pop() {
                Some(Ok(_)) => return Ok(Uins { uins }),
                // Somebody has asked him something since; once more, with that one.
                Some(Err(WriteError::Condition { .. })) | None => {}
                Some(Err(WriteError::Engine(error))) => return Err(error.into()),
            }
        }
        Err(Refused::Changed.into())
    }

    /// Makes `owner` a tombstone in the lists of `peers`, and adds those that changed to `changed`.
    async fn forget(
        &self,
        owner: u64,
        peers: &[u64],
        changed: &mut Vec<u64>,
    ) -> Result<(), Status> {
        let tombstone = Entry {
            uin: owner,
            ..Entry::default()
        };
        let mut open = peers.to_vec();
        for _ in 0..ROUNDS_MAX {
            let mut batches = Vec::with_capacity(open.len());
            let mut lists = Vec::with_capacity(open.len());
            for peer in open.drain(..) {
                let current = Current::load(&self.engine, peer, owner).await?;
                if !matches!(current.kind()?, Kind::Absent | Kind::Tombstone) {
                    let planned = current.plan(&tombstone, &self.config)?;
                    batches.push(planned.batch);
                    lists.push((peer, planned.sweep));
                }
            }
            if batches.is_empty() {
                return Ok(());
            }
            let answers = self.engine.write(batches).await;
            for ((peer, sweep), answer) in lists.into_iter().zip(answers) {
                match answer {
                    Ok(_) => {
                        changed.push(peer);
                        if sweep {
                            self.sweep(peer).await;
                        }
                    }
                    Err(WriteError::Condition { .. }) => open.push(peer),
                    Err(WriteError::Engine(error)) => return Err(error.into()),
                }
            }
        }
        match open.is_empty() {
            true => Ok(()),
            false => Err(Refused::Changed.into()),
        }
    }
}
