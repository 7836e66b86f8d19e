//! The store as its one writer sees it: take reports, make checkpoints.

use super::block::{self, Block, BlockName};
use super::checkpoint;
use super::chunk::BLOCK_WINDOWS;
use super::log::Log;
use super::open::{self, BLOCKS_DIR, LOCK_WAIT, OpenError};
use super::past::Past;
use super::state::State;
use super::taking::{Bounds, Taken, take};
use crate::history::Tier;
use im_idl::monitor::ReportRequest;
use prost::Message;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

/// How long a block waits for late reports before it is written.
const LATE_S: u64 = 15 * 60;
/// Between checkpoints: as long as a block of the finest tier.
const CHECKPOINT_MS: u64 = 2 * 3_600 * 1_000;
/// Bytes of the log that make a checkpoint due earlier: read again within seconds.
const LOG_BYTES_MAX: u64 = 64 << 20;
/// An instance that was silent for so long gives its place to others, when places are rare: only hours of it are left.
const SILENT_S_MAX: u64 = Tier::Minute.kept_s();

/// Chunks of one block, with the series they are of.
type Chunks<'a> = Vec<(u32, &'a [u8])>;

/// A store, open for writing.
#[derive(Debug)]
pub(crate) struct Store {
    dir: PathBuf,
    id: u64,
    bounds: Bounds,
    log: Log,
    state: Arc<RwLock<State>>,
    checkpoint_ms: u64,
    _lock: File,
}

impl Store {
    /// Opens the store of a directory, or makes one there.
    ///
    /// # Errors
    /// Those of [`OpenError`].
    pub(crate) fn open(dir: &Path, bounds: Bounds, now_ms: u64) -> Result<Store, OpenError> {
        Store::open_when_free(dir, bounds, now_ms, LOCK_WAIT)
    }

    /// As [`Store::open`], but waits so long for whoever has it open.
    ///
    /// # Errors
    /// Those of [`OpenError`].
    pub(crate) fn open_when_free(
        dir: &Path,
        bounds: Bounds,
        now_ms: u64,
        lock_wait: Duration,
    ) -> Result<Store, OpenError> {
        let opened = open::open(dir, bounds, now_ms, lock_wait)?;
        Ok(Store {
            dir: dir.to_owned(),
            id: opened.id,
            bounds,
            log: opened.log,
            state: Arc::new(RwLock::new(opened.state)),
            checkpoint_ms: now_ms,
            _lock: opened.lock,
        })
    }

    /// Names it: random, the same for as long as it exists.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// What it has, for those who ask.
    pub(crate) fn past(&self) -> Past {
        Past::new(self.state.clone())
    }

    /// Takes reports, each with the time at which it came. They are on the disk when this returns.
    ///
    /// # Errors
    /// The log's. Nothing may be taken any more then: only a restart finds out what is on the disk.
    pub(crate) fn take(&mut self, reports: &[(u64, ReportRequest)]) -> io::Result<Vec<Taken>> {
        let bodies: Vec<Vec<u8>> = reports.iter().map(|(_, r)| r.encode_to_vec()).collect();
        let times = reports.iter().map(|(received_ms, _)| *received_ms);
        self.log
            .append(times.zip(bodies.iter().map(Vec::as_slice)))?;
        let mut state = write(&self.state);
        let taken = reports
            .iter()
            .map(|(received_ms, report)| take(&mut state, self.bounds, *received_ms, report));
        Ok(taken.collect())
    }

    /// Whether [`Store::checkpoint`] is due.
    pub(crate) fn wants_checkpoint(&self, now_ms: u64) -> bool {
        let since_ms = now_ms.saturating_sub(self.checkpoint_ms);
        since_ms >= CHECKPOINT_MS || self.log.bytes() >= LOG_BYTES_MAX
    }

    /// Puts blocks that are complete into files and the rest of the state into one, and empties the log.
    ///
    /// # Errors
    /// The file system's. Nothing is lost then: the log still has what the last checkpoint has not.
    pub(crate) fn checkpoint(&mut self, now_ms: u64) -> io::Result<()> {
        // Tried again after as long, not at once.
        self.checkpoint_ms = now_ms;
        let now_s = now_ms / 1_000;
        let written = self.write_blocks(now_s)?;
        let expired = self.replace_heads(written, now_s);
        let log_first = self.log.rotate()?;
        checkpoint::write(&self.dir, self.id, log_first, &read(&self.state))?;
        self.log.release_before(log_first)?;
        for block in expired {
            fs::remove_file(block.path())?;
        }
        Ok(())
    }

