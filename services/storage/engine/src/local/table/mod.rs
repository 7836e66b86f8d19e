//! The one table in memory: rows that are not settled yet, and the newest rows of partitions in use.

mod partition;
mod spans;

pub(crate) use partition::{Overlay, PageBuilder, Room, Seen};

use crate::local::lock;
use crate::local::wal::Change;
use crate::read::{Direction, Page, Row, Scan, Version};
use crate::{EngineError, Got};
use bytes::Bytes;
use partition::{Partition, Sizes};
use spans::{Span, after};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

/// Locks. Many more than threads that could wait for them.
const SHARDS: usize = 64;
/// Bytes of settled rows left to a partition that is in use when memory is short: some 100 rows, a first page for its reader.
const KEPT_BYTES: usize = 32 << 10;

/// Partitions by name.
pub(crate) struct Table {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    clean_bytes: AtomicUsize,
    dirty_bytes: AtomicUsize,
    /// The shard that is swept next.
    hand: AtomicUsize,
}

#[derive(Default)]
struct Shard {
    partitions: HashMap<Bytes, Partition>,
    /// Those with something to settle, in no order.
    dirty: Vec<Bytes>,
    /// Counts all changes, so that each has a number of its own.
    generation: u64,
    /// The change that last forgot a partition.
    forgot: u64,
}

/// What a reader of the store must show to have its rows kept: that nothing changed meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket(u64);

/// Memory's part of an answer.
pub(crate) enum Looked<T, R> {
    /// All of it.
    Whole(T),
    /// The rest is in the store.
    Part {
        /// What memory has.
        part: R,
        /// The partition's version, when memory has it.
        version: Option<Version>,
        /// For keeping what is read.
        ticket: Ticket,
    },
}

/// Memory's part of rows asked for by key: what it has, and the places of those it has not.
pub(crate) type GotPart = (Got, Vec<usize>);

impl Table {
    pub(crate) fn new() -> Table {
        Table {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            clean_bytes: AtomicUsize::new(0),
            dirty_bytes: AtomicUsize::new(0),
            hand: AtomicUsize::new(0),
        }
    }

    /// Bytes of settled rows.
    pub(crate) fn clean_bytes(&self) -> usize {
        self.clean_bytes.load(Ordering::Relaxed)
    }

    /// Bytes of rows that are not settled.
    pub(crate) fn dirty_bytes(&self) -> usize {
        self.dirty_bytes.load(Ordering::Relaxed)
    }

