//! From what is there, and what shall be, to a batch.

use crate::config::Config;
use crate::head::{Head, Kind};
use crate::row;
use bytes::Bytes;
use im_engine::{Batch, Condition, Engine, Got, Row};
use im_idl::contact::Entry;
use svrkit_rt::Status;

/// An entry of a list and the row that counts, as they are.
pub(crate) struct Current {
    list: Bytes,
    key: Bytes,
    row: Option<Row>,
    head: Head,
    head_version: Option<u64>,
}

/// A change that can be written.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) batch: Batch,
    /// Whether old tombstones are to be looked for once it is written.
    pub(crate) sweep: bool,
}

impl Current {
    /// Reads them.
    ///
    /// # Errors
    /// Those of the engine; `DataLoss`.
    pub(crate) async fn load(engine: &Engine, owner: u64, peer: u64) -> Result<Current, Status> {
        let (list, key) = (row::list(owner), row::entry(peer));
        let keys = vec![key.clone(), row::HEAD];
        let Got { mut rows, .. } = engine.get(list.clone(), keys, 0).await?;
        let head = rows.pop().flatten();
        let row = rows.pop().flatten();
        Ok(Current {
            list,
            key,
            row,
            head_version: head.as_ref().map(|row| row.version),
            head: match head {
                None => Head::default(),
                Some(row) => Head::read(&row.value)?,
            },
        })
    }

    /// What the entry counts as.
    ///
    /// # Errors
    /// `DataLoss`.
    pub(crate) fn kind(&self) -> Result<Kind, Status> {
        match &self.row {
            None => Ok(Kind::Absent),
            Some(row) => row::standing(row).map(|(relation, blocked)| Kind::of(relation, blocked)),
        }
    }

    /// Version of the entry; 0 for one that is not there.
    pub(crate) fn version(&self) -> u64 {
        self.row.as_ref().map_or(0, |row| row.version)
    }

    /// The batch that puts `entry` in its place, if both rows are still what they were.
    ///
    /// # Errors
    /// Those of [`Head::after`]; `DataLoss`.
    pub(crate) fn plan(&self, entry: &Entry, config: &Config) -> Result<Planned, Status> {
        let new = Kind::of(entry.relation(), entry.blocked);
        let head = self.head.after(self.kind()?, new, config)?;
        let batch = Batch::new(self.list.clone())
            .when(still(&self.key, self.row.as_ref().map(|row| row.version)))
            .put(self.key.clone(), row::write(entry));
        let batch = match head == self.head {
            true => batch,
            false => batch
                .when(still(&row::HEAD, self.head_version))
                .put(row::HEAD, head.write()),
        };
        let sweep = self.head.is_sweep_due(head, config);
        Ok(Planned { batch, sweep })
    }
}

/// That a row is at the version it was read at.
fn still(key: &Bytes, version: Option<u64>) -> Condition {
    let key = key.clone();
    match version {
        None => Condition::Absent { key },
        Some(version) => Condition::RowAt { key, version },
    }
}
