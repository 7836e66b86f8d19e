//! Names of partitions, keys and values of rows. `FORMAT.md` describes them.

use bytes::Bytes;
use prost::Message;
use svrkit_rt::{Code, Status};

/// The partition of reserved numbers, and its rows.
pub(crate) const NUMBERS: Bytes = Bytes::from_static(b"N");
pub(crate) const CEILING: Bytes = Bytes::from_static(b"c");
pub(crate) const SCATTER_KEY: Bytes = Bytes::from_static(b"k");
/// The partition of groups whose changes lists may not show yet.
pub(crate) const UNSETTLED: Bytes = Bytes::from_static(b"P");
/// The row of a group's info.
pub(crate) const INFO: Bytes = Bytes::from_static(b"n");
/// The rows of a group's questions, changes to be shown by lists, and members; all of each kind when as a prefix.
pub(crate) const QUESTION: u8 = b'a';
pub(crate) const PENDING: u8 = b'c';
pub(crate) const MEMBER: u8 = b'm';
/// The rows of a user's list: memberships, and the groups' versions that they show.
pub(crate) const MEMBERSHIP: u8 = b'g';
pub(crate) const SHOWN: u8 = b'v';

/// A group's partition.
pub(crate) fn group(group: u64) -> Bytes {
    key(b'G', group)
}

/// A user's partition.
pub(crate) fn user(uin: u64) -> Bytes {
    key(b'U', uin)
}

/// A letter and a number: most keys.
pub(crate) fn key(letter: u8, number: u64) -> Bytes {
    let mut key = [letter; 9];
    key[1..].copy_from_slice(&number.to_be_bytes());
    Bytes::copy_from_slice(&key)
}

/// The number at the end of a key.
///
/// # Errors
/// `DataLoss` when there is none.
pub(crate) fn number_of(key: &[u8]) -> Result<u64, Status> {
    let number = key.last_chunk::<8>();
    number
        .map(|number| u64::from_be_bytes(*number))
        .ok_or_else(|| damaged("a key"))
}

/// A value that is one number.
pub(crate) fn number(value: u64) -> Bytes {
    Bytes::copy_from_slice(&value.to_be_bytes())
}

/// A value that is a message.
///
/// # Errors
/// `DataLoss` when it is not.
pub(crate) fn message<M: Message + Default>(value: &[u8]) -> Result<M, Status> {
    M::decode(value).map_err(|_| damaged(std::any::type_name::<M>()))
}

/// What was read is not what was written.
pub(crate) fn damaged(what: &str) -> Status {
    Status::new(Code::DataLoss, format!("damaged data: {what}"))
}

/// Users whose lists a change concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Concerned {
    /// All members.
    pub(crate) everyone: bool,
    /// And these.
    pub(crate) uins: Vec<u64>,
}

impl Concerned {
    pub(crate) fn is_empty(&self) -> bool {
        !self.everyone && self.uins.is_empty()
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut value = Vec::with_capacity(1 + 8 * self.uins.len());
        value.push(u8::from(self.everyone));
        for uin in &self.uins {
            value.extend_from_slice(&uin.to_be_bytes());
        }
        value.into()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Concerned, Status> {
        let (everyone, uins) = match value.split_first() {
            Some((0, uins)) => (false, uins),
            Some((1, uins)) => (true, uins),
            _ => return Err(damaged("a pending change")),
        };
        if uins.len() % 8 != 0 {
            return Err(damaged("a pending change"));
        }
        let uins = uins
            .chunks_exact(8)
            .map(number_of)
            .collect::<Result<_, _>>()?;
        Ok(Concerned { everyone, uins })
    }
}

/// A change about to be written: the row of [`UNSETTLED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Intent {
    /// The version that it will give the group.
    pub(crate) version: u64,
    /// When it was begun.
    pub(crate) begun_ms: u64,
}

impl Intent {
    pub(crate) fn encode(&self) -> Bytes {
        let value = [self.version.to_be_bytes(), self.begun_ms.to_be_bytes()];
        Bytes::from(value.concat())
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Intent, Status> {
        if value.len() != 16 {
            return Err(damaged("an intent"));
        }
        Ok(Intent {
            version: number_of(&value[..8])?,
            begun_ms: number_of(value)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_and_damaged_ones_do_not() {
        for concerned in [
            Concerned::default(),
            Concerned {
                everyone: true,
                uins: vec![1, u64::MAX],
            },
        ] {
            let value = concerned.encode();
            assert_eq!(Concerned::decode(&value), Ok(concerned));
            assert!(Concerned::decode(&[&value[..], b"x"].concat()).is_err());
        }
        assert!(Concerned::decode(b"").is_err());
        let intent = Intent {
            version: 7,
            begun_ms: 8,
        };
        assert_eq!(Intent::decode(&intent.encode()), Ok(intent));
        assert!(Intent::decode(b"short").is_err());
    }

    #[test]
    fn keys_sort_as_numbers_do_and_the_info_comes_last() {
        assert!(key(MEMBER, 255) < key(MEMBER, 256));
        assert!(key(MEMBER, u64::MAX) < INFO);
        assert!(key(QUESTION, u64::MAX) < key(MEMBER, 0));
        assert!(key(PENDING, u64::MAX) < key(MEMBER, 0));
    }
}
