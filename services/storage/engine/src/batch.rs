//! What is written at once.

use crate::error::EngineError;
use crate::read::Version;
use bytes::Bytes;

/// Bytes of a partition's name at most. Names are numbers and short words; it stands before each of its rows' keys.
pub const PARTITION_BYTES_MAX: usize = 1024;
/// Bytes of a row's key at most, that of an appended row with its version.
pub const KEY_BYTES_MAX: usize = 4 * 1024;
/// Bytes of a row's value at most. What is larger belongs into an object store.
pub const VALUE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Changes to one partition: all of them or none.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The partition. Made by its first write.
    pub partition: Bytes,
    /// What must hold. All are looked at before anything is written.
    pub conditions: Vec<Condition>,
    /// In this order.
    pub ops: Vec<Op>,
    /// Leaves the partition's version as it is. For cleaning up only (deleting what nobody may ask for any more): a reader who compares
    /// versions must not take it for news. With an [`Op::Append`] it is refused; on a partition that was never written it does nothing.
    pub quiet: bool,
}

/// What must hold for a batch to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The partition is at this version; 0: it has never been written.
    PartitionAt(Version),
    /// The row is there and was last written at this version.
    RowAt {
        /// Its key.
        key: Bytes,
        /// Its version.
        version: Version,
    },
    /// There is no such row.
    Absent {
        /// Its key.
        key: Bytes,
    },
    /// The row is not there, or its value, a number of 8 bytes big-endian, is below this mark. A value of another length is not below.
    Below {
        /// Its key.
        key: Bytes,
        /// The mark.
        mark: u64,
    },
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Writes a row, new or not.
    Put {
        /// Its key.
        key: Bytes,
        /// Its value.
        value: Bytes,
    },
    /// Writes a new row whose key ends with the version it gets, 8 bytes big-endian. Each append of a batch takes a version of its own,
    /// so several append in order.
    Append {
        /// The key before the version.
        prefix: Bytes,
        /// Its value.
        value: Bytes,
    },
    /// Deletes a row, there or not.
    Delete {
        /// Its key.
        key: Bytes,
    },
    /// Deletes the rows of a range. Costs as much as deleting each.
    DeleteRange {
        /// Smallest key, inclusive.
        from: Bytes,
        /// Greatest key, exclusive; `None` for the partition's end.
        to: Option<Bytes>,
    },
}

impl Batch {
    /// A batch that changes nothing yet.
    pub fn new(partition: impl Into<Bytes>) -> Batch {
        Batch {
            partition: partition.into(),
            ..Batch::default()
        }
    }

    /// With one more condition.
    pub fn when(mut self, condition: Condition) -> Batch {
        self.conditions.push(condition);
        self
    }

    /// With one more [`Op::Put`].
    pub fn put(mut self, key: impl Into<Bytes>, value: impl Into<Bytes>) -> Batch {
        let (key, value) = (key.into(), value.into());
        self.ops.push(Op::Put { key, value });
        self
    }

    /// With one more [`Op::Append`].
    pub fn append(mut self, prefix: impl Into<Bytes>, value: impl Into<Bytes>) -> Batch {
        let (prefix, value) = (prefix.into(), value.into());
        self.ops.push(Op::Append { prefix, value });
        self
    }

    /// With one more [`Op::Delete`].
    pub fn delete(mut self, key: impl Into<Bytes>) -> Batch {
        self.ops.push(Op::Delete { key: key.into() });
        self
    }

    /// With one more [`Op::DeleteRange`].
    pub fn delete_range(mut self, from: impl Into<Bytes>, to: Option<Bytes>) -> Batch {
        let from = from.into();
        self.ops.push(Op::DeleteRange { from, to });
        self
    }

    /// As cleaning up: the version stays.
    pub fn quiet(mut self) -> Batch {
        self.quiet = true;
        self
    }

    /// Whether an engine takes it at all.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        let invalid = |reason| Err(EngineError::Invalid { reason });
        if self.partition.len() > PARTITION_BYTES_MAX {
            return invalid("a partition's name is too long");
        }
        for op in &self.ops {
            let (key_bytes, value_bytes) = match op {
                Op::Put { key, value } => (key.len(), value.len()),
                Op::Append { .. } if self.quiet => return invalid("a quiet batch cannot append"),
                Op::Append { prefix, value } => (prefix.len() + 8, value.len()),
                Op::Delete { key } => (key.len(), 0),
                Op::DeleteRange { .. } => (0, 0),
            };
            if key_bytes > KEY_BYTES_MAX {
                return invalid("a row's key is too long");
            }
            if value_bytes > VALUE_BYTES_MAX {
                return invalid("a row's value is too long");
            }
        }
        Ok(())
    }

    /// Bytes it takes while it waits, about.
    pub(crate) fn bytes(&self) -> usize {
        let op = |op: &Op| match op {
            Op::Put { key, value } => key.len() + value.len(),
            Op::Append { prefix, value } => prefix.len() + value.len(),
            Op::Delete { key } => key.len(),
            Op::DeleteRange { from, .. } => from.len(),
        };
        let ops = self.ops.iter().map(op).sum::<usize>() + self.ops.len() * size_of::<Op>();
        let conditions = self.conditions.len() * size_of::<Condition>();
        size_of::<Batch>() + self.partition.len() + ops + conditions
    }

    /// How many versions it takes: one, or one for each append; none when quiet.
    pub(crate) fn versions_taken(&self) -> u64 {
        let append = |op: &&Op| matches!(op, Op::Append { .. });
        let appends = self.ops.iter().filter(append).count() as u64;
        if self.quiet { 0 } else { appends.max(1) }
    }
}

/// Whether a row's value is a number below this mark.
pub(crate) fn is_below(value: &[u8], mark: u64) -> bool {
    value
        .try_into()
        .is_ok_and(|bytes| u64::from_be_bytes(bytes) < mark)
}
