//! What memory has of one partition.

use super::spans::{Span, Spans, after};
use crate::local::key::Key;
use crate::local::wal::{Change, RowChange};
use crate::read::{Direction, Page, Row, Version};
use crate::{Got, Scan};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound;

/// Bytes that a row takes in memory beside its key and value, about: its place in the map, which holds a short key too, and its value's
/// allocation.
const ROW_BYTES: usize = 136;
/// Bytes that a partition takes beside its rows, about: its entry and its map's first leaf.
const PARTITION_BYTES: usize = 1_100;

/// Whether the store has it as it is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It has.
    Settled,
    /// A checkpoint is writing it.
    Settling,
    /// It has not.
    Dirty,
}

#[derive(Debug)]
struct Slot {
    /// `None`: deleted.
    value: Option<Bytes>,
    version: Version,
    state: State,
    /// The store may have a row with this key, so a deletion must reach it.
    stored: bool,
}

/// A partition's version and those of its rows that are in memory. Every row here is as the last write left it; a row that is not here
/// is in the store if anywhere, and nowhere when `known` holds its key.
#[derive(Debug)]
pub(super) struct Partition {
    version: Version,
    header: State,
    rows: BTreeMap<Key, Slot>,
    known: Spans,
    /// Another one after each change, so that who read the store meanwhile knows that it has changed.
    pub(super) generation: u64,
    /// Used since the cache was last swept.
    pub(super) touched: bool,
    clean_bytes: usize,
    dirty_bytes: usize,
}

/// Bytes of rows in memory, by whether they may be forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) clean: usize,
    pub(super) dirty: usize,
}

/// What a scan needs from memory to be merged with the store's rows.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    /// In the scan's direction; `None` for those deleted.
    pub(crate) rows: Vec<(Bytes, Option<(Bytes, Version)>)>,
}

/// What memory knows of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It is there.
    Row(Bytes, Version),
    /// It is not there.
    Absent,
    /// Only the store knows.
    Unknown,
}

impl Partition {
    /// As the store has it; `version` 0 when the store has nothing of it.
    pub(super) fn loaded(version: Version, generation: u64) -> Partition {
        Partition {
            version,
            header: State::Settled,
            rows: BTreeMap::new(),
            known: if version == 0 {
                Spans::all()
            } else {
                Spans::default()
            },
            generation,
            touched: true,
            clean_bytes: 0,
            dirty_bytes: 0,
        }
    }

    /// As one of which nothing is known but that it is there.
    pub(super) fn unknown(generation: u64) -> Partition {
        Partition {
            known: Spans::default(),
            ..Partition::loaded(0, generation)
        }
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    pub(super) fn sizes(&self) -> Sizes {
        let mut sizes = Sizes {
            clean: self.clean_bytes,
            dirty: self.dirty_bytes,
        };
        match self.is_dirty() {
            true => sizes.dirty += PARTITION_BYTES,
            false => sizes.clean += PARTITION_BYTES,
        }
        sizes
    }

    /// Whether a checkpoint has something to write of it.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty_bytes > 0 || self.header != State::Settled
    }

    /// Takes over what a record says.
    pub(super) fn apply(&mut self, change: Change) {
        if self.version != change.version {
            self.version = change.version;
            self.header = State::Dirty;
        }
        for (key, row) in change.rows {
            self.write(key, row);
        }
    }

    fn write(&mut self, key: Key, row: RowChange) {
        let dirty = |value: Option<Bytes>, stored| Slot {
            value,
            version: row.version,
            state: State::Dirty,
            stored,
        };
        match self.rows.entry(key) {
            Entry::Occupied(mut entry) => {
                let stored = entry.get().stored;
                let key_bytes = entry.key().len();
                let old = if row.value.is_none() && !stored {
                    entry.remove()
                } else {
                    let slot = dirty(row.value, stored);
                    self.dirty_bytes += slot.bytes(key_bytes);
                    entry.insert(slot)
                };
                match old.state {
                    State::Settled => self.clean_bytes -= old.bytes(key_bytes),
                    State::Settling | State::Dirty => self.dirty_bytes -= old.bytes(key_bytes),
                }
            }
            Entry::Vacant(entry) => {
                let stored = !self.known.are_all() && !self.known.hold(&entry.key().to_bytes());
                if row.value.is_some() || stored {
                    let slot = dirty(row.value, stored);
                    self.dirty_bytes += slot.bytes(entry.key().len());
                    entry.insert(slot);
                }
            }
        }
    }

