//! The log: what is in it and synced is what an answer may be given for. `FORMAT.md` describes its bytes.

mod disk;
#[cfg(test)]
mod faulty;
mod record;
mod recovery;
mod segment;
#[cfg(test)]
mod tests;

pub(crate) use disk::{Directory, Disk};
#[cfg(test)]
pub(crate) use faulty::{Fault, FaultyDisk};
pub(crate) use record::{Change, Lsn, RecordWriter, RowChange};
pub(crate) use recovery::{LogError, Recovered, recover};

use crate::local::lock;
use disk::DiskFile;
use segment::{HEAD_BYTES, Head, is_spare, segment_name, spare_name};
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Bytes of a segment that is made while somebody waits for it: at the first start, or when no spare is ready. Zeroed in a moment.
const HASTY_SEGMENT_BYTES: u64 = 256 << 10;
/// Files kept to be written again. Two: one in hand and one that a checkpoint has just set free.
const SPARES_MAX: usize = 2;

/// The log of one engine.
pub(crate) struct Log {
    disk: Arc<dyn Disk>,
    segment_bytes: u64,
    /// Locked by who commits, for as long as a commit takes.
    active: Mutex<Active>,
    /// Locked for moments, by who changes segments.
    shelf: Mutex<Shelf>,
    /// Bytes of records that are not known to be settled.
    bytes: AtomicU64,
    /// The segment that is written is half full, and none is ready to follow.
    wants_spare: AtomicBool,
}

/// The segment that is written.
struct Active {
    file: Box<dyn DiskFile>,
    head: Head,
    end: u64,
    last: Lsn,
}

/// Segments that are not written: full ones whose rows are not all settled, and files to be written again.
struct Shelf {
    full: VecDeque<Full>,
    spares: Vec<String>,
    next_spare: u64,
}

struct Full {
    number: u64,
    last: Lsn,
    /// Long enough to be written again.
    roomy: bool,
}

impl Log {
    /// Goes on where the log ended, or begins one. Makes sure that all that was read is on the disk.
    pub(crate) fn resume(
        disk: Arc<dyn Disk>,
        recovered: Recovered,
        segment_bytes: u64,
    ) -> io::Result<Log> {
        let mut shelf = Shelf {
            full: VecDeque::new(),
            spares: disk
                .list()?
                .into_iter()
                .filter(|name| is_spare(name))
                .collect(),
            next_spare: fastrand::u64(..),
        };
        for spare in shelf.spares.split_off(shelf.spares.len().min(SPARES_MAX)) {
            disk.remove(&spare)?;
        }
        let mut segments = recovered.segments;
        let active = match segments.pop() {
            None => Active::begin(&*disk, &mut shelf, 1, 1, HASTY_SEGMENT_BYTES)?,
            Some(segment) => {
                let mut file = disk.open(&segment_name(segment.head.number))?;
                if let Some((at, record)) = recovered.unsure {
                    // Written again, not only synced: after a sync that failed, the page may pass for clean without being on the disk.
                    file.write_at(at, &record)?;
                }
                file.sync()?;
                Active {
                    file,
                    head: segment.head,
                    end: segment.end,
                    last: segment.last,
                }
            }
        };
        shelf.full = segments
            .into_iter()
            .map(|segment| Full {
                number: segment.head.number,
                last: segment.last,
                roomy: segment.end > segment_bytes / 2,
            })
            .collect();
        Ok(Log {
            disk,
            segment_bytes,
            active: Mutex::new(active),
            shelf: Mutex::new(shelf),
            bytes: AtomicU64::new(recovered.bytes),
            wants_spare: AtomicBool::new(false),
        })
    }

