//! Rows in memory.

use crate::batch::{Batch, Condition, Op, is_below};
use crate::error::{EngineError, WriteError};
use crate::key_table::{BoxFuture, Engine, EngineStats, KeyTable};
use crate::read::{Direction, Got, Page, Row, Scan, Version};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An engine that forgets everything with its last clone.
pub fn memory() -> Engine {
    Arc::new(Memory::default())
}

/// All partitions under one lock: a test's engine has nobody to wait for.
#[derive(Default)]
struct Memory {
    partitions: Mutex<BTreeMap<Bytes, Partition>>,
}

#[derive(Default)]
struct Partition {
    version: Version,
    rows: BTreeMap<Bytes, (Bytes, Version)>,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Bytes, Partition>> {
        // A panic under the lock is a failed test already.
        self.partitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyTable for Memory {
    fn get(
        &self,
        partition: Bytes,
        keys: Vec<Bytes>,
        at_least: Version,
    ) -> BoxFuture<'_, Result<Got, EngineError>> {
        let partitions = self.lock();
        let empty = Partition::default();
        let partition = partitions.get(&partition).unwrap_or(&empty);
        let got = partition.reached(at_least).map(|version| Got {
            rows: keys.iter().map(|key| partition.row(key)).collect(),
            version,
        });
        Box::pin(async { got })
    }

    fn scan(&self, scan: Scan) -> BoxFuture<'_, Result<Page, EngineError>> {
        let partitions = self.lock();
        let empty = Partition::default();
        let partition = partitions.get(&scan.partition).unwrap_or(&empty);
        let page = partition
            .reached(scan.at_least)
            .map(|_| partition.page(&scan));
        Box::pin(async { page })
    }

    fn write(&self, batches: Vec<Batch>) -> BoxFuture<'_, Vec<Result<Version, WriteError>>> {
        let mut partitions = self.lock();
        let write = |batch: Batch| {
            let partition = partitions.entry(batch.partition.clone()).or_default();
            partition.write(batch)
        };
        let answers: Vec<_> = batches.into_iter().map(write).collect();
        partitions.retain(|_, partition| partition.version > 0);
        Box::pin(async { answers })
    }

    fn versions(&self, names: Vec<Bytes>) -> BoxFuture<'_, Result<Vec<Version>, EngineError>> {
        let partitions = self.lock();
        let version = |name| partitions.get(name).map_or(0, |p: &Partition| p.version);
        let versions = names.iter().map(version).collect();
        Box::pin(async { Ok(versions) })
    }

    fn partitions(
        &self,
        prefix: Bytes,
        after: Option<Bytes>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, EngineError>> {
        let partitions = self.lock();
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix.clone()),
        };
        let names = partitions.range((from, Bound::Unbounded));
        let names = names
            .map(|(name, _)| name.clone())
            .take_while(|name| name.starts_with(&prefix))
            .take(max)
            .collect();
        Box::pin(async { Ok(names) })
    }

    fn stats(&self) -> EngineStats {
        EngineStats::default()
    }
}

impl Partition {
    fn reached(&self, at_least: Version) -> Result<Version, EngineError> {
        let version = self.version;
        if version < at_least {
            return Err(EngineError::Behind { version });
        }
        Ok(version)
    }

    fn row(&self, key: &Bytes) -> Option<Row> {
        let (value, version) = self.rows.get(key)?.clone();
        let key = key.clone();
        Some(Row {
            key,
            value,
            version,
        })
    }

    fn page(&self, scan: &Scan) -> Page {
        let to = scan.to.clone().map_or(Bound::Unbounded, Bound::Excluded);
        let mut page = Page {
            version: self.version,
            ..Page::default()
        };
        if scan.to.as_ref().is_some_and(|to| *to <= scan.from) {
            return page;
        }
        let mut range = self.rows.range((Bound::Included(scan.from.clone()), to));
        let mut bytes = 0;
        loop {
            let next = match scan.direction {
                Direction::Forward => range.next(),
                Direction::Backward => range.next_back(),
            };
            let Some((key, (value, version))) = next else {
                return page;
            };
            bytes += key.len() + value.len();
            let full = page.rows.len() >= scan.rows_max.max(1) || bytes > scan.bytes_max;
            if full && !page.rows.is_empty() {
                page.more = true;
                return page;
            }
            page.rows.push(Row {
                key: key.clone(),
                value: value.clone(),
                version: *version,
            });
        }
    }

    fn write(&mut self, batch: Batch) -> Result<Version, WriteError> {
        batch.check()?;
        if let Some(index) = batch.conditions.iter().position(|c| !self.holds(c)) {
            let version = self.version;
            return Err(WriteError::Condition { index, version });
        }
        let end = self.version + batch.versions_taken();
        let mut appended = self.version;
        for op in batch.ops {
            match op {
                Op::Put { key, value } => {
                    self.rows.insert(key, (value, end));
                }
                Op::Append { prefix, value } => {
                    appended += 1;
                    let key = [&prefix[..], &appended.to_be_bytes()].concat();
                    self.rows.insert(key.into(), (value, appended));
                }
                Op::Delete { key } => {
                    self.rows.remove(&key);
                }
                Op::DeleteRange { from, to } => {
                    let inside =
                        |key: &Bytes| *key >= from && to.as_ref().is_none_or(|to| key < to);
                    self.rows.retain(|key, _| !inside(key));
                }
            }
        }
        self.version = end;
        Ok(end)
    }

    fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::PartitionAt(version) => self.version == *version,
            Condition::RowAt { key, version } => {
                self.rows.get(key).is_some_and(|row| row.1 == *version)
            }
            Condition::Absent { key } => !self.rows.contains_key(key),
            Condition::Below { key, mark } => match self.rows.get(key) {
                None => true,
                Some((value, _)) => is_below(value, *mark),
            },
        }
    }
}
