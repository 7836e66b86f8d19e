//! Where things stand in a segment file: sizes, header words, text fields. MONITOR.md describes the same to readers.

use super::memory::WORD_BYTES;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// The first eight bytes of a segment.
pub(super) const MAGIC: [u8; 8] = *b"svrkmon\0";
/// Changes whenever an old reader would misunderstand.
pub(super) const LAYOUT_VERSION: u64 = 1;
/// Reads so only in the byte order it was written in.
pub(super) const ORDER_MARK: u64 = 0x0102_0304_0506_0708;
/// Header, registry and shards begin at multiples of it.
pub(super) const PAGE_BYTES: usize = 4096;
/// Bytes of each text in the header.
pub(super) const TEXT_BYTES_MAX: usize = 120;
/// Largest registry, slots a shard and shards that a file may claim to have, so that garbage is not taken for a plan.
pub(super) const REGISTRY_BYTES_MAX: usize = 16 * 1024 * 1024;
pub(super) const SLOTS_MAX: usize = 1024 * 1024;
pub(super) const SHARDS_MAX: usize = 256;

/// Header words, by index.
pub(super) mod word {
    pub(in crate::monitor) const MAGIC: usize = 0;
    pub(in crate::monitor) const LAYOUT_VERSION: usize = 1;
    pub(in crate::monitor) const ORDER_MARK: usize = 2;
    pub(in crate::monitor) const READY: usize = 3;
    pub(in crate::monitor) const FILE_BYTES: usize = 4;
    pub(in crate::monitor) const REGISTRY_BYTES: usize = 5;
    pub(in crate::monitor) const SLOTS: usize = 6;
    pub(in crate::monitor) const SHARDS: usize = 7;
    pub(in crate::monitor) const CREATED_MS: usize = 8;
    /// Odd while the owner changes what stands below.
    pub(in crate::monitor) const CHANGES: usize = 16;
    pub(in crate::monitor) const GENERATION: usize = 17;
    pub(in crate::monitor) const PID: usize = 18;
    pub(in crate::monitor) const OPENED_MS: usize = 19;
    pub(in crate::monitor) const BOOT_ID: [usize; 2] = [20, 21];
    pub(in crate::monitor) const REGISTRY_USED: usize = 24;
    pub(in crate::monitor) const SLOTS_USED: usize = 25;
    pub(in crate::monitor) const SHARDS_USED: usize = 26;
    pub(in crate::monitor) const BEATS: usize = 27;
    pub(in crate::monitor) const RETIRED: usize = 28;
}

/// Texts of the header, by their first word: their length in bytes, then the bytes.
pub(super) mod text {
    pub(in crate::monitor) const INSTANCE: usize = 32;
    pub(in crate::monitor) const SERVICE: usize = 48;
    pub(in crate::monitor) const GRAY: usize = 64;
    pub(in crate::monitor) const VERSION: usize = 80;
}

/// The sizes of a segment, which its file keeps for life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    /// A multiple of a page.
    pub(super) registry_bytes: usize,
    /// Words a shard, such that a shard is a multiple of a page.
    pub(super) slots: usize,
    pub(super) shards: usize,
}

impl Geometry {
    /// At least as large as asked for, and within what a file may have.
    pub(super) fn fitting(registry_bytes: usize, slots: usize, shards: usize) -> Geometry {
        let slots_a_page = PAGE_BYTES / WORD_BYTES;
        Geometry {
            registry_bytes: registry_bytes
                .clamp(PAGE_BYTES, REGISTRY_BYTES_MAX)
                .next_multiple_of(PAGE_BYTES),
            slots: slots
                .clamp(slots_a_page, SLOTS_MAX)
                .next_multiple_of(slots_a_page),
            shards: shards.clamp(1, SHARDS_MAX),
        }
    }

    pub(super) fn registry_at(self) -> usize {
        PAGE_BYTES
    }

    pub(super) fn shard_at(self, shard: usize) -> usize {
        PAGE_BYTES + self.registry_bytes + shard * self.slots * WORD_BYTES
    }

    pub(super) fn file_bytes(self) -> usize {
        self.shard_at(self.shards)
    }
}

/// Writes bytes into words, the last one filled up with zeros.
pub(super) fn put_bytes(words: &[AtomicU64], bytes: &[u8]) {
    for (word, chunk) in words.iter().zip(bytes.chunks(WORD_BYTES)) {
        let mut whole = [0; WORD_BYTES];
        whole[..chunk.len()].copy_from_slice(chunk);
        word.store(u64::from_ne_bytes(whole), Relaxed);
    }
}

/// Writes a text of the header. What is over [`TEXT_BYTES_MAX`] was refused before.
pub(super) fn put_text(header: &[AtomicU64], at: usize, text: &str) {
    header[at].store(text.len() as u64, Relaxed);
    put_bytes(&header[at + 1..], text.as_bytes());
}