    pub(super) fn row(&self, key: &[u8]) -> Seen {
        match self.rows.get(&Key::from(key)) {
            Some(Slot {
                value: Some(value),
                version,
                ..
            }) => Seen::Row(value.clone(), *version),
            Some(_) => Seen::Absent,
            None if self.known.hold(key) => Seen::Absent,
            None => Seen::Unknown,
        }
    }

    /// The rows of these keys, in their order, and the places of those that only the store knows.
    pub(super) fn get(&self, keys: &[Bytes]) -> (Got, Vec<usize>) {
        let mut unknown = Vec::new();
        let row = |(index, key): (usize, &Bytes)| match self.row(key) {
            Seen::Row(value, version) => Some(Row {
                key: key.clone(),
                value,
                version,
            }),
            Seen::Absent => None,
            Seen::Unknown => {
                unknown.push(index);
                None
            }
        };
        let rows = keys.iter().enumerate().map(row).collect();
        let version = self.version;
        (Got { rows, version }, unknown)
    }

    /// The whole answer of a scan, when memory has it.
    pub(super) fn page(&self, scan: &Scan) -> Option<Page> {
        let mut page = PageBuilder::new(scan, self.version);
        if range_is_empty(scan) {
            return Some(page.finish());
        }
        let known = match scan.direction {
            Direction::Forward => self.known.around(&scan.from),
            Direction::Backward => self.known.below(scan.to.as_ref()),
        }?;
        // The part of the range of which every row is here.
        let from = known.from.clone().max(scan.from.clone());
        let to = match (&known.to, &scan.to) {
            (Some(known), Some(to)) => Some(known.min(to).clone()),
            (known, to) => known.clone().or_else(|| to.clone()),
        };
        let whole = from == scan.from && to == scan.to;
        for (key, slot) in self.slots(&from, to.as_ref(), scan.direction) {
            if let Some(value) = &slot.value
                && page.push(key.to_bytes(), value.clone(), slot.version) == Room::Full
            {
                return Some(page.finish());
            }
        }
        whole.then(|| page.finish())
    }

    /// What must be laid over the store's rows for this scan: no more than one row beyond its bound can matter.
    pub(super) fn overlay(&self, scan: &Scan) -> Overlay {
        let mut overlay = Overlay::default();
        if range_is_empty(scan) {
            return overlay;
        }
        let mut live = 0;
        for (key, slot) in self.slots(&scan.from, scan.to.as_ref(), scan.direction) {
            let row = slot.value.clone().map(|value| (value, slot.version));
            live += usize::from(row.is_some());
            overlay.rows.push((key.to_bytes(), row));
            if live > scan.rows_max.max(1) {
                break;
            }
        }
        overlay
    }

