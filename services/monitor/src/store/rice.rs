//! Whole numbers in few bits: Rice codes.
//!
//! A number is written as its upper part in unary and its lower `k` bits as they are. That is near the best there is for numbers that
//! scatter around a small one, and is read with a count of leading ones and a shift. R. F. Rice, 1979; as FLAC uses it.

/// Ones after which a number is written as it is, in 64 bits: no outlier takes more than 88 bits.
const ONES_MAX: u32 = 24;

/// Writes bits, the highest first.
pub(crate) struct BitWriter {
    bytes: Vec<u8>,
    gathered: u64,
    free: u32,
}

impl BitWriter {
    pub(crate) fn new(bytes: Vec<u8>) -> BitWriter {
        BitWriter {
            bytes,
            gathered: 0,
            free: 64,
        }
    }

    /// The lowest `count` bits of `bits`, at most 32; the others must be 0.
    fn write(&mut self, bits: u64, count: u32) {
        debug_assert!(count <= 32 && bits >> count == 0);
        if count == 0 {
            return;
        }
        if count > self.free {
            self.flush();
        }
        self.free -= count;
        self.gathered |= bits << self.free;
    }

    /// One number.
    pub(crate) fn rice(&mut self, number: u64, k: u32) {
        let upper = number >> k;
        if upper >= u64::from(ONES_MAX) {
            self.write((1 << ONES_MAX) - 1, ONES_MAX);
            self.write(number >> 32, 32);
            self.write(number & u64::from(u32::MAX), 32);
            return;
        }
        let ones = upper as u32;
        // The ones and a zero.
        self.write(((1 << ones) - 1) << 1, ones + 1);
        let lower = number & !(u64::MAX << k);
        if k > 32 {
            self.write(lower >> 32, k - 32);
            self.write(lower & u64::from(u32::MAX), 32);
        } else {
            self.write(lower, k);
        }
    }

    /// Whole bytes out of the way.
    fn flush(&mut self) {
        while self.free <= 56 {
            self.bytes.push((self.gathered >> 56) as u8);
            self.gathered <<= 8;
            self.free += 8;
        }
    }

    /// Everything, the last byte filled up with zeros.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.flush();
        if self.free < 64 {
            self.bytes.push((self.gathered >> 56) as u8);
        }
        self.bytes
    }
}

/// Reads bits, the highest first.
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
    gathered: u64,
    have: u32,
}

impl<'a> BitReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> BitReader<'a> {
        BitReader {
            bytes,
            at: 0,
            gathered: 0,
            have: 0,
        }
    }

    fn fill(&mut self) {
        while self.have <= 56 && self.at < self.bytes.len() {
            self.gathered |= u64::from(self.bytes[self.at]) << (56 - self.have);
            self.at += 1;
            self.have += 8;
        }
    }

    /// `None` when there are not so many bits; at most 32.
    fn read(&mut self, count: u32) -> Option<u64> {
        if count == 0 {
            return Some(0);
        }
        self.fill();
        if self.have < count {
            return None;
        }
        let bits = self.gathered >> (64 - count);
        self.gathered <<= count;
        self.have -= count;
        Some(bits)
    }

    /// One number; `None` when the bits end before it does.
    pub(crate) fn rice(&mut self, k: u32) -> Option<u64> {
        self.fill();
        let ones = self.gathered.leading_ones().min(ONES_MAX);
        if ones == ONES_MAX {
            self.read(ONES_MAX)?;
            return Some(self.read(32)? << 32 | self.read(32)?);
        }
        self.read(ones + 1)?;
        let lower = match k {
            0..=32 => self.read(k)?,
            _ => self.read(k - 32)? << 32 | self.read(32)?,
        };
        Some(u64::from(ones) << k | lower)
    }

    /// Bytes that were begun.
    pub(crate) fn bytes_read(&self) -> usize {
        self.at - self.have as usize / 8
    }
}

/// Bits that a number takes.
fn bits(number: u64, k: u32) -> u64 {
    match number >> k {
        upper if upper < u64::from(ONES_MAX) => upper + 1 + u64::from(k),
        _ => u64::from(ONES_MAX) + 64,
    }
}

/// The `k` with which these numbers take the fewest bits, and those bits.
pub(crate) fn best_k(numbers: impl Iterator<Item = u64> + Clone) -> (u32, u64) {
    let cost = |k| numbers.clone().map(|number| bits(number, k)).sum::<u64>();
    let (mut count, mut sum) = (0u64, 0u64);
    for number in numbers.clone() {
        count += 1;
        sum = sum.saturating_add(number);
    }
    // About the logarithm of the mean. Outliers drag it up, so those below are tried while they are better.
    let mut k = (sum / count.max(1)).checked_ilog2().unwrap_or(0) + 1;
    k = k.min(63);
    let mut best = cost(k);
    while k > 0 {
        let lower = cost(k - 1);
        if lower > best {
            break;
        }
        (k, best) = (k - 1, lower);
    }
    (k, best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_were_written() {
        fastrand::seed(7);
        for round in 0..500 {
            let k = round % 64;
            let width = fastrand::u32(1..=64);
            let numbers: Vec<u64> = (0..50)
                .map(|_| fastrand::u64(..) >> (64 - width))
                .chain([0, 1, u64::MAX])
                .collect();
            let mut writer = BitWriter::new(vec![9]);
            for number in &numbers {
                writer.rice(*number, k);
            }
            let bytes = writer.finish();
            let promised: u64 = numbers.iter().map(|number| bits(*number, k)).sum();
            assert_eq!(bytes.len() as u64, 1 + promised.div_ceil(8));
            let mut reader = BitReader::new(&bytes[1..]);
            for number in &numbers {
                assert_eq!(reader.rice(k), Some(*number), "k {k}");
            }
            assert_eq!(reader.bytes_read(), bytes.len() - 1);
        }
    }

    #[test]
    fn an_end_too_soon_is_noticed() {
        let mut writer = BitWriter::new(Vec::new());
        writer.rice(u64::MAX, 5);
        let bytes = writer.finish();
        for end in 0..bytes.len() {
            assert_eq!(BitReader::new(&bytes[..end]).rice(5), None, "{end}");
        }
    }

    #[test]
    fn the_best_is_found_beside_an_outlier() {
        let mut numbers = vec![3u64; 59];
        numbers.push(1 << 50);
        let (k, _) = best_k(numbers.iter().copied());
        assert!(k <= 2, "{k}");
        assert_eq!(best_k([0u64; 60].into_iter()), (0, 60));
    }
}
