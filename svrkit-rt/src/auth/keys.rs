//! Keys that callers share with servers.

use super::caller::check_name;
use super::proof::{KEY_ID_BYTES, key_id};
use super::secret_file::{FileError, read_secret};
use crate::current::Current;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Bytes of the shortest key that is taken: as many as the hash behind its proof has.
pub const KEY_BYTES_MIN: usize = 32;
/// Bytes of the longest.
pub const KEY_BYTES_MAX: usize = 128;

/// Keys by the names of their callers. A cheap clone. One name may have several: a caller shows the first of its name, a server takes any.
/// So a key can be changed without a moment in which it does not fit: add the new one below the old one everywhere, then have it first
/// everywhere, then remove the old one everywhere. Between those, all servers and callers must have taken over what is there:
/// [`Keys::replace`] and [`CallerKey::replace`], or a restart.
///
/// A server that has a caller's key could show it, too. Where a server is not to be trusted with that, certificates do better.
#[derive(Clone, Default)]
pub struct Keys {
    by_name: Arc<Current<BTreeMap<String, Vec<Key>>>>,
}

/// What a caller shows itself by: its name and a key. A cheap clone.
#[derive(Clone)]
pub struct CallerKey {
    name: Arc<str>,
    key: Arc<Current<Key>>,
}

#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: [u8; KEY_ID_BYTES],
    pub(crate) bytes: Vec<u8>,
}

/// Why keys are of no use. Says where, and never a key.
#[derive(Debug)]
pub enum KeysError {
    /// They are not taken from the file.
    File(FileError),
    /// A line is not a name and a key.
    Malformed {
        /// Which line, from 1.
        line: usize,
    },
    /// A line has a name that no caller can have.
    Name {
        /// Which line, from 1.
        line: usize,
    },
    /// A key is not hexadecimal, too short or too long.
    Key {
        /// Which line, from 1.
        line: usize,
    },
    /// There is no key at all.
    Empty,
    /// A key is of another caller than the one that it was to replace.
    Another {
        /// Whose.
        name: String,
    },
    /// The system gives no random numbers.
    Random(io::Error),
}

impl Keys {
    /// Of a file that others cannot read; as [`Keys::parse`].
    ///
    /// # Errors
    /// It cannot be read, or everybody can, or it makes no sense.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Keys, KeysError> {
        Keys::parse(&read_secret(path.as_ref()).map_err(KeysError::File)?)
    }

    /// Of text: a line a key, `NAME HEX`. Empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// The first line that makes no sense; no key at all.
    pub fn parse(text: &str) -> Result<Keys, KeysError> {
        let mut by_name = BTreeMap::<_, Vec<Key>>::new();
        for (n, words) in text.lines().enumerate() {
            let line = n + 1;
            let mut words = words.split_whitespace();
            let name = match words.next() {
                None => continue,
                Some(word) if word.starts_with('#') => continue,
                Some(name) => name,
            };
            let (Some(hex), None) = (words.next(), words.next()) else {
                return Err(KeysError::Malformed { line });
            };
            check_name(name).map_err(|_| KeysError::Name { line })?;
            let key = Key::from_hex(hex).ok_or(KeysError::Key { line })?;
            by_name.entry(name.to_owned()).or_default().push(key);
        }
        match by_name.is_empty() {
            true => Err(KeysError::Empty),
            false => Ok(Keys {
                by_name: Arc::new(Current::new(by_name)),
            }),
        }
    }

    /// Has servers that were given these, or a clone, take those of `new` from now on. Callers that have shown a key already stay who they are
    /// until their connections end.
    pub fn replace(&self, new: &Keys) {
        self.by_name.set(new.by_name.get());
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_name.get().is_empty()
    }

    /// What a caller of this name shows itself by.
    pub fn of(&self, name: &str) -> Option<CallerKey> {
        let key = self.by_name.get().get(name)?.first()?.clone();
        Some(CallerKey {
            name: name.into(),
            key: Arc::new(Current::new(key)),
        })
    }

    /// The key of a name that has this id.
    pub(crate) fn find(&self, name: &str, id: [u8; KEY_ID_BYTES]) -> Option<Key> {
        let by_name = self.by_name.get();
        let key = by_name.get(name)?.iter().find(|key| key.id == id);
        key.cloned()
    }
}

impl CallerKey {
    /// A line of a file of keys, with a new key for `name`.
    ///
    /// # Errors
    /// No caller can have this name; the system gives no random numbers.
    pub fn new_line(name: &str) -> Result<String, KeysError> {
        check_name(name).map_err(|_| KeysError::Name { line: 1 })?;
        let mut bytes = [0; KEY_BYTES_MIN];
        let random = getrandom::fill(&mut bytes);
        random.map_err(|e| KeysError::Random(io::Error::other(e)))?;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("{name} {hex}"))
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Has the key of `new` shown on connections that are opened from now on, by all clones.
    ///
    /// # Errors
    /// `new` is of another name. Then nothing changes.
    pub fn replace(&self, new: &CallerKey) -> Result<(), KeysError> {
        if new.name != self.name {
            let name = new.name().to_owned();
            return Err(KeysError::Another { name });
        }
        self.key.set(new.key());
        Ok(())
    }

