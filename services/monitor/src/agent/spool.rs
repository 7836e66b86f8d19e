//! Reports on their way: in memory, and on the disk while the centre is away.
//!
//! A file a report, named by its number: the CRC-32C of what follows, and the report. A file that was cut short is dropped when its turn
//! comes. Nothing is synced: after a power cut counters begin anew, and what they stood at is of no use to anybody.

use im_idl::monitor::ReportRequest;
use prost::Message;
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;

const ENDING: &str = "report";
/// What a file takes on the disk beside its bytes, about.
const FILE_BYTES: u64 = 4_096;
/// Reports that wait in memory: a reading or two. More of them wait on the disk.
const MEMORY_REPORTS_MAX: usize = 8;

/// Reports in the order of their numbers.
#[derive(Debug)]
pub(super) struct Spool {
    dir: PathBuf,
    bytes_max: u64,
    waiting: VecDeque<Waiting>,
    /// On the disk.
    bytes: u64,
    dropped: u64,
}

#[derive(Debug)]
struct Waiting {
    seq: u64,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Memory(ReportRequest),
    Disk { bytes: u64 },
}

impl Spool {
    /// With what earlier lives left there.
    pub(super) fn open(dir: PathBuf, bytes_max: u64) -> io::Result<Spool> {
        fs::create_dir_all(&dir)?;
        let mut spool = Spool {
            dir,
            bytes_max,
            waiting: VecDeque::new(),
            bytes: 0,
            dropped: 0,
        };
        let mut found = Vec::new();
        for entry in fs::read_dir(&spool.dir)? {
            let entry = entry?;
            let path = entry.path();
            let digits = path.file_stem().and_then(|stem| stem.to_str());
            let seq = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
            if let Some(seq) = seq.filter(|_| path.extension().is_some_and(|e| e == ENDING)) {
                found.push((seq, entry.metadata()?.len() + FILE_BYTES));
            }
        }
        found.sort_unstable();
        for (seq, bytes) in found {
            spool.bytes += bytes;
            let held = Held::Disk { bytes };
            spool.waiting.push_back(Waiting { seq, held });
        }
        spool.shrink();
        Ok(spool)
    }

    /// Takes a report with a number higher than all before. It waits in memory, or on the disk when many wait.
    pub(super) fn push(&mut self, report: ReportRequest) -> io::Result<()> {
        let seq = report.seq;
        let held = Held::Memory(report);
        self.waiting.push_back(Waiting { seq, held });
        let in_memory = self
            .waiting
            .iter()
            .rev()
            .take_while(|one| one.is_in_memory());
        match in_memory.count() > MEMORY_REPORTS_MAX {
            true => self.settle(),
            false => Ok(()),
        }
    }

    /// Writes what is in memory to the disk, and drops the oldest when that is too much.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        for place in 0..self.waiting.len() {
            let waiting = &self.waiting[place];
            let Held::Memory(report) = &waiting.held else {
                continue;
            };
            let body = report.encode_to_vec();
            let mut file = crc32c::crc32c(&body).to_le_bytes().to_vec();
            file.extend(body);
            let path = self.path(waiting.seq);
            let new = path.with_extension("new");
            fs::write(&new, &file)?;
            fs::rename(new, path)?;
            let bytes = file.len() as u64 + FILE_BYTES;
            self.bytes += bytes;
            self.waiting[place].held = Held::Disk { bytes };
        }
        self.shrink();
        Ok(())
    }

    /// The report whose turn it is. One that cannot be read is dropped.
    pub(super) fn front(&mut self) -> Option<ReportRequest> {
        loop {
            let front = self.waiting.front()?;
            if let Held::Memory(report) = &front.held {
                return Some(report.clone());
            }
            let path = self.path(front.seq);
            match read(&path) {
                Ok(report) => return Some(report),
                Err(error) => {
                    let path = path.display();
                    tracing::warn!(%path, %error, "a report that waited cannot be read: dropped");
                    self.dropped += 1;
                    self.pop(self.waiting[0].seq);
                }
            }
        }
    }

    /// The centre has this one, if it is still the first.
    pub(super) fn pop(&mut self, seq: u64) {
        if self.waiting.front().is_none_or(|front| front.seq != seq) {
            return;
        }
        let Some(front) = self.waiting.pop_front() else {
            return;
        };
        if let Held::Disk { bytes } = front.held {
            self.bytes -= bytes;
            let path = self.path(seq);
            if let Err(error) = fs::remove_file(&path) {
                // It is sent once more by the next life, and changes nothing.
                let path = path.display();
                tracing::debug!(%path, %error, "a report that arrived cannot be removed");
            }
        }
    }

    fn shrink(&mut self) {
        while self.bytes > self.bytes_max {
            let Some(front) = self.waiting.front() else {
                return;
            };
            self.dropped += 1;
            self.pop(front.seq);
        }
    }

    /// Reports that wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Bytes of those on the disk.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reports that were dropped in this life.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn path(&self, seq: u64) -> PathBuf {
        self.dir.join(format!("{seq:016x}.{ENDING}"))
    }
}

impl Waiting {
    fn is_in_memory(&self) -> bool {
        matches!(self.held, Held::Memory(_))
    }
}

fn read(path: &PathBuf) -> io::Result<ReportRequest> {
    let file = fs::read(path)?;
    let unsound = || io::Error::new(io::ErrorKind::InvalidData, "it is not whole");
    let (sum, body) = file.split_first_chunk().ok_or_else(unsound)?;
    if crc32c::crc32c(body).to_le_bytes() != *sum {
        return Err(unsound());
    }
    Ok(ReportRequest::decode(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(seq: u64) -> ReportRequest {
        ReportRequest {
            agent: "x".repeat(1_000),
            seq,
            ..ReportRequest::default()
        }
    }

    fn drain(spool: &mut Spool) -> Vec<u64> {
        let mut seqs = Vec::new();
        while let Some(report) = spool.front() {
            seqs.push(report.seq);
            spool.pop(report.seq);
        }
        seqs
    }

    #[test]
    fn reports_leave_in_order_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(dir.path().into(), 1 << 20).unwrap();
        for seq in 1..=20 {
            spool.push(report(seq)).unwrap();
        }
        spool.settle().unwrap();
        let mut again = Spool::open(dir.path().into(), 1 << 20).unwrap();
        again.push(report(21)).unwrap();
        assert_eq!(drain(&mut again), (1..=21).collect::<Vec<_>>());
        assert_eq!(again.bytes(), 0);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn beyond_its_bound_the_oldest_are_dropped_and_counted() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(dir.path().into(), 60_000).unwrap();
        for seq in 1..=100 {
            spool.push(report(seq)).unwrap();
        }
        spool.settle().unwrap();
        assert!(spool.bytes() <= 60_000);
        let kept = drain(&mut spool);
        assert_eq!(kept.last(), Some(&100));
        assert_eq!(spool.dropped(), 100 - kept.len() as u64);
    }

    #[test]
    fn what_was_cut_short_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(dir.path().into(), 1 << 20).unwrap();
        for seq in 1..=3 {
            spool.push(report(seq)).unwrap();
        }
        spool.settle().unwrap();
        let file = spool.path(2);
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        assert_eq!(drain(&mut spool), [1, 3]);
        assert_eq!(spool.dropped(), 1);
    }
}
