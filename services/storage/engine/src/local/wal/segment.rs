//! One file of the log: its name and its head.

use super::record::{ALIGNMENT, Lsn, u32_at, u64_at};

/// Bytes of the head, with what fills its sector; the first record follows.
pub(super) const HEAD_BYTES: usize = ALIGNMENT;
const MAGIC: &[u8; 8] = b"IMWALSEG";
const FORMAT: u32 = 1;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Its place among the segments.
    pub(super) number: u64,
    /// The record it begins with.
    pub(super) first: Lsn,
    /// Goes into every record's checksum.
    pub(super) salt: u64,
}

impl Head {
    pub(super) fn encode(&self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[0..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.number.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.salt.to_le_bytes());
        let sum = crc32c::crc32c(&bytes[16..]);
        bytes[12..16].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// `None` when these bytes are not a sound head.
    pub(super) fn decode(bytes: &[u8]) -> Option<Head> {
        let bytes = bytes.get(..HEAD_BYTES)?;
        let sound = bytes[0..8] == *MAGIC
            && u32_at(bytes, 8) == FORMAT
            && u32_at(bytes, 12) == crc32c::crc32c(&bytes[16..]);
        sound.then(|| Head {
            number: u64_at(bytes, 16),
            first: u64_at(bytes, 24),
            salt: u64_at(bytes, 32),
        })
    }
}

/// The name of a segment.
pub(super) fn segment_name(number: u64) -> String {
    format!("{number:016x}.wal")
}

/// The number in a segment's name; `None` for other files.
pub(super) fn segment_number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".wal")?;
    (digits.len() == 16).then(|| u64::from_str_radix(digits, 16).ok())?
}

/// The name of a file that waits to become a segment.
pub(super) fn spare_name(number: u64) -> String {
    format!("{number:016x}.spare")
}

/// Whether a file waits to become a segment.
pub(super) fn is_spare(name: &str) -> bool {
    name.ends_with(".spare")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_was_written_and_no_flipped_bit_passes() {
        let head = Head {
            number: 3,
            first: 77,
            salt: 0xABCD,
        };
        let bytes = head.encode();
        assert_eq!(Head::decode(&bytes), Some(head));
        for bit in 0..HEAD_BYTES * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Head::decode(&flipped), None, "bit {bit}");
        }
    }

    #[test]
    fn names_are_numbers_and_sort_as_such() {
        assert_eq!(segment_number(&segment_name(255)), Some(255));
        assert_eq!(segment_number("00ff.wal"), None);
        assert_eq!(segment_number(&spare_name(1)), None);
        assert!(segment_name(9) < segment_name(16));
    }
}
