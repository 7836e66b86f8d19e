//! Reads: from memory at once; what memory lacks comes from the store, on a thread that may wait for the disk.

use crate::error::EngineError;
use crate::local::core::{Core, damaged};
use crate::local::figures;
use crate::local::staging::View;
use crate::local::store::{StoreError, StoreSnapshot};
use crate::local::table::{GotPart, Looked, Overlay, PageBuilder, Room};
use crate::read::{Direction, Got, Page, Row, Scan, Version};
use bytes::Bytes;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

impl Core {
    pub(super) async fn get(
        self: &Arc<Core>,
        partition: Bytes,
        keys: Vec<Bytes>,
        at_least: Version,
    ) -> Result<Got, EngineError> {
        let looked = self
            .table
            .get(&partition, &keys, at_least, || self.store.snapshot())?;
        let (part, snapshot, version, ticket) = match looked {
            Looked::Whole(got) => {
                self.hit().await;
                return Ok(got);
            }
            Looked::Part {
                part: (part, snapshot),
                version,
                ticket,
            } => (part, snapshot, version, ticket),
        };
        self.from_store(move |core| {
            let version = reached(&snapshot, &partition, version, at_least)?;
            let (mut got, unknown) = part.unwrap_or_else(|| nothing(version, keys.len()));
            let mut looked = Vec::with_capacity(unknown.len());
            let mut found = Vec::new();
            for index in unknown {
                let row = snapshot.row(&partition, &keys[index]).map_err(damaged)?;
                looked.push(keys[index].clone());
                found.extend(row.clone());
                got.rows[index] = row;
            }
            core.table
                .keep_rows(&partition, version, &looked, found, ticket);
            Ok(got)
        })
        .await
    }

    pub(super) async fn scan(self: &Arc<Core>, scan: Scan) -> Result<Page, EngineError> {
        let (overlay, snapshot, version, ticket) =
            match self.table.scan(&scan, || self.store.snapshot())? {
                Looked::Whole(page) => {
                    self.hit().await;
                    return Ok(page);
                }
                Looked::Part {
                    part: (overlay, snapshot),
                    version,
                    ticket,
                } => (overlay, snapshot, version, ticket),
            };
        self.from_store(move |core| {
            let version = reached(&snapshot, &scan.partition, version, scan.at_least)?;
            let to = scan.to.as_deref();
            let stored = snapshot.range(&scan.partition, &scan.from, to, scan.direction);
            let (page, next) = merge(&scan, version, overlay, stored).map_err(damaged)?;
            core.table.keep_page(&scan, &page, next, ticket);
            Ok(page)
        })
        .await
    }

    pub(super) async fn versions(
        self: &Arc<Core>,
        partitions: Vec<Bytes>,
    ) -> Result<Vec<Version>, EngineError> {
        let seen = partitions.iter().map(|name| self.table.version(name));
        let seen: Vec<Option<Version>> = seen.collect();
        if let Some(versions) = seen.iter().copied().collect() {
            self.hit().await;
            return Ok(versions);
        }
        self.from_store(move |core| {
            let version = |(name, seen): (&Bytes, Option<Version>)| match seen {
                Some(version) => Ok(version),
                None => core.version(name),
            };
            partitions.iter().zip(seen).map(version).collect()
        })
        .await
    }

    pub(super) async fn partitions(
        self: &Arc<Core>,
        prefix: Bytes,
        after: Option<Bytes>,
        max: usize,
    ) -> Result<Vec<Bytes>, EngineError> {
        self.from_store(move |core| {
            let dirty = core.table.dirty_partitions_with(&prefix, after.as_ref());
            let mut names: BTreeSet<Bytes> = dirty.into_iter().collect();
            let from = match &after {
                Some(after) if *after >= prefix => Bound::Excluded(&after[..]),
                _ => Bound::Included(&prefix[..]),
            };
            for name in core.store.snapshot().partitions(from).take(max) {
                let name = name.map_err(damaged)?;
                if !name.starts_with(&prefix) {
                    break;
                }
                names.insert(name);
            }
            Ok(names.into_iter().take(max).collect())
        })
        .await
    }

    /// Counts an answer from memory. Such answers never wait, so a task that does nothing but read would keep others from its thread.
    async fn hit(&self) {
        self.counters.hits.fetch_add(1, Relaxed);
        figures::CACHE_HITS.add(1);
        tokio::task::coop::consume_budget().await;
    }

    /// Runs what reads the store where it may block.
    async fn from_store<T: Send + 'static>(
        self: &Arc<Core>,
        read: impl FnOnce(&Core) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        self.counters.misses.fetch_add(1, Relaxed);
        figures::CACHE_MISSES.add(1);
        let core = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let answer = read(&core);
            core.forget();
            answer
        });
        // It panics on damage that the store does not expect, and is cancelled when the runtime ends.
        let failed = |error: tokio::task::JoinError| EngineError::Damaged {
            reason: format!("a read did not end: {error}"),
        };
        read.await.map_err(failed)?
    }
}

/// The partition's version, when it has come as far as asked.
fn reached(
    snapshot: &StoreSnapshot,
    partition: &[u8],
    seen: Option<Version>,
    at_least: Version,
) -> Result<Version, EngineError> {
    let version = match seen {
        Some(version) => version,
        None => snapshot.version(partition).map_err(damaged)?,
    };
    match version < at_least {
        true => Err(EngineError::Behind { version }),
        false => Ok(version),
    }
}

/// Memory's part when it has nothing: all is to be looked for in the store.
fn nothing(version: Version, keys: usize) -> GotPart {
    let rows = vec![None; keys];
    (Got { rows, version }, (0..keys).collect())
}

/// Lays memory's rows over the store's. The page, and the row that follows it when it is cut short.
fn merge(
    scan: &Scan,
    version: Version,
    overlay: Overlay,
    stored: impl Iterator<Item = Result<Row, StoreError>>,
) -> Result<(Page, Option<Row>), StoreError> {
    let mut page = PageBuilder::new(scan, version);
    let mut overlay = overlay.rows.into_iter().peekable();
    let mut stored = stored.peekable();
    loop {
        let order = match (overlay.peek(), stored.peek()) {
            (None, None) => return Ok((page.finish(), None)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) | (Some(_), Some(Err(_))) => Ordering::Greater,
            (Some((key, _)), Some(Ok(row))) => match scan.direction {
                Direction::Forward => key.cmp(&row.key),
                Direction::Backward => row.key.cmp(key),
            },
        };
        let row = if order == Ordering::Greater {
            stored.next().transpose()?
        } else {
            if order == Ordering::Equal {
                stored.next();
            }
            overlay.next().and_then(|(key, row)| {
                let (value, version) = row?;
                Some(Row {
                    key,
                    value,
                    version,
                })
            })
        };
        if let Some(row) = row
            && page.push(row.key.clone(), row.value.clone(), row.version) == Room::Full
        {
            return Ok((page.finish(), Some(row)));
        }
    }
}
