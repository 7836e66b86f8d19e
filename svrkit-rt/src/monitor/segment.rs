//! The owner's side of a segment: its memory, its file and the lock on it.

use super::header::FormatError;
use super::layout::{
    Geometry, LAYOUT_VERSION, MAGIC, ORDER_MARK, PAGE_BYTES, put_bytes, put_text, text, word,
};
use super::memory::{self, WORD_BYTES};
use super::snapshot::{Instance, Source};
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU64, fence};

/// A segment that this process writes.
#[derive(Debug)]
pub(super) struct Segment {
    words: &'static [AtomicU64],
    geometry: Geometry,
    /// Open, and locked, as long as the process lives; `None` in anonymous memory.
    file: Option<File>,
}

impl Segment {
    /// In memory of the process, which ends with it. Without memory, one that holds nothing; not even a line says so, because who
    /// listens may count and come by here again.
    pub(super) fn anonymous(geometry: Geometry) -> Segment {
        match memory::anonymous(geometry.file_bytes() / WORD_BYTES) {
            Ok(words) => Segment::of(words, geometry, None),
            Err(_) => {
                let page = [const { AtomicU64::new(0) }; PAGE_BYTES / WORD_BYTES];
                let nothing = Geometry {
                    registry_bytes: 0,
                    slots: 0,
                    shards: 0,
                };
                Segment::of(Box::leak(Box::new(page)), nothing, None)
            }
        }
    }

    fn of(words: &'static [AtomicU64], geometry: Geometry, file: Option<File>) -> Segment {
        let segment = Segment {
            words,
            geometry,
            file,
        };
        if segment.header(word::READY).load(Acquire) == 0 {
            segment.format();
        }
        segment
    }

    /// A new one in an empty file that the caller has locked.
    pub(super) fn create(file: File, geometry: Geometry) -> io::Result<Segment> {
        file.set_len(geometry.file_bytes() as u64)?;
        reserve(&file, 0, PAGE_BYTES)?;
        let words = memory::map(&file, geometry.file_bytes() / WORD_BYTES)?;
        Ok(Segment::of(words, geometry, Some(file)))
    }

    /// One that exists, of which the caller has read that it is whole, in a file that the caller has locked.
    pub(super) fn reopen(file: File, geometry: Geometry) -> io::Result<Segment> {
        let words = memory::map(&file, geometry.file_bytes() / WORD_BYTES)?;
        Ok(Segment::of(words, geometry, Some(file)))
    }

    fn format(&self) {
        let geometry = self.geometry;
        let set = |at: usize, value: u64| self.header(at).store(value, Relaxed);
        put_bytes(&self.words[word::MAGIC..], &MAGIC);
        set(word::LAYOUT_VERSION, LAYOUT_VERSION);
        set(word::ORDER_MARK, ORDER_MARK);
        set(word::FILE_BYTES, geometry.file_bytes() as u64);
        set(word::REGISTRY_BYTES, geometry.registry_bytes as u64);
        set(word::SLOTS, geometry.slots as u64);
        set(word::SHARDS, geometry.shards as u64);
        set(word::CREATED_MS, unix_ms());
        self.header(word::READY).store(1, Release);
    }

    /// Enters a new owner, and counts the generation up.
    pub(super) fn enter(&self, instance: &Instance) {
        let set = |at: usize, value: u64| self.header(at).store(value, Relaxed);
        // A former owner may have died between its two.
        let changes = self.header(word::CHANGES).load(Relaxed) | 1;
        set(word::CHANGES, changes);
        fence(Release);
        set(
            word::GENERATION,
            self.header(word::GENERATION).load(Relaxed) + 1,
        );
        set(word::PID, instance.pid as u64);
        set(word::OPENED_MS, unix_ms());
        set(word::BOOT_ID[0], (instance.boot_id >> 64) as u64);
        set(word::BOOT_ID[1], instance.boot_id as u64);
        set(word::RETIRED, 0);
        put_text(self.words, text::INSTANCE, &instance.name);
        put_text(self.words, text::SERVICE, &instance.service);
        put_text(self.words, text::GRAY, &instance.gray);
        put_text(self.words, text::VERSION, &instance.version);
        self.header(word::CHANGES).store(changes + 1, Release);
    }

    /// Notes that the owner ends in good order.
    pub(super) fn retire(&self) {
        self.header(word::RETIRED).store(1, Release);
    }

    pub(super) fn geometry(&self) -> Geometry {
        self.geometry
    }

    pub(super) fn is_file(&self) -> bool {
        self.file.is_some()
    }

    pub(super) fn header(&self, at: usize) -> &'static AtomicU64 {
        &self.words[at]
    }

    /// The slots of a shard.
    pub(super) fn shard(&self, shard: usize) -> &'static [AtomicU64] {
        let begin = self.geometry.shard_at(shard) / WORD_BYTES;
        &self.words[begin..begin + self.geometry.slots]
    }

    pub(super) fn registry(&self) -> &'static [AtomicU64] {
        let begin = self.geometry.registry_at() / WORD_BYTES;
        &self.words[begin..begin + self.geometry.registry_bytes / WORD_BYTES]
    }

    /// Makes sure that bytes of the file have memory behind them. Without that, a full tmpfs would end the process with `SIGBUS` at its
    /// next count.
    pub(super) fn reserve(&self, at: usize, len: usize) -> io::Result<()> {
        match &self.file {
            Some(file) => reserve(file, at, len),
            None => Ok(()),
        }
    }
}

fn reserve(file: &File, at: usize, len: usize) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), at as u64, len as u64) {
        // A file system that cannot promise; tmpfs can.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        result => Ok(result?),
    }
}

/// For snapshots of one's own.
impl Source for Segment {
    type Error = FormatError;

    fn read(&self, at: usize, bytes: &mut [u8]) -> Result<(), FormatError> {
        fence(Acquire);
        let words = self.words[at / WORD_BYTES..].iter();
        for (chunk, word) in bytes.chunks_mut(WORD_BYTES).zip(words) {
            chunk.copy_from_slice(&word.load(Relaxed).to_ne_bytes()[..chunk.len()]);
        }
        fence(Acquire);
        Ok(())
    }

    fn file_bytes(&self) -> Result<u64, FormatError> {
        Ok((self.words.len() * WORD_BYTES) as u64)
    }
}

/// Milliseconds since 1970 by the system's clock: what stands in a file is for other processes, so it is not the clock of tests.
pub(super) fn unix_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