    fn shard(&self, partition: &[u8]) -> MutexGuard<'_, Shard> {
        let index = self.hasher.hash_one(partition) as usize % SHARDS;
        lock(&self.shards[index])
    }

    /// Counts what a change did to the sizes.
    fn count(&self, before: Sizes, after: Sizes) {
        let count = |total: &AtomicUsize, before: usize, after: usize| {
            if after != before {
                total.fetch_add(after.wrapping_sub(before), Ordering::Relaxed);
            }
        };
        count(&self.clean_bytes, before.clean, after.clean);
        count(&self.dirty_bytes, before.dirty, after.dirty);
    }

    /// The partition's version; `None` when memory has nothing of it.
    pub(crate) fn version(&self, partition: &[u8]) -> Option<Version> {
        let shard = self.shard(partition);
        shard.partitions.get(partition).map(Partition::version)
    }

    /// The rows of these keys. `store` opens the store as it is at that moment.
    pub(crate) fn get<S>(
        &self,
        partition: &[u8],
        keys: &[Bytes],
        at_least: Version,
        store: impl FnOnce() -> S,
    ) -> Result<Looked<Got, (Option<GotPart>, S)>, EngineError> {
        let mut shard = self.shard(partition);
        let Some((found, ticket)) = shard.look(partition, at_least)? else {
            let ticket = shard.ticket_for_absent();
            return Ok(Looked::part((None, store()), None, ticket));
        };
        let (got, unknown) = found.get(keys);
        if unknown.is_empty() {
            return Ok(Looked::Whole(got));
        }
        let version = Some(found.version());
        Ok(Looked::part(
            (Some((got, unknown)), store()),
            version,
            ticket,
        ))
    }

    /// The rows of a range.
    pub(crate) fn scan<S>(
        &self,
        scan: &Scan,
        store: impl FnOnce() -> S,
    ) -> Result<Looked<Page, (Overlay, S)>, EngineError> {
        let mut shard = self.shard(&scan.partition);
        let Some((found, ticket)) = shard.look(&scan.partition, scan.at_least)? else {
            let ticket = shard.ticket_for_absent();
            return Ok(Looked::part((Overlay::default(), store()), None, ticket));
        };
        if let Some(page) = found.page(scan) {
            return Ok(Looked::Whole(page));
        }
        let version = Some(found.version());
        Ok(Looked::part(
            (found.overlay(scan), store()),
            version,
            ticket,
        ))
    }

    /// Keeps what a scan brought from the store, unless something changed meanwhile. With a page that was cut short comes the row that
    /// follows it: without that, memory could not tell that there is more.
    pub(crate) fn keep_page(&self, scan: &Scan, page: &Page, next: Option<Row>, ticket: Ticket) {
        let mut span = Span {
            from: scan.from.clone(),
            to: scan.to.clone(),
        };
        match (&next, scan.direction) {
            (None, _) => {}
            (Some(next), Direction::Forward) => span.to = Some(after(&next.key)),
            (Some(next), Direction::Backward) => span.from = next.key.clone(),
        }
        let rows = page.rows.iter().cloned().chain(next).collect();
        self.keep(&scan.partition, page.version, rows, vec![span], ticket);
    }

    /// Keeps the rows of these keys, all of which were looked for in the store.
    pub(crate) fn keep_rows(
        &self,
        partition: &[u8],
        version: Version,
        keys: &[Bytes],
        rows: Vec<Row>,
        ticket: Ticket,
    ) {
        let spans = keys.iter().map(|key| Span::key(key)).collect();
        self.keep(partition, version, rows, spans, ticket);
    }

    /// Keeps that the partition is at this version in the store.
    pub(crate) fn keep_version(&self, partition: &[u8], version: Version, ticket: Ticket) {
        self.keep(partition, version, Vec::new(), Vec::new(), ticket);
    }

    fn keep(
        &self,
        partition: &[u8],
        version: Version,
        rows: Vec<Row>,
        spans: Vec<Span>,
        ticket: Ticket,
    ) {
        let mut shard = self.shard(partition);
        let shard = &mut *shard;
        let (found, before) = match shard.partitions.entry(Bytes::copy_from_slice(partition)) {
            Entry::Occupied(entry) if entry.get().generation <= ticket.0 => {
                let before = entry.get().sizes();
                (entry.into_mut(), before)
            }
            // It was not here when the ticket was given, and has not been here since.
            Entry::Vacant(entry) if shard.forgot <= ticket.0 => {
                shard.generation += 1;
                let found = Partition::loaded(version, shard.generation);
                (entry.insert(found), Sizes::default())
            }
            _ => return,
        };
        let mut rows = Some(rows);
        for span in spans {
            found.keep(rows.take().unwrap_or_default(), span);
        }
        let sizes = found.sizes();
        self.count(before, sizes);
    }

    /// A ticket for a partition as it is now.
    pub(crate) fn ticket(&self, partition: &[u8]) -> Ticket {
        self.shard(partition).ticket_for_absent()
    }

    /// What memory knows of a row.
    pub(crate) fn row(&self, partition: &[u8], key: &[u8]) -> Seen {
        let shard = self.shard(partition);
        let found = shard.partitions.get(partition);
        found.map_or(Seen::Unknown, |found| found.row(key))
    }

    /// The keys of a range that memory has, each with whether it has a row, and whether those are all.
    pub(crate) fn keys(
        &self,
        partition: &[u8],
        from: &Bytes,
        to: Option<&Bytes>,
    ) -> (Vec<(Bytes, bool)>, bool) {
        let shard = self.shard(partition);
        let found = shard.partitions.get(partition);
        found.map_or((Vec::new(), false), |found| found.keys(from, to))
    }

    /// Takes over what a record says. With `unsure` the store may have rows of later records.
    pub(crate) fn apply(&self, name: Bytes, change: Change, unsure: bool) {
        let mut shard = self.shard(&name);
        let shard = &mut *shard;
        shard.generation += 1;
        let generation = shard.generation;
        if let Some(found) = shard.partitions.get_mut(&name) {
            let before = found.sizes();
            let was_dirty = found.is_dirty();
            found.apply(change);
            found.generation = generation;
            found.touched = true;
            if found.is_dirty() && !was_dirty {
                shard.dirty.push(name);
            }
            return self.count(before, found.sizes());
        }
        let mut found = if change.new && !unsure {
            Partition::loaded(0, generation)
        } else {
            Partition::unknown(generation)
        };
        found.apply(change);
        self.count(Sizes::default(), found.sizes());
        if found.is_dirty() {
            shard.dirty.push(name.clone());
        }
        shard.partitions.insert(name, found);
    }

    /// Names of partitions with something to settle, in no order.
    pub(crate) fn dirty_partitions(&self) -> Vec<Bytes> {
        let names = |shard: &Mutex<Shard>| lock(shard).dirty.to_vec();
        self.shards.iter().flat_map(names).collect()
    }

    /// Names of partitions with something to settle that begin with `prefix` and come after `after`, in no order.
    pub(crate) fn dirty_partitions_with(&self, prefix: &[u8], after: Option<&Bytes>) -> Vec<Bytes> {
        let mut names = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            let wanted =
                |name: &&Bytes| name.starts_with(prefix) && after.is_none_or(|after| *name > after);
            names.extend(shard.dirty.iter().filter(wanted).cloned());
        }
        names
    }

    /// The version a checkpoint must write of this partition, if any.
    pub(crate) fn settle_header(&self, partition: &[u8]) -> Option<Version> {
        let mut shard = self.shard(partition);
        shard.partitions.get_mut(partition)?.settle_header()
    }

    /// The rows a checkpoint must write of this partition.
    pub(crate) fn settle_rows(&self, partition: &[u8]) -> Vec<(Bytes, Option<Bytes>, Version)> {
        let mut shard = self.shard(partition);
        let found = shard.partitions.get_mut(partition);
        found.map_or_else(Vec::new, Partition::settle_rows)
    }

    /// A checkpoint is on the disk: what it took and has not changed since is settled.
    pub(crate) fn settled(&self) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            let shard = &mut *shard;
            shard.generation += 1;
            let (generation, partitions) = (shard.generation, &mut shard.partitions);
            shard.dirty.retain(|name| {
                let Some(found) = partitions.get_mut(name) else {
                    return false;
                };
                found.generation = generation;
                let before = found.sizes();
                found.settled();
                self.count(before, found.sizes());
                found.is_dirty()
            });
        }
    }

    /// Forgets settled rows until there are no more bytes of them than these: partitions not used since the last time entirely, others
    /// but for their newest rows.
    pub(crate) fn shrink(&self, clean_bytes_max: usize) {
        // Twice around: the first time finds all of them touched.
        for _ in 0..2 * SHARDS {
            if self.clean_bytes() <= clean_bytes_max {
                return;
            }
            let index = self.hand.fetch_add(1, Ordering::Relaxed) % SHARDS;
            let mut shard = lock(&self.shards[index]);
            let shard = &mut *shard;
            shard.generation += 1;
            let generation = shard.generation;
            let forgot = &mut shard.forgot;
            shard.partitions.retain(|_, found| {
                let before = found.sizes();
                let kept = if found.touched { KEPT_BYTES } else { 0 };
                found.touched = false;
                if found.trim(kept) {
                    *forgot = generation;
                    self.count(before, Sizes::default());
                    return false;
                }
                let sizes = found.sizes();
                if sizes != before {
                    found.generation = generation;
                }
                self.count(before, sizes);
                true
            });
        }
    }
}

impl<T, R> Looked<T, R> {
    fn part(part: R, version: Option<Version>, ticket: Ticket) -> Looked<T, R> {
        Looked::Part {
            part,
            version,
            ticket,
        }
    }
}

impl Shard {
    /// The partition, when it is here and has come to this version.
    fn look(
        &mut self,
        partition: &[u8],
        at_least: Version,
    ) -> Result<Option<(&mut Partition, Ticket)>, EngineError> {
        let ticket = self.ticket_for_absent();
        let Some(found) = self.partitions.get_mut(partition) else {
            return Ok(None);
        };
        let version = found.version();
        if version < at_least {
            return Err(EngineError::Behind { version });
        }
        found.touched = true;
        Ok(Some((found, ticket)))
    }

    /// Every change from now on has a greater number.
    fn ticket_for_absent(&self) -> Ticket {
        Ticket(self.generation)
    }
}
