//! A row's key as memory keeps it: short ones in place, compared a word at a time.
//!
//! A lookup compares a key with some dozens of others. Behind pointers each of them would be a miss of the processor's cache and a call;
//! here they stand in the map's own nodes.

use bytes::Bytes;

/// Bytes that are held in place. Three words: nearly all keys have a letter and one or two numbers.
const INLINE_BYTES: usize = 24;

/// Bytes in their own order.
// The order of the fields makes it: padded words first; where those are equal, what follows them; then the length, since a key that
// ends where another has zeros is the smaller one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    words: [u64; INLINE_BYTES / 8],
    rest: Box<[u8]>,
    bytes: u32,
}

impl Key {
    /// The bytes of all these, one after the other.
    pub(crate) fn of(parts: &[&[u8]]) -> Key {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        let mut head = [0; INLINE_BYTES];
        if bytes > INLINE_BYTES {
            let whole = parts.concat();
            let (start, rest) = whole.split_at(INLINE_BYTES);
            head.copy_from_slice(start);
            return Key::new(head, rest.into(), bytes);
        }
        let mut at = 0;
        for part in parts {
            head[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        Key::new(head, Box::default(), bytes)
    }

    fn new(head: [u8; INLINE_BYTES], rest: Box<[u8]>, bytes: usize) -> Key {
        let (words, _) = head.as_chunks();
        let word = |place: usize| u64::from_be_bytes(words[place]);
        Key {
            words: [word(0), word(1), word(2)],
            rest,
            bytes: bytes as u32,
        }
    }

    /// How many bytes it has.
    pub(crate) fn len(&self) -> usize {
        self.bytes as usize
    }

    /// Adds its bytes to others.
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        let inline = self.len().min(INLINE_BYTES);
        let head = self.words.map(u64::to_be_bytes);
        to.extend_from_slice(&head.as_flattened()[..inline]);
        to.extend_from_slice(&self.rest);
    }

    /// Its bytes.
    pub(crate) fn to_bytes(&self) -> Bytes {
        let mut bytes = Vec::with_capacity(self.len());
        self.write(&mut bytes);
        bytes.into()
    }
}

impl From<&[u8]> for Key {
    fn from(bytes: &[u8]) -> Key {
        Key::of(&[bytes])
    }
}

impl From<&Bytes> for Key {
    fn from(bytes: &Bytes) -> Key {
        Key::of(&[bytes])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_their_bytes_do() {
        let mut all: Vec<Vec<u8>> = vec![Vec::new()];
        for bytes in [1, 7, 8, 9, 16, 23, 24, 25, 26, 40] {
            for last in [0, 1, u8::MAX] {
                for fill in [0, b'v', u8::MAX] {
                    let mut key = vec![fill; bytes];
                    key[bytes - 1] = last;
                    all.push(key);
                }
            }
        }
        for one in &all {
            let key = Key::from(&one[..]);
            assert_eq!((&key.to_bytes()[..], key.len()), (&one[..], one.len()));
            for other in &all {
                assert_eq!(key.cmp(&Key::from(&other[..])), one.cmp(other));
            }
        }
    }

    #[test]
    fn parts_are_joined() {
        for parts in [[&b"v"[..], &[1; 8]], [&[2; 20], &[3; 20]], [b"", b""]] {
            assert_eq!(Key::of(&parts).to_bytes(), parts.concat());
        }
    }
}