    /// Writes a record and syncs it. After an error nothing is known of it, and nothing may be appended any more.
    pub(crate) fn append(&self, record: &mut RecordWriter) -> io::Result<Lsn> {
        let mut active = lock(&self.active);
        if active.end + record.len() as u64 > active.file.len() {
            self.change_segment(&mut active, record.len() as u64)?;
        }
        let lsn = active.last + 1;
        let bytes = record.finish(active.head.salt, lsn, active.last);
        let at = active.end;
        active.file.write_at(at, bytes)?;
        active.file.sync()?;
        active.end += bytes.len() as u64;
        active.last = lsn;
        if active.end > active.file.len() / 2 && lock(&self.shelf).spares.is_empty() {
            self.wants_spare.store(true, Ordering::Relaxed);
        }
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(lsn)
    }

    /// The last record.
    pub(crate) fn last(&self) -> Lsn {
        lock(&self.active).last
    }

    /// Bytes of records that are not known to be settled: what a restart would apply.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Sets free the segments whose records are all at or before `applied`; so many `bytes` of records are settled now.
    pub(crate) fn release(&self, applied: Lsn, bytes: u64) -> io::Result<()> {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        let mut shelf = lock(&self.shelf);
        while shelf.full.front().is_some_and(|full| full.last <= applied) {
            let Some(full) = shelf.full.pop_front() else {
                break;
            };
            let name = segment_name(full.number);
            if shelf.spares.len() < SPARES_MAX && full.roomy {
                // Under its new name on the disk before anything is written to it: a file whose name and head disagree is damage.
                let spare = shelf.name_spare();
                self.disk.rename(&name, &spare)?;
                shelf.spares.push(spare);
            } else {
                self.disk.remove(&name)?;
            }
        }
        Ok(())
    }

    /// Whether [`Log::make_spare`] should be called: no file is ready to follow the one that is written.
    pub(crate) fn wants_spare(&self) -> bool {
        self.wants_spare.load(Ordering::Relaxed)
    }

    /// Makes a file for the segment after this one. Takes as long as zeroing it, so nobody should wait for it.
    pub(crate) fn make_spare(&self) -> io::Result<()> {
        let spare = lock(&self.shelf).name_spare();
        self.disk.create(&spare, self.segment_bytes)?;
        lock(&self.shelf).spares.push(spare);
        self.wants_spare.store(false, Ordering::Relaxed);
        Ok(())
    }

    fn change_segment(&self, active: &mut Active, record_bytes: u64) -> io::Result<()> {
        let mut shelf = lock(&self.shelf);
        let bytes = HASTY_SEGMENT_BYTES.max(HEAD_BYTES as u64 + record_bytes);
        let number = active.head.number + 1;
        let next = Active::begin(&*self.disk, &mut shelf, number, active.last + 1, bytes)?;
        let full = std::mem::replace(active, next);
        shelf.full.push_back(Full {
            number: full.head.number,
            last: full.last,
            roomy: full.end > self.segment_bytes / 2,
        });
        Ok(())
    }
}

impl Shelf {
    fn name_spare(&mut self) -> String {
        self.next_spare = self.next_spare.wrapping_add(1);
        spare_name(self.next_spare)
    }
}

impl Active {
    /// A new segment in a spare file, or in one of `bytes` made on the spot.
    fn begin(
        disk: &dyn Disk,
        shelf: &mut Shelf,
        number: u64,
        first: Lsn,
        bytes: u64,
    ) -> io::Result<Active> {
        let mut ready = None;
        if let Some(name) = shelf.spares.pop() {
            let file = disk.open(&name)?;
            if file.len() >= bytes {
                ready = Some((name, file));
            } else {
                disk.remove(&name)?;
            }
        }
        let (name, mut file) = match ready {
            Some(ready) => ready,
            None => {
                let name = shelf.name_spare();
                let file = disk.create(&name, bytes)?;
                (name, file)
            }
        };
        let salt = fastrand::u64(..);
        let head = Head {
            number,
            first,
            salt,
        };
        file.write_at(0, &head.encode())?;
        file.sync()?;
        disk.rename(&name, &segment_name(number))?;
        Ok(Active {
            file,
            head,
            end: HEAD_BYTES as u64,
            last: first - 1,
        })
    }
}
