//! The bytes of a recording around its calls: a header, then blocks. `RECORD.md` describes every one.

use crc32c::crc32c;

/// The first bytes of a recording. The first is no ASCII, so that it is not taken for text.
pub(super) const MAGIC: [u8; 8] = *b"\x89svrkrec";
/// The format that is written and read.
pub(super) const VERSION: u16 = 1;
/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = 32;
/// Bytes before each block's own.
pub(super) const BLOCK_HEAD_BYTES: usize = 12;
/// Bytes of a block: the largest frame that a server takes unless it is told otherwise, four times.
pub(super) const BLOCK_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What kinds of blocks there are; the first byte of each.
pub(super) const KIND_METHOD: u8 = 1;
pub(super) const KIND_CALL: u8 = 2;
pub(super) const KIND_END: u8 = 3;

/// What a file begins with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Header {
    /// When recording began, in microseconds since 1970 UTC.
    pub(super) started_us: u64,
    /// Of how many calls, 0 to 1.
    pub(super) share: f64,
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.started_us.to_le_bytes());
        bytes[20..28].copy_from_slice(&self.share.to_le_bytes());
        let sum = crc32c(&bytes[..28]);
        bytes[28..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// `None` when the checksum is wrong. Magic and version are for the caller to look at.
    pub(super) fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Header> {
        let sum = u32_at(bytes, 28);
        (sum == crc32c(&bytes[..28])).then(|| Header {
            started_us: u64_at(bytes, 12),
            share: f64::from_le_bytes(array_at(bytes, 20)),
        })
    }
}

/// What stands before a block's bytes. It has a checksum of its own: a length that is not the writer's would make damage look like the
/// end of the file.
pub(super) fn block_head(payload: &[u8]) -> [u8; BLOCK_HEAD_BYTES] {
    let mut head = [0; BLOCK_HEAD_BYTES];
    head[..4].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    head[4..8].copy_from_slice(&crc32c(payload).to_le_bytes());
    let sum = crc32c(&head[..8]);
    head[8..].copy_from_slice(&sum.to_le_bytes());
    head
}

/// Length and checksum of the block behind a head; `None` when the head is damaged.
pub(super) fn read_block_head(head: &[u8; BLOCK_HEAD_BYTES]) -> Option<(usize, u32)> {
    (u32_at(head, 8) == crc32c(&head[..8])).then(|| (u32_at(head, 0) as usize, u32_at(head, 4)))
}

/// The last block of a recording that ended as it should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EndBlock {
    /// Why, by number: see `RECORD.md`.
    pub(super) why: u8,
    pub(super) recorded: u64,
    pub(super) dropped: u64,
    pub(super) unreadable: u64,
    pub(super) lasted_us: u64,
}

/// Bytes of that block without its head.
pub(super) const END_BYTES: usize = 40;

impl EndBlock {
    pub(super) fn encode(&self) -> [u8; END_BYTES] {
        let mut bytes = [0; END_BYTES];
        bytes[..2].copy_from_slice(&[KIND_END, self.why]);
        let numbers = [self.recorded, self.dropped, self.unreadable, self.lasted_us];
        for (place, number) in bytes[8..].chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<EndBlock> {
        let bytes: &[u8; END_BYTES] = bytes.try_into().ok()?;
        Some(EndBlock {
            why: bytes[1],
            recorded: u64_at(bytes, 8),
            dropped: u64_at(bytes, 16),
            unreadable: u64_at(bytes, 24),
            lasted_us: u64_at(bytes, 32),
        })
    }
}

/// The numbers at a place that is known to be there.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}
