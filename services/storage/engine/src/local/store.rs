//! Where rows settle: an LSM tree of fjall. `FORMAT.md` describes its keys.
//!
//! Nothing is ever written to it but whole checkpoints, as sorted tables that become visible and durable in one step. Its own journal
//! stays empty, so there is no tail of it that a power cut could tear.

use crate::local::wal::Lsn;
use crate::read::{Direction, Row, Version};
use bytes::Bytes;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable, Snapshot};
use std::ops::Bound;
use std::path::Path;

const KEYSPACE: &str = "rows";
const HEADER: u8 = 1;
const ROW: u8 = 2;
/// Sorts behind all others: a checkpoint knows what it holds only when it has written it.
const APPLIED: [u8; 1] = [u8::MAX];

/// What the store could not do, in its own words.
pub(crate) type StoreError = fjall::Error;

/// The settled rows of all partitions.
#[derive(Clone)]
pub(crate) struct Store {
    // Before the database, since it holds on to it.
    rows: Keyspace,
    database: Database,
}

/// How far a checkpoint went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    /// Everything up to this record is in the store.
    pub(crate) whole: Lsn,
    /// Nothing after this record is in the store.
    pub(crate) some: Lsn,
}

impl Store {
    pub(crate) fn open(path: &Path, cache_bytes: u64) -> Result<Store, StoreError> {
        let database = Database::builder(path)
            .cache_size(cache_bytes)
            // One: merging tables may lag behind, and must not take the cores from those who answer.
            .worker_threads(1)
            .open()?;
        let rows = database.keyspace(KEYSPACE, KeyspaceCreateOptions::default)?;
        Ok(Store { rows, database })
    }

    /// How far the last checkpoint went.
    pub(crate) fn applied(&self) -> Result<Applied, StoreError> {
        let Some(value) = self.rows.get(APPLIED)? else {
            return Ok(Applied::default());
        };
        let (whole, rest) = number(&value)?;
        let (some, _) = number(rest)?;
        Ok(Applied { whole, some })
    }

    /// The store as it is now, whatever is written later.
    pub(crate) fn snapshot(&self) -> StoreSnapshot {
        StoreSnapshot {
            snapshot: self.database.snapshot(),
            rows: self.rows.clone(),
        }
    }

    /// Writes a checkpoint: visible and on the disk all at once, or not at all. The changes come in order: versions by the partitions'
    /// names, then rows by [`row_order`] of their partitions and their keys. `applied` is asked when the last has been taken.
    pub(crate) fn settle(
        &self,
        changes: impl Iterator<Item = Settling>,
        applied: impl FnOnce() -> Applied,
    ) -> Result<(), StoreError> {
        // Says so when merging has failed in the background: then nothing more may be put on top.
        self.database.persist(PersistMode::Buffer)?;
        let mut ingestion = self.rows.start_ingestion()?;
        for change in changes {
            match change {
                Settling::Version { partition, version } => {
                    ingestion.write(header_key(&partition), version.to_be_bytes())?;
                }
                Settling::Row {
                    partition,
                    key,
                    value: Some(value),
                    version,
                } => {
                    let value = [&version.to_be_bytes(), &value[..]].concat();
                    ingestion.write(row_key(&partition, &key), value)?;
                }
                Settling::Row { partition, key, .. } => {
                    ingestion.write_tombstone(row_key(&partition, &key))?;
                }
            }
        }
        let applied = applied();
        let value = [applied.whole.to_be_bytes(), applied.some.to_be_bytes()].concat();
        ingestion.write(APPLIED, value)?;
        ingestion.finish()
    }
}

/// What a checkpoint writes.
#[derive(Debug)]
pub(crate) enum Settling {
    /// The version of a partition.
    Version {
        /// Its name.
        partition: Bytes,
        /// The version.
        version: Version,
    },
    /// A row.
    Row {
        /// Its partition.
        partition: Bytes,
        /// Its key.
        key: Bytes,
        /// `None`: it is deleted.
        value: Option<Bytes>,
        /// The version that wrote it.
        version: Version,
    },
}

