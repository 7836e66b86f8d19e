//! Reading the log after a restart: what is whole is applied, what was never finished is cut, what is damaged is refused.

use super::disk::Disk;
use super::record::{Change, Lsn, Record};
use super::segment::{HEAD_BYTES, Head, segment_name, segment_number};
use bytes::Bytes;
use std::fmt;
use std::io;

/// Why the log cannot be read.
#[derive(Debug)]
pub(crate) enum LogError {
    /// The file system refused.
    Io {
        /// The file; empty for the directory.
        file: String,
        /// What it said.
        error: io::Error,
    },
    /// Something that was on the disk is not there any more, or not as it was written.
    Damaged {
        /// The file.
        file: String,
        /// Where in it, in bytes.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// Records between the store and the log are missing.
    Missing {
        /// The record that the store needs next.
        needed: Lsn,
        /// What the log has instead.
        found: String,
    },
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogError::Io { file, error } => write!(f, "log file {file:?}: {error}"),
            LogError::Damaged {
                file,
                offset,
                reason,
            } => write!(f, "log file {file:?} is damaged at byte {offset}: {reason}"),
            LogError::Missing { needed, found } => {
                write!(
                    f,
                    "the log lacks record {needed}, which the store needs next: {found}"
                )
            }
        }
    }
}

/// A segment that was read or needed no reading.
#[derive(Debug)]
pub(super) struct ReadSegment {
    pub(super) head: Head,
    /// Its last record.
    pub(super) last: Lsn,
    /// Where its records end.
    pub(super) end: u64,
}

/// What a log held.
#[derive(Debug, Default)]
pub(crate) struct Recovered {
    /// In order; the last is written on. Empty: there is no log yet.
    pub(super) segments: Vec<ReadSegment>,
    /// Where the last record of the last segment is, and its bytes: it alone may not have been synced.
    pub(super) unsure: Option<(u64, Vec<u8>)>,
    /// Bytes of records that were applied.
    pub(super) bytes: u64,
}

impl Recovered {
    /// The last record.
    pub(crate) fn last(&self) -> Lsn {
        self.segments.last().map_or(0, |segment| segment.last)
    }
}

/// Reads what comes after record `applied` and hands it to `apply`, in order. Changes nothing on the disk.
pub(crate) fn recover(
    disk: &dyn Disk,
    applied: Lsn,
    mut apply: impl FnMut(Lsn, Vec<(Bytes, Change)>),
) -> Result<Recovered, LogError> {
    let heads = heads(disk)?;
    let mut recovered = Recovered::default();
    for (index, head) in heads.iter().enumerate() {
        let next = heads.get(index + 1);
        let file = segment_name(head.number);
        let expected = match recovered.segments.last() {
            Some(before) => before.last + 1,
            None if head.first > applied + 1 => {
                let found = format!("{file:?} begins with record {}", head.first);
                let needed = applied + 1;
                return Err(LogError::Missing { needed, found });
            }
            None => head.first,
        };
        debug_assert_eq!(head.first, expected);
        if let Some(next) =
            next.filter(|next| head.first <= next.first && next.first <= applied + 1)
        {
            // All of it is in the store.
            recovered.segments.push(ReadSegment {
                head: *head,
                last: next.first - 1,
                end: HEAD_BYTES as u64,
            });
            continue;
        }
        let bytes = disk.read(&file, u64::MAX).map_err(|error| LogError::Io {
            file: file.clone(),
            error,
        })?;
        let read = read_segment(&file, &bytes, head, applied, &mut apply)?;
        let damaged = |reason| LogError::Damaged {
            file: file.clone(),
            offset: read.end as u64,
            reason,
        };
        match next {
            Some(next) if next.first != read.last + 1 => {
                let reason = format!(
                    "record {} should be here, since the next file begins with {}",
                    read.last + 1,
                    next.first
                );
                return Err(damaged(reason));
            }
            Some(_) => {}
            None => {
                if let Some(witness) = witness(&bytes, read.end, head.salt, read.last + 1) {
                    let reason = format!(
                        "record {} was on the disk, as record {} says, and is not sound now",
                        read.last + 1,
                        witness
                    );
                    return Err(damaged(reason));
                }
                if read.last < applied {
                    let reason = format!(
                        "it ends with record {}, but the store has come to record {applied}",
                        read.last
                    );
                    return Err(damaged(reason));
                }
                let last = read.last_at..read.end;
                recovered.unsure =
                    (!last.is_empty()).then(|| (last.start as u64, bytes[last].to_vec()));
            }
        }
        recovered.bytes += read.applied_bytes;
        recovered.segments.push(ReadSegment {
            head: *head,
            last: read.last,
            end: read.end as u64,
        });
    }
    if recovered.segments.is_empty() && applied > 0 {
        let found = "it has no files".to_owned();
        let needed = applied + 1;
        return Err(LogError::Missing { needed, found });
    }
    Ok(recovered)
}

