//! Open key-values that travel beside a message.

use crate::status::Status;
use bytes::{BufMut, Bytes};

/// Longest key in bytes: its length is one byte on the wire.
pub const KEY_BYTES_MAX: usize = u8::MAX as usize;
/// Bytes of all metadata and the trace context of one request or answer.
pub const METADATA_BYTES_MAX: usize = 64 * 1024;
/// Longest value in bytes: its length is two bytes on the wire.
pub const VALUE_BYTES_MAX: usize = u16::MAX as usize;

/// Key-values of a request or an answer, in the order given; a key may occur more than once.
///
/// Keys are lower-case ASCII letters, digits, `-`, `_` and `.`; a value is any bytes, though over HTTP only keys ending in
/// `-bin` carry bytes that are not printable ASCII.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    entries: Vec<(Bytes, Bytes)>,
}

impl Metadata {
    /// No entries; does not allocate.
    pub const fn new() -> Metadata {
        Metadata {
            entries: Vec::new(),
        }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// `InvalidArgument` when the key has other characters than allowed, or key or value is too long.
    pub fn insert(&mut self, key: impl Into<Bytes>, value: impl Into<Bytes>) -> Result<(), Status> {
        let (key, value) = (key.into(), value.into());
        if !is_key(&key) {
            return Err(Status::invalid_argument(format!(
                "metadata key {:?} is not 1 to {KEY_BYTES_MAX} of a-z 0-9 - _ .",
                String::from_utf8_lossy(&key)
            )));
        }
        if value.len() > VALUE_BYTES_MAX {
            return Err(Status::invalid_argument(format!(
                "metadata value is {} bytes, over {VALUE_BYTES_MAX}",
                value.len()
            )));
        }
        self.entries.push((key, value));
        Ok(())
    }

    /// The first value of `key`.
    pub fn get(&self, key: &str) -> Option<&Bytes> {
        let found = self.entries.iter().find(|(k, _)| k == key.as_bytes());
        found.map(|(_, v)| v)
    }

    /// Takes all values of `key` out.
    pub(crate) fn remove(&mut self, key: &str) {
        self.entries.retain(|(k, _)| k != key.as_bytes());
    }

    /// The first value of `key` if it is UTF-8.
    pub fn get_str(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(|v| std::str::from_utf8(v).ok())
    }

    /// All entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        let entries = self.entries.iter();
        entries.map(|(k, v)| (std::str::from_utf8(k).unwrap_or_default(), v))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes that [`Metadata::encode`] will write.
    pub(crate) fn encoded_len(&self) -> usize {
        self.entries
            .iter()
            .map(|(k, v)| 3 + k.len() + v.len())
            .sum()
    }

    /// Writes `u8 key length, u16 value length, key, value` for each entry.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for (key, value) in &self.entries {
            out.put_u8(key.len() as u8);
            out.put_u16_le(value.len() as u16);
            out.put_slice(key);
            out.put_slice(value);
        }
    }

    /// Reads what [`Metadata::encode`] wrote; the values share `bytes`.
    pub(crate) fn decode(mut bytes: Bytes) -> Result<Metadata, Status> {
        let mut entries = Vec::new();
        while !bytes.is_empty() {
            let (key_len, value_len) = match bytes[..] {
                [k, a, b, ..] => (k as usize, u16::from_le_bytes([a, b]) as usize),
                _ => return Err(truncated()),
            };
            if bytes.len() < 3 + key_len + value_len {
                return Err(truncated());
            }
            let _ = bytes.split_to(3);
            let key = bytes.split_to(key_len);
            if !is_key(&key) {
                return Err(Status::invalid_argument(
                    "metadata key has a character that is not allowed",
                ));
            }
            entries.push((key, bytes.split_to(value_len)));
        }
        Ok(Metadata { entries })
    }
}

fn truncated() -> Status {
    Status::invalid_argument("metadata ends in the middle of an entry")
}

fn is_key(key: &[u8]) -> bool {
    let allowed = |b: &u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    !key.is_empty() && key.len() <= KEY_BYTES_MAX && key.iter().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut m = Metadata::new();
        m.insert("client-version", "7.0").unwrap();
        m.insert("blob-bin", vec![0, 255]).unwrap();
        let mut out = Vec::new();
        m.encode(&mut out);
        assert_eq!(out.len(), m.encoded_len());
        assert_eq!(Metadata::decode(Bytes::from(out)).unwrap(), m);
    }

    #[test]
    fn a_cut_anywhere_is_an_error() {
        let mut m = Metadata::new();
        m.insert("k", "value").unwrap();
        let mut out = Vec::new();
        m.encode(&mut out);
        for cut in 1..out.len() {
            assert!(Metadata::decode(Bytes::copy_from_slice(&out[..cut])).is_err());
        }
    }

    #[test]
    fn keys_are_checked() {
        for key in ["", "Upper", "sp ace", "new\nline"] {
            assert!(Metadata::new().insert(key, "v").is_err(), "{key:?}");
        }
        assert!(
            Metadata::new()
                .insert("k", vec![0; VALUE_BYTES_MAX + 1])
                .is_err()
        );
    }
}