    /// The one that is shown now.
    pub(crate) fn key(&self) -> Arc<Key> {
        self.key.get()
    }
}

impl Key {
    fn from_hex(hex: &str) -> Option<Key> {
        let digits: Option<Vec<u8>> = hex
            .chars()
            .map(|digit| digit.to_digit(16).map(|digit| digit as u8))
            .collect();
        let digits = digits?;
        let bytes: Vec<u8> = digits
            .chunks_exact(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect();
        let is_right =
            digits.len() % 2 == 0 && (KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&bytes.len());
        is_right.then(|| Key {
            id: key_id(&bytes),
            bytes,
        })
    }
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeysError::File(error) => error.fmt(f),
            KeysError::Malformed { line } => write!(f, "line {line} of the keys is not NAME HEX"),
            KeysError::Name { line } => {
                write!(
                    f,
                    "line {line} of the keys has a name that no caller can have"
                )
            }
            KeysError::Key { line } => write!(
                f,
                "line {line} of the keys has a key that is not {KEY_BYTES_MIN} to {KEY_BYTES_MAX} bytes in hex"
            ),
            KeysError::Empty => f.write_str("there are no keys"),
            KeysError::Another { name } => {
                write!(f, "the new key is that of {name:?}, not of the same caller")
            }
            KeysError::Random(_) => f.write_str("the system gives no random numbers"),
        }
    }
}

impl std::error::Error for KeysError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            KeysError::Random(source) => Some(source),
            _ => None,
        }
    }
}

/// Names, and how many keys each has.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by_name = self.by_name.get();
        let counts = by_name.iter().map(|(name, keys)| (name, keys.len()));
        f.debug_map().entries(counts).finish()
    }
}

impl fmt::Debug for CallerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallerKey({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::secret_file::FILE_BYTES_MAX;
    use std::fs::File;
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

    const OLD: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const NEW: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";

    #[test]
    fn a_name_may_have_several_keys_and_shows_the_first() {
        let keys = Keys::parse(&format!("# all of them\n\nada {OLD}\nada {NEW}\n")).unwrap();
        let ada = keys.of("ada").unwrap();
        assert_eq!(ada.key().bytes[..2], [0x00, 0x11]);
        let new = Key::from_hex(NEW).unwrap();
        assert_eq!(keys.find("ada", new.id).unwrap().bytes, new.bytes);
        assert!(keys.of("bob").is_none());
        assert!(keys.find("bob", new.id).is_none());
        let new = CallerKey::new_line("bob").unwrap();
        assert!(Keys::parse(&new).unwrap().of("bob").is_some());
    }

    #[test]
    fn what_makes_no_sense_is_told_without_the_key() {
        let error = |text: &str| Keys::parse(text).unwrap_err().to_string();
        assert!(error("ada").contains("line 1"));
        assert!(error(&format!("# x\nAda {OLD}")).contains("line 2"));
        assert!(error(&format!("ada {OLD} x")).contains("NAME HEX"));
        for key in [&OLD[1..], &OLD[2..], &OLD.replace('0', "g"), "é"] {
            let error = error(&format!("ada {key}"));
            assert!(
                error.contains("32 to 128") && !error.contains(key),
                "{error}"
            );
        }
        assert!(error("\n#\n").contains("no keys"));
        let keys = Keys::parse(&format!("ada {OLD}")).unwrap();
        let shown = format!("{keys:?} {:?}", keys.of("ada"));
        assert!(shown.contains("ada") && !shown.contains("11"), "{shown}");
    }

    #[test]
    fn a_file_that_everybody_reads_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let write = |mode| {
            let mut options = File::options();
            options.write(true).create_new(true).mode(mode);
            let mut file = options.open(&path).unwrap();
            std::io::Write::write_all(&mut file, format!("ada {OLD}\n").as_bytes()).unwrap();
        };
        let missing = Keys::from_file(&path).unwrap_err();
        assert!(
            matches!(missing, KeysError::File(FileError::Unreadable { .. })),
            "{missing}"
        );
        write(0o600);
        assert!(Keys::from_file(&path).unwrap().of("ada").is_some());
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let open = Keys::from_file(&path).unwrap_err();
        assert!(open.to_string().contains("mode 644"), "{open}");
    }

    #[test]
    fn a_file_that_is_too_long_is_refused_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let line = format!("ada {OLD}\n");
        std::fs::write(&path, line.repeat(FILE_BYTES_MAX as usize / line.len() + 1)).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let long = Keys::from_file(&path).unwrap_err();
        assert!(
            long.to_string().ends_with("longer than 1048576 bytes"),
            "{long}"
        );
    }
}