    /// Writes the blocks that are complete. Nothing changes meanwhile, since nobody else writes; questions are answered from heads.
    fn write_blocks(&self, now_s: u64) -> io::Result<Vec<Block>> {
        let mut state = write(&self.state);
        let instances = state.instances.values_mut();
        for series in instances.flat_map(|instance| instance.series.values_mut()) {
            for (head, tier) in series.heads.iter_mut().zip(Tier::ALL) {
                head.seal_before(now_s.saturating_sub(LATE_S) / tier.width_s());
            }
        }
        drop(state);
        let state = read(&self.state);
        let mut complete: BTreeMap<(Tier, u64), Chunks<'_>> = BTreeMap::new();
        for series in state.instances.values().flat_map(|i| i.series.values()) {
            for (head, tier) in series.heads.iter().zip(Tier::ALL) {
                let complete_before = first_incomplete(tier, now_s);
                let sealed = head.sealed().iter();
                for sealed in sealed.filter(|sealed| sealed.block < complete_before) {
                    let block = complete.entry((tier, sealed.block)).or_default();
                    block.push((series.id, &sealed.chunk));
                }
            }
        }
        let dir = self.dir.join(BLOCKS_DIR);
        let mut written = Vec::new();
        for ((tier, number), mut chunks) in complete {
            chunks.sort_unstable_by_key(|(series, _)| *series);
            let parts = state.blocks.iter().map(|block| block.name());
            let parts = parts.filter(|name| name.tier == tier && name.number == number);
            let part = parts.map(|name| name.part + 1).max().unwrap_or(0);
            let name = BlockName { tier, number, part };
            written.push(block::write(&dir, name, chunks.into_iter())?);
        }
        Ok(written)
    }

    /// From here on questions are answered from the blocks. Returns those that nobody needs any more.
    fn replace_heads(&self, written: Vec<Block>, now_s: u64) -> Vec<Arc<Block>> {
        let mut state = write(&self.state);
        for series in state
            .instances
            .values_mut()
            .flat_map(|i| i.series.values_mut())
        {
            for (head, tier) in series.heads.iter_mut().zip(Tier::ALL) {
                head.drop_before(first_incomplete(tier, now_s));
            }
        }
        state.blocks.extend(written.into_iter().map(Arc::new));
        state.blocks.sort_by_key(|block| block.name());
        let (kept, expired) = std::mem::take(&mut state.blocks)
            .into_iter()
            .partition(|block| end_s(block.name()) + block.name().tier.kept_s() > now_s);
        state.blocks = kept;
        self.forget(&mut state, now_s);
        expired
    }

    fn forget(&self, state: &mut State, now_s: u64) {
        let rare = state.series > self.bounds.series_max / 10 * 9
            || state.instances.len() > self.bounds.instances_max / 10 * 9;
        let silent_s = if rare {
            SILENT_S_MAX
        } else {
            Tier::Hour.kept_s()
        };
        state.forget_silent_since(now_s.saturating_sub(silent_s) * 1_000);
        state.agents.retain(|_, agent| agent.series > 0);
        state.drop_unused_definitions();
    }
}

/// The first block of a tier that may still get reports.
fn first_incomplete(tier: Tier, now_s: u64) -> u64 {
    now_s.saturating_sub(LATE_S) / tier.width_s() / BLOCK_WINDOWS
}

fn end_s(name: BlockName) -> u64 {
    (name.number + 1) * BLOCK_WINDOWS * name.tier.width_s()
}

/// Looks at the state.
pub(super) fn read(state: &RwLock<State>) -> RwLockReadGuard<'_, State> {
    // Whoever panicked while writing left reports that are in the log, each either in the state or not.
    state.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(state: &RwLock<State>) -> RwLockWriteGuard<'_, State> {
    state.write().unwrap_or_else(PoisonError::into_inner)
}
