//! A column of numbers as bytes: the cheapest of four ways.
//!
//! | first byte | then |
//! |---|---|
//! | `00` `000000` | all numbers are the same: it |
//! | `01` k | the numbers, none below 0, as Rice codes |
//! | `10` k | the first number; of the others the difference to the one before, zigzag, as Rice codes |
//! | `11` k | a number; of all the difference to it, zigzag, as Rice codes |
//!
//! A number outside of Rice codes is a zigzag varint. Codes are filled up to a whole byte.

use super::rice::{BitReader, BitWriter, best_k};
use super::varint;

const CONSTANT: u8 = 0;
const PLAIN: u8 = 1 << 6;
const DIFFERENCES: u8 = 2 << 6;
const AROUND: u8 = 3 << 6;
const K_BITS: u8 = 0b0011_1111;

/// Writes a column behind `bytes`. How many numbers it has is known to whoever reads it.
pub(crate) fn write(numbers: &[i64], mut bytes: Vec<u8>) -> Vec<u8> {
    let first = numbers.first().copied().unwrap_or(0);
    if numbers.iter().all(|number| *number == first) {
        bytes.push(CONSTANT);
        varint::write_signed(first, &mut bytes);
        return bytes;
    }
    let middle = middle(numbers);
    let plain = numbers.iter().all(|number| *number >= 0);
    let plain = plain.then(|| best_k(numbers.iter().map(|number| *number as u64)));
    let differences = best_k(differences(numbers));
    let around = best_k(around(numbers, middle));
    let plain_bits = plain.map_or(u64::MAX, |(_, bits)| bits);
    let differences_bits = differences.1 + varint_bits(first);
    let around_bits = around.1 + varint_bits(middle);
    if plain_bits <= differences_bits.min(around_bits) {
        let k = plain.map_or(0, |(k, _)| k);
        bytes.push(PLAIN | k as u8);
        codes(numbers.iter().map(|number| *number as u64), k, bytes)
    } else if differences_bits <= around_bits {
        bytes.push(DIFFERENCES | differences.0 as u8);
        varint::write_signed(first, &mut bytes);
        codes(self::differences(numbers), differences.0, bytes)
    } else {
        bytes.push(AROUND | around.0 as u8);
        varint::write_signed(middle, &mut bytes);
        codes(self::around(numbers, middle), around.0, bytes)
    }
}

/// Reads a column of so many numbers from the front of `bytes`, which then begin behind it. `None` when it is none.
pub(crate) fn read(count: usize, bytes: &mut &[u8]) -> Option<Vec<i64>> {
    let (mode, rest) = bytes.split_first()?;
    *bytes = rest;
    let k = u32::from(mode & K_BITS);
    let mode = mode & !K_BITS;
    let base = match mode {
        PLAIN => 0,
        _ => varint::read_signed(bytes)?,
    };
    let mut numbers = Vec::with_capacity(count);
    if mode == CONSTANT {
        numbers.resize(count, base);
        return Some(numbers);
    }
    if mode == DIFFERENCES && count > 0 {
        numbers.push(base);
    }
    let mut reader = BitReader::new(bytes);
    let mut last = base;
    while numbers.len() < count {
        let code = reader.rice(k)?;
        let number = match mode {
            PLAIN => code as i64,
            DIFFERENCES => last.wrapping_add(varint::unzigzag(code)),
            _ => base.wrapping_add(varint::unzigzag(code)),
        };
        numbers.push(number);
        last = number;
    }
    *bytes = bytes.get(reader.bytes_read()..)?;
    Some(numbers)
}

fn varint_bits(number: i64) -> u64 {
    let bits = u64::from(64 - varint::zigzag(number).leading_zeros());
    8 * bits.div_ceil(7).max(1)
}

fn codes(numbers: impl Iterator<Item = u64>, k: u32, bytes: Vec<u8>) -> Vec<u8> {
    let mut writer = BitWriter::new(bytes);
    for number in numbers {
        writer.rice(number, k);
    }
    writer.finish()
}

fn differences(numbers: &[i64]) -> impl Iterator<Item = u64> + Clone {
    let pairs = numbers.windows(2);
    pairs.map(|pair| varint::zigzag(pair[1].wrapping_sub(pair[0])))
}

fn around(numbers: &[i64], middle: i64) -> impl Iterator<Item = u64> + Clone {
    let numbers = numbers.iter();
    numbers.map(move |number| varint::zigzag(number.wrapping_sub(middle)))
}

/// The median: what scatters, scatters around it, and one outlier does not move it.
fn middle(numbers: &[i64]) -> i64 {
    let mut sorted = numbers.to_vec();
    let place = sorted.len() / 2;
    *sorted.select_nth_unstable(place).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(numbers: &[i64]) -> usize {
        let bytes = write(numbers, vec![7]);
        let mut rest = &bytes[1..];
        assert_eq!(read(numbers.len(), &mut rest).as_deref(), Some(numbers));
        assert!(rest.is_empty());
        bytes.len() - 1
    }

    #[test]
    fn columns_are_read_as_they_were_written() {
        fastrand::seed(3);
        for round in 0..1_000 {
            let width = fastrand::u32(0..64);
            let count = fastrand::usize(1..=60);
            let base = fastrand::i64(..) >> fastrand::u32(0..64);
            let number = |_| match round % 3 {
                0 => fastrand::i64(..) >> width,
                1 => base.wrapping_add(fastrand::i64(..) >> width),
                _ => (fastrand::u64(..) >> width >> 1) as i64,
            };
            through(&(0..count).map(number).collect::<Vec<_>>());
        }
        through(&[i64::MIN, i64::MAX, 0, -1, i64::MIN]);
        through(&[]);
    }

    #[test]
    fn what_is_usual_is_cheap() {
        assert_eq!(through(&[0; 60]), 2);
        let mut rare = [0; 60];
        rare[30] = 1;
        assert!(through(&rare) <= 9);
        let rising: Vec<i64> = (0..60).map(|n| 1_000_000 + n).collect();
        assert!(through(&rising) <= 30);
        fastrand::seed(1);
        let scatter: Vec<i64> = (0..60).map(|_| 100_000 + fastrand::i64(-32..32)).collect();
        assert!(through(&scatter) <= 60 * 7 / 8 + 4);
    }

    #[test]
    fn damage_is_noticed_or_gives_numbers_and_never_panics() {
        fastrand::seed(5);
        for _ in 0..5_000 {
            let bytes: Vec<u8> = (0..fastrand::usize(0..40))
                .map(|_| fastrand::u8(..))
                .collect();
            if let Some(numbers) = read(60, &mut &bytes[..]) {
                assert_eq!(numbers.len(), 60);
            }
        }
    }
}
