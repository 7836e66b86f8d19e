//! Which of the batches of one group hold, and what they change together: the rules of a write, without the disk.

use crate::batch::{Batch, Condition, Op};
use crate::error::{EngineError, WriteError};
use crate::local::key::Key;
use crate::local::wal::{Change, RowChange};
use crate::read::Version;
use bytes::Bytes;
use std::collections::HashMap;

/// The rows as the last group left them.
pub(crate) trait View {
    /// The partition's version.
    fn version(&self, partition: &Bytes) -> Result<Version, EngineError>;
    /// A row's value and version.
    fn row(&self, partition: &Bytes, key: &Bytes) -> Result<Option<(Bytes, Version)>, EngineError>;
    /// The keys of a range's rows.
    fn keys(
        &self,
        partition: &Bytes,
        from: &Bytes,
        to: Option<&Bytes>,
    ) -> Result<Vec<Bytes>, EngineError>;
}

/// What a group changes, by partition.
#[derive(Default)]
pub(crate) struct Group {
    changes: HashMap<Bytes, Change>,
}

impl Group {
    /// Whether it changes anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Its changes.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (&Bytes, &Change)> {
        self.changes.iter()
    }

    /// Hands its changes out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (Bytes, Change)> {
        self.changes.drain()
    }

    /// Adds a batch when its conditions hold after the batches before it.
    pub(crate) fn stage(&mut self, batch: &Batch, view: &impl View) -> Result<Version, WriteError> {
        batch.check()?;
        let before = self.version(&batch.partition, view)?;
        for (index, condition) in batch.conditions.iter().enumerate() {
            if !self.holds(&batch.partition, before, condition, view)? {
                let version = before;
                return Err(WriteError::Condition { index, version });
            }
        }
        if batch.quiet && before == 0 {
            return Ok(0);
        }
        // All that may fail comes before the first change.
        let ranges = ranges(batch, view)?;
        if let Some(change) = self.changes.get_mut(&batch.partition) {
            change.take(batch, ranges);
            return Ok(change.version);
        }
        let mut change = Change {
            version: before,
            new: before == 0,
            ..Change::default()
        };
        change.take(batch, ranges);
        let version = change.version;
        // A name of its own: the caller's may be a piece of a frame that many others came in, and hold on to all of it.
        self.changes
            .insert(Bytes::copy_from_slice(&batch.partition), change);
        Ok(version)
    }

    fn version(&self, partition: &Bytes, view: &impl View) -> Result<Version, EngineError> {
        match self.changes.get(partition) {
            Some(change) => Ok(change.version),
            None => view.version(partition),
        }
    }

    fn row(
        &self,
        partition: &Bytes,
        key: &Bytes,
        view: &impl View,
    ) -> Result<Option<(Bytes, Version)>, EngineError> {
        match self
            .changes
            .get(partition)
            .and_then(|change| change.row(&Key::from(key)))
        {
            Some(row) => Ok(row.value.clone().map(|value| (value, row.version))),
            None => view.row(partition, key),
        }
    }

    fn holds(
        &self,
        partition: &Bytes,
        before: Version,
        condition: &Condition,
        view: &impl View,
    ) -> Result<bool, EngineError> {
        Ok(match condition {
            Condition::PartitionAt(version) => before == *version,
            Condition::RowAt { key, version } => {
                let row = self.row(partition, key, view)?;
                row.is_some_and(|(_, written)| written == *version)
            }
            Condition::Absent { key } => self.row(partition, key, view)?.is_none(),
            Condition::Below { key, mark } => match self.row(partition, key, view)? {
                None => true,
                Some((value, _)) => crate::batch::is_below(&value, *mark),
            },
        })
    }
}

/// For each range that the batch deletes, the keys that the group before it left there.
fn ranges(batch: &Batch, view: &impl View) -> Result<Vec<Vec<Bytes>>, EngineError> {
    let ranges = batch.ops.iter().filter_map(|op| match op {
        Op::DeleteRange { from, to } => Some(view.keys(&batch.partition, from, to.as_ref())),
        Op::Put { .. } | Op::Append { .. } | Op::Delete { .. } => None,
    });
    ranges.collect()
}

impl Change {
    fn take(&mut self, batch: &Batch, ranges: Vec<Vec<Bytes>>) {
        let end = self.version + batch.versions_taken();
        let mut appended = self.version;
        let mut ranges = ranges.into_iter();
        for op in &batch.ops {
            match op {
                Op::Put { key, value } => self.put(Key::from(key), value, end),
                Op::Append { prefix, value } => {
                    appended += 1;
                    let key = Key::of(&[prefix, &appended.to_be_bytes()]);
                    self.put(key, value, appended);
                }
                Op::Delete { key } => self.delete(Key::from(key), end),
                Op::DeleteRange { from, to } => {
                    for key in ranges.next().unwrap_or_default() {
                        self.delete(Key::from(&key), end);
                    }
                    self.delete_staged(from, to.as_ref(), end);
                }
            }
        }
        self.version = end;
    }

    fn put(&mut self, key: Key, value: &Bytes, version: Version) {
        let value = Some(Bytes::copy_from_slice(value));
        self.set(key, RowChange { value, version });
    }

    fn delete(&mut self, key: Key, version: Version) {
        let value = None;
        self.set(key, RowChange { value, version });
    }

    /// Deletes what the group itself has put into a range.
    fn delete_staged(&mut self, from: &Bytes, to: Option<&Bytes>, version: Version) {
        let (from, to) = (Key::from(from), to.map(Key::from));
        let inside = |key: &Key| *key >= from && to.as_ref().is_none_or(|to| key < to);
        for (_, row) in self.rows.iter_mut().filter(|(key, _)| inside(key)) {
            row.value = None;
            row.version = version;
        }
    }
}
