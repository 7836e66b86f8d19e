//! Numbers of one to ten bytes, seven bits in each, the lowest first; and numbers with a sign as ones without.

/// Small magnitudes become small numbers: 0, -1, 1, -2, 2 …
pub(crate) fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// The number that [`zigzag`] made this of.
pub(crate) fn unzigzag(code: u64) -> i64 {
    (code >> 1) as i64 ^ -((code & 1) as i64)
}

/// Writes a number.
pub(crate) fn write(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads a number from the front of `bytes`. `None` when there is none.
pub(crate) fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Writes a number with a sign.
pub(crate) fn write_signed(number: i64, bytes: &mut Vec<u8>) {
    write(zigzag(number), bytes);
}

/// Reads a number with a sign.
pub(crate) fn read_signed(bytes: &mut &[u8]) -> Option<i64> {
    read(bytes).map(unzigzag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_were_written() {
        for number in [0, 1, -1, 63, -64, 64, i64::MAX, i64::MIN] {
            let mut bytes = Vec::new();
            write_signed(number, &mut bytes);
            let mut rest = &bytes[..];
            assert_eq!(read_signed(&mut rest), Some(number));
            assert!(rest.is_empty());
        }
        assert_eq!(read(&mut &[0x80; 11][..]), None);
        assert_eq!(read(&mut &[0x80][..]), None);
    }
}