/// The order of partitions among rows: short names first.
pub(crate) fn row_order(partition: &Bytes) -> (usize, Bytes) {
    (partition.len(), partition.clone())
}

/// The store as it was at one moment.
pub(crate) struct StoreSnapshot {
    snapshot: Snapshot,
    rows: Keyspace,
}

impl StoreSnapshot {
    /// The partition's version; 0 when it was never written.
    pub(crate) fn version(&self, partition: &[u8]) -> Result<Version, StoreError> {
        match self.snapshot.get(&self.rows, header_key(partition))? {
            Some(value) => Ok(number(&value)?.0),
            None => Ok(0),
        }
    }

    /// One row.
    pub(crate) fn row(&self, partition: &[u8], key: &Bytes) -> Result<Option<Row>, StoreError> {
        let Some(stored) = self.snapshot.get(&self.rows, row_key(partition, key))? else {
            return Ok(None);
        };
        let (version, value) = number(&stored)?;
        Ok(Some(Row {
            key: key.clone(),
            value: Bytes::copy_from_slice(value),
            version,
        }))
    }

    /// The rows of a range, in this direction.
    pub(crate) fn range(
        &self,
        partition: &[u8],
        from: &[u8],
        to: Option<&[u8]>,
        direction: Direction,
    ) -> impl Iterator<Item = Result<Row, StoreError>> + use<> {
        let prefix_bytes = 3 + partition.len();
        let from = row_key(partition, from);
        let to = match to {
            Some(to) => row_key(partition, to),
            None => after_rows(partition),
        };
        let to = Bound::Excluded(to.max(from.clone()));
        let mut rows = self.snapshot.range(&self.rows, (Bound::Included(from), to));
        std::iter::from_fn(move || {
            let next = match direction {
                Direction::Forward => rows.next(),
                Direction::Backward => rows.next_back(),
            };
            let (key, stored) = match next?.into_inner() {
                Ok(row) => row,
                Err(error) => return Some(Err(error)),
            };
            Some(number(&stored).map(|(version, value)| Row {
                key: Bytes::copy_from_slice(&key[prefix_bytes..]),
                value: Bytes::copy_from_slice(value),
                version,
            }))
        })
    }

    /// Names of partitions from a bound on, sorted.
    pub(crate) fn partitions(
        &self,
        from: Bound<&[u8]>,
    ) -> impl Iterator<Item = Result<Bytes, StoreError>> + use<> {
        let from = from.map(header_key);
        let to = Bound::Excluded(vec![ROW]);
        let headers = self.snapshot.range(&self.rows, (from, to));
        headers.map(|header| Ok(Bytes::copy_from_slice(&header.key()?[1..])))
    }
}

fn header_key(partition: &[u8]) -> Vec<u8> {
    [&[HEADER], partition].concat()
}

/// The length comes first, so that no partition's rows lie among another's.
fn row_key(partition: &[u8], key: &[u8]) -> Vec<u8> {
    let length = (partition.len() as u16).to_be_bytes();
    [&[ROW], &length[..], partition, key].concat()
}

/// Greater than all row keys of a partition.
fn after_rows(partition: &[u8]) -> Vec<u8> {
    let mut key = row_key(partition, &[]);
    while let Some(last) = key.pop() {
        if let Some(next) = last.checked_add(1) {
            key.push(next);
            return key;
        }
    }
    unreachable!("a row key begins with a byte that has a successor")
}

/// The number that a value begins with, and what follows it.
fn number(value: &[u8]) -> Result<(u64, &[u8]), StoreError> {
    match value.split_first_chunk() {
        Some((number, rest)) => Ok((u64::from_be_bytes(*number), rest)),
        None => Err(fjall::Error::Unrecoverable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_partition_lies_among_anothers_rows() {
        let names: [&[u8]; 6] = [b"", b"a", b"ab", b"b", &[255], &[255, 255]];
        for one in names {
            for key in [&b""[..], b"b", &[0], &[255; 8]] {
                let key = row_key(one, key);
                for other in names {
                    let inside = row_key(other, b"") <= key && key < after_rows(other);
                    assert_eq!(inside, one == other, "{one:?} in {other:?}");
                }
            }
        }
    }
}