/// The heads of all segments, in order.
fn heads(disk: &dyn Disk) -> Result<Vec<Head>, LogError> {
    let io = |file: &str, error| LogError::Io {
        file: file.to_owned(),
        error,
    };
    let names = disk.list().map_err(|error| io("", error))?;
    let mut numbers: Vec<u64> = names
        .iter()
        .filter_map(|name| segment_number(name))
        .collect();
    numbers.sort_unstable();
    let mut heads: Vec<Head> = Vec::with_capacity(numbers.len());
    for number in numbers {
        let file = segment_name(number);
        let bytes = disk
            .read(&file, HEAD_BYTES as u64)
            .map_err(|error| io(&file, error))?;
        let damaged = |reason: &str| LogError::Damaged {
            file: file.clone(),
            offset: 0,
            reason: reason.to_owned(),
        };
        let head = Head::decode(&bytes).ok_or_else(|| damaged("its head is not sound"))?;
        if head.number != number {
            return Err(damaged("its head belongs to another file"));
        }
        if heads.last().is_some_and(|before| before.first > head.first) {
            return Err(damaged("it begins before the file before it"));
        }
        heads.push(head);
    }
    Ok(heads)
}

struct Read {
    last: Lsn,
    last_at: usize,
    end: usize,
    applied_bytes: u64,
}

/// Applies a segment's records one after the other, up to the first place that holds none.
fn read_segment(
    file: &str,
    bytes: &[u8],
    head: &Head,
    applied: Lsn,
    apply: &mut impl FnMut(Lsn, Vec<(Bytes, Change)>),
) -> Result<Read, LogError> {
    let mut read = Read {
        last: head.first - 1,
        last_at: HEAD_BYTES,
        end: HEAD_BYTES,
        applied_bytes: 0,
    };
    while let Some(record) = Record::at(bytes, read.end, head.salt) {
        if record.lsn != read.last + 1 {
            break;
        }
        if record.lsn > applied {
            // Its checksum is right, so this was written so: not a matter of the disk.
            let changes = record.changes().ok_or_else(|| LogError::Damaged {
                file: file.to_owned(),
                offset: read.end as u64,
                reason: format!("record {} is sound but not understood", record.lsn),
            })?;
            apply(record.lsn, changes);
            read.applied_bytes += record.len() as u64;
        }
        read.last = record.lsn;
        read.last_at = read.end;
        read.end = (read.end + record.len()).min(bytes.len());
    }
    Ok(read)
}

/// A later record which says that record `lsn` was on the disk.
fn witness(bytes: &[u8], from: usize, salt: u64, lsn: Lsn) -> Option<Lsn> {
    (from..bytes.len())
        .step_by(super::record::ALIGNMENT)
        .filter_map(|at| Record::at(bytes, at, salt))
        .find(|record| record.synced >= lsn)
        .map(|record| record.lsn)
}
