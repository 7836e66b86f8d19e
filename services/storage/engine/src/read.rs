//! What is read, and what comes back.

use bytes::Bytes;

/// A partition's number: 0 before its first write, then strictly rising, never going back.
pub type Version = u64;

/// A row as it was last written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its key within the partition.
    pub key: Bytes,
    /// Its value.
    pub value: Bytes,
    /// The partition's version that wrote it.
    pub version: Version,
}

/// Rows asked for by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Got {
    /// One for each key, in their order.
    pub rows: Vec<Option<Row>>,
    /// The partition's version at that moment.
    pub version: Version,
}

/// Which way a scan goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// From the smallest key up.
    #[default]
    Forward,
    /// From the greatest key down.
    Backward,
}

/// Rows of a range of one partition, wanted in order.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The partition.
    pub partition: Bytes,
    /// Smallest key, inclusive.
    pub from: Bytes,
    /// Greatest key, exclusive; `None` for the partition's end.
    pub to: Option<Bytes>,
    /// Which end comes first.
    pub direction: Direction,
    /// Rows at most. At least one.
    pub rows_max: usize,
    /// Bytes of keys and values at most; the first row comes whatever its size.
    pub bytes_max: usize,
    /// The partition must have come to this version, or the answer is [`EngineError::Behind`](crate::EngineError::Behind).
    pub at_least: Version,
}

impl Scan {
    /// All rows of a partition, forward, 1,000 rows or 1 MiB at a time.
    pub fn all(partition: impl Into<Bytes>) -> Scan {
        Scan {
            partition: partition.into(),
            from: Bytes::new(),
            to: None,
            direction: Direction::Forward,
            rows_max: 1_000,
            bytes_max: 1024 * 1024,
            at_least: 0,
        }
    }

    /// As [`Scan::all`], of the rows whose keys begin with `prefix`.
    pub fn prefix(partition: impl Into<Bytes>, prefix: impl Into<Bytes>) -> Scan {
        let from = prefix.into();
        let to = after_prefix(&from);
        Scan {
            from,
            to,
            ..Scan::all(partition)
        }
    }
}

/// The smallest key greater than all that begin with `prefix`; `None` when there is none.
fn after_prefix(prefix: &[u8]) -> Option<Bytes> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut key = prefix[..=last].to_vec();
    key[last] += 1;
    Some(key.into())
}

/// Rows of a scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the scan's direction.
    pub rows: Vec<Row>,
    /// Whether a bound cut it short: there are more rows in the range.
    pub more: bool,
    /// The partition's version at that moment.
    pub version: Version,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_carries_over_its_last_byte() {
        assert_eq!(after_prefix(b"ab").unwrap(), "ac");
        assert_eq!(after_prefix(&[1, 255, 255]).unwrap(), &[2][..]);
        assert_eq!(after_prefix(&[255, 255]), None);
        assert_eq!(after_prefix(b""), None);
    }
}
