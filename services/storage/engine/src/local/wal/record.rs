//! The bytes of one record: a group of changes that is durable as one.

use crate::local::key::Key;
use crate::read::Version;
use bytes::Bytes;

/// A record begins at a multiple of this: a sector of a disk. So writing one touches no sector with another's bytes, and a write that is
/// torn cannot tear what was synced before. And a reader can look for the next one behind damaged bytes.
pub(super) const ALIGNMENT: usize = 512;
/// Bytes before the body.
pub(super) const HEAD_BYTES: usize = 32;
const MAGIC: u32 = 0xC3A9_571D;
const PUT: u8 = 1;
const DELETE: u8 = 2;

/// The number of a record: the first is 1, each the one before plus one, for the engine's whole life.
pub(crate) type Lsn = u64;

/// What one group changes in one partition.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// The partition's version after it.
    pub(crate) version: Version,
    /// The partition was never written before.
    pub(crate) new: bool,
    /// The rows it changed, as they are after it, in order of their keys.
    pub(crate) rows: Vec<(Key, RowChange)>,
}

impl Change {
    /// What it makes of a row, if it changes it.
    pub(crate) fn row(&self, key: &Key) -> Option<&RowChange> {
        let index = self.rows.binary_search_by(|(other, _)| other.cmp(key));
        Some(&self.rows[index.ok()?].1)
    }

    /// Changes a row, once more or for the first time.
    pub(crate) fn set(&mut self, key: Key, row: RowChange) {
        // Nearly always a batch's keys rise: no search, and nothing to move.
        if self.rows.last().is_none_or(|(last, _)| *last < key) {
            return self.rows.push((key, row));
        }
        match self.rows.binary_search_by(|(other, _)| other.cmp(&key)) {
            Ok(index) => self.rows[index].1 = row,
            Err(index) => self.rows.insert(index, (key, row)),
        }
    }
}

/// A row as it is after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowChange {
    /// `None`: deleted.
    pub(crate) value: Option<Bytes>,
    /// The version that wrote it.
    pub(crate) version: Version,
}

/// Builds records in one buffer that is used again and again.
#[derive(Default)]
pub(crate) struct RecordWriter {
    bytes: Vec<u8>,
    partitions: u32,
}

impl RecordWriter {
    /// Forgets the last record.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.resize(HEAD_BYTES + 4, 0);
        self.partitions = 0;
    }

    /// Adds what happened to one partition.
    pub(crate) fn push(&mut self, partition: &[u8], change: &Change) {
        let bytes = &mut self.bytes;
        bytes.extend_from_slice(&(partition.len() as u16).to_le_bytes());
        bytes.extend_from_slice(partition);
        bytes.extend_from_slice(&change.version.to_le_bytes());
        bytes.push(u8::from(change.new));
        bytes.extend_from_slice(&(change.rows.len() as u32).to_le_bytes());
        for (key, row) in &change.rows {
            bytes.push(if row.value.is_some() { PUT } else { DELETE });
            bytes.extend_from_slice(&(key.len() as u16).to_le_bytes());
            key.write(bytes);
            if let Some(value) = &row.value {
                bytes.extend_from_slice(&row.version.to_le_bytes());
                bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
                bytes.extend_from_slice(value);
            }
        }
        self.partitions += 1;
    }

    /// Gives a buffer back that has grown beyond this.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        if self.bytes.capacity() > bytes {
            *self = RecordWriter::default();
        }
    }

    /// Bytes it will take in the log.
    pub(super) fn len(&self) -> usize {
        self.bytes.len().next_multiple_of(ALIGNMENT)
    }

    /// The finished record. `synced` is the newest record known to be on the disk.
    pub(super) fn finish(&mut self, salt: u64, lsn: Lsn, synced: Lsn) -> &[u8] {
        let body_bytes = (self.bytes.len() - HEAD_BYTES) as u32;
        let padded = self.len();
        let bytes = &mut self.bytes;
        bytes[HEAD_BYTES..HEAD_BYTES + 4].copy_from_slice(&self.partitions.to_le_bytes());
        bytes[0..4].copy_from_slice(&MAGIC.to_le_bytes());
        bytes[8..12].copy_from_slice(&body_bytes.to_le_bytes());
        bytes[16..24].copy_from_slice(&lsn.to_le_bytes());
        bytes[24..32].copy_from_slice(&synced.to_le_bytes());
        let sum = checksum(salt, &bytes[8..]);
        bytes[4..8].copy_from_slice(&sum.to_le_bytes());
        bytes.resize(padded, 0);
        bytes
    }
}