    /// The rows of a range that are here, with whether the range has others in the store.
    pub(super) fn keys(&self, from: &Bytes, to: Option<&Bytes>) -> (Vec<(Bytes, bool)>, bool) {
        if to.is_some_and(|to| to <= from) {
            return (Vec::new(), true);
        }
        let covers = |span: &Span| match (&span.to, to) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(end), Some(to)) => to <= end,
        };
        let whole = self.known.around(from).is_some_and(covers);
        let slots = self.slots(from, to, Direction::Forward);
        let keys = slots.map(|(key, slot)| (key.to_bytes(), slot.value.is_some()));
        (keys.collect(), whole)
    }

    fn slots(
        &self,
        from: &Bytes,
        to: Option<&Bytes>,
        direction: Direction,
    ) -> impl Iterator<Item = (&Key, &Slot)> + use<'_> {
        let to = to.map_or(Bound::Unbounded, |to| Bound::Excluded(Key::from(to)));
        let mut range = self.rows.range((Bound::Included(Key::from(from)), to));
        std::iter::from_fn(move || match direction {
            Direction::Forward => range.next(),
            Direction::Backward => range.next_back(),
        })
    }

    /// Keeps rows that were read from the store, which hold all of `span` that memory did not have.
    pub(super) fn keep(&mut self, rows: Vec<Row>, span: Span) {
        for row in rows {
            if let Entry::Vacant(entry) = self.rows.entry(Key::from(&row.key)) {
                let slot = Slot {
                    value: Some(row.value),
                    version: row.version,
                    state: State::Settled,
                    stored: true,
                };
                self.clean_bytes += slot.bytes(entry.key().len());
                entry.insert(slot);
            }
        }
        self.known.add(span);
    }

    /// The version a checkpoint must write, if any.
    pub(super) fn settle_header(&mut self) -> Option<Version> {
        if self.header != State::Dirty {
            return None;
        }
        self.header = State::Settling;
        Some(self.version)
    }

    /// The rows a checkpoint must write; `None` for those to be deleted.
    pub(super) fn settle_rows(&mut self) -> Vec<(Bytes, Option<Bytes>, Version)> {
        let dirty = self
            .rows
            .iter_mut()
            .filter(|(_, slot)| slot.state == State::Dirty);
        dirty
            .map(|(key, slot)| {
                slot.state = State::Settling;
                // From now on a deletion must reach the store, whether the checkpoint gets there or not.
                slot.stored = true;
                (key.to_bytes(), slot.value.clone(), slot.version)
            })
            .collect()
    }

    /// The checkpoint is on the disk: what has not changed since is settled.
    pub(super) fn settled(&mut self) {
        if self.header == State::Settling {
            self.header = State::Settled;
        }
        let (clean, dirty) = (&mut self.clean_bytes, &mut self.dirty_bytes);
        self.rows.retain(|key, slot| {
            if slot.state != State::Settling {
                return true;
            }
            let bytes = slot.bytes(key.len());
            *dirty -= bytes;
            if slot.value.is_none() {
                return false;
            }
            slot.state = State::Settled;
            *clean += bytes;
            true
        });
    }

    /// Forgets settled rows until no more than `bytes` are left, smallest keys first. Whether nothing is left that must be kept.
    pub(super) fn trim(&mut self, bytes: usize) -> bool {
        if self.clean_bytes > bytes {
            let mut left = self.clean_bytes - bytes;
            let mut cut = None;
            let clean = &mut self.clean_bytes;
            self.rows.retain(|key, slot| {
                if left == 0 || slot.state != State::Settled {
                    return true;
                }
                let size = slot.bytes(key.len());
                left = left.saturating_sub(size);
                *clean -= size;
                cut = Some(after(&key.to_bytes()));
                false
            });
            match cut {
                Some(_) if self.clean_bytes == 0 => self.known.clear(),
                Some(cut) => self.known.cut_below(&cut),
                None => {}
            }
        }
        bytes == 0 && !self.is_dirty()
    }
}

impl Slot {
    fn bytes(&self, key_bytes: usize) -> usize {
        ROW_BYTES + key_bytes + self.value.as_ref().map_or(0, Bytes::len)
    }
}

fn range_is_empty(scan: &Scan) -> bool {
    scan.to.as_ref().is_some_and(|to| *to <= scan.from)
}

/// Whether a page takes more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// It does.
    Left,
    /// It does not: the row that was offered is not in it.
    Full,
}

/// Fills a page up to the scan's bounds.
pub(crate) struct PageBuilder {
    page: Page,
    bytes: usize,
    rows_max: usize,
    bytes_max: usize,
}

impl PageBuilder {
    pub(crate) fn new(scan: &Scan, version: Version) -> PageBuilder {
        PageBuilder {
            page: Page {
                version,
                ..Page::default()
            },
            bytes: 0,
            rows_max: scan.rows_max.max(1),
            bytes_max: scan.bytes_max,
        }
    }

    /// Offers the next row.
    pub(crate) fn push(&mut self, key: Bytes, value: Bytes, version: Version) -> Room {
        self.bytes += key.len() + value.len();
        let full = self.page.rows.len() >= self.rows_max || self.bytes > self.bytes_max;
        if full && !self.page.rows.is_empty() {
            self.page.more = true;
            return Room::Full;
        }
        self.page.rows.push(Row {
            key,
            value,
            version,
        });
        Room::Left
    }

    pub(crate) fn finish(self) -> Page {
        self.page
    }
}