/// The salt keeps bytes of the file's former life, and values that a client made to look like a record, from being taken for one.
fn checksum(salt: u64, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&salt.to_le_bytes()), bytes)
}

/// A record found in a segment's bytes.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) lsn: Lsn,
    pub(super) synced: Lsn,
    pub(super) body: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record that begins at `at`, if a whole and sound one does.
    pub(super) fn at(segment: &'a [u8], at: usize, salt: u64) -> Option<Record<'a>> {
        let bytes = segment.get(at..)?;
        let head = bytes.get(..HEAD_BYTES)?;
        if u32_at(head, 0) != MAGIC {
            return None;
        }
        let end = HEAD_BYTES.checked_add(u32_at(head, 8) as usize)?;
        let covered = bytes.get(8..end)?;
        (u32_at(head, 4) == checksum(salt, covered)).then(|| Record {
            lsn: u64_at(head, 16),
            synced: u64_at(head, 24),
            body: &bytes[HEAD_BYTES..end],
        })
    }

    /// Bytes it takes in the log.
    pub(super) fn len(&self) -> usize {
        (HEAD_BYTES + self.body.len()).next_multiple_of(ALIGNMENT)
    }

    /// What it changes, a partition after the other; `None` when the body is not what a record holds.
    pub(super) fn changes(&self) -> Option<Vec<(Bytes, Change)>> {
        let mut body = Body(self.body);
        let partitions = body.u32()?;
        let mut changes = Vec::new();
        for _ in 0..partitions {
            let partition = Bytes::copy_from_slice(body.short()?);
            let mut change = Change {
                version: body.u64()?,
                new: body.u8()? == 1,
                rows: Vec::new(),
            };
            for _ in 0..body.u32()? {
                let kind = body.u8()?;
                let key = Key::from(body.short()?);
                let row = match kind {
                    PUT => {
                        let version = body.u64()?;
                        let bytes = body.u32()? as usize;
                        let value = Some(Bytes::copy_from_slice(body.bytes(bytes)?));
                        RowChange { value, version }
                    }
                    DELETE => RowChange {
                        value: None,
                        version: change.version,
                    },
                    _ => return None,
                };
                change.rows.push((key, row));
            }
            changes.push((partition, change));
        }
        body.0.is_empty().then_some(changes)
    }
}

/// What of a body has not been read yet.
struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn short(&mut self) -> Option<&'a [u8]> {
        let bytes = self.array().map(u16::from_le_bytes)?;
        self.bytes(bytes.into())
    }
}

/// Four bytes of a head whose length has been checked.
pub(super) fn u32_at(head: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(head[at..at + 4].try_into().expect("four bytes"))
}

/// Eight bytes of a head whose length has been checked.
pub(super) fn u64_at(head: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(head[at..at + 8].try_into().expect("eight bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change() -> Change {
        let row = |value: Option<&'static str>, version| RowChange {
            value: value.map(Bytes::from),
            version,
        };
        Change {
            version: 7,
            new: true,
            rows: vec![
                (Key::from(&b"gone"[..]), row(None, 7)),
                (Key::from(&b"here"[..]), row(Some("value"), 6)),
            ],
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let mut writer = RecordWriter::default();
        writer.clear();
        writer.push(b"alice", &change());
        let bytes = writer.finish(1, 5, 4).to_vec();
        assert_eq!(bytes.len() % ALIGNMENT, 0);
        let record = Record::at(&bytes, 0, 1).unwrap();
        assert_eq!(
            (record.lsn, record.synced, record.len()),
            (5, 4, bytes.len())
        );
        assert_eq!(record.changes().unwrap(), [("alice".into(), change())]);
    }

    #[test]
    fn no_flipped_bit_and_no_other_salt_passes() {
        let mut writer = RecordWriter::default();
        writer.clear();
        writer.push(b"alice", &change());
        let unpadded = writer.bytes.len();
        let bytes = writer.finish(1, 5, 4).to_vec();
        assert!(Record::at(&bytes, 0, 2).is_none());
        for bit in 0..unpadded * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Record::at(&flipped, 0, 1).is_none(), "bit {bit}");
        }
    }
}
