//! Names of partitions and keys of rows. `FORMAT.md` says the same in words.

use bytes::Bytes;
use prost::Message;
use svrkit_rt::{Code, Status};

/// One row: the smallest number not yet taken.
pub(crate) const NUMBERS: Bytes = Bytes::from_static(b"C");
/// The row of [`NUMBERS`].
pub(crate) const NEXT_NUMBER: Bytes = Bytes::from_static(b"next");
/// A row for each key that tickets are signed with.
pub(crate) const KEYS: Bytes = Bytes::from_static(b"K");
/// A row for each account marked for erasure.
pub(crate) const ERASING: Bytes = Bytes::from_static(b"E");
/// The row of an account's partition that is the account itself.
pub(crate) const ACCOUNT: Bytes = Bytes::from_static(b"a");
/// The row of a name's partition: whose it is.
pub(crate) const OWNER: Bytes = Bytes::from_static(b"u");
/// What keys of devices' rows begin with.
pub(crate) const DEVICES: u8 = b'd';

/// The partition of an account.
pub(crate) fn account(uin: u64) -> Bytes {
    numbered(b'A', &uin.to_be_bytes())
}

/// What partitions of accounts begin with.
pub(crate) fn account_prefix() -> Bytes {
    Bytes::from_static(b"A")
}

/// The partition of a name: case does not distinguish.
pub(crate) fn name(name: &str) -> Bytes {
    numbered(b'N', name.to_ascii_lowercase().as_bytes())
}

/// The row of a device.
pub(crate) fn device(device: &str) -> Bytes {
    numbered(DEVICES, device.as_bytes())
}

/// The row of a key; keys sort by their numbers.
pub(crate) fn key(id: u32) -> Bytes {
    numbered(b'k', &id.to_be_bytes())
}

/// A number as a row's key or value; keys sort as numbers do.
pub(crate) fn number(number: u64) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}

/// The number that [`number`] wrote.
pub(crate) fn read_number(bytes: &[u8]) -> Result<u64, Status> {
    let bytes = bytes.try_into();
    bytes
        .map(u64::from_be_bytes)
        .map_err(|_| damaged("a number has not 8 bytes"))
}

/// The message in a row.
pub(crate) fn read<M: Message + Default>(value: &[u8]) -> Result<M, Status> {
    M::decode(value).map_err(|e| damaged(&e.to_string()))
}

/// A message for a row.
pub(crate) fn write(message: &impl Message) -> Bytes {
    message.encode_to_vec().into()
}

fn numbered(kind: u8, rest: &[u8]) -> Bytes {
    let mut bytes = Vec::with_capacity(1 + rest.len());
    bytes.push(kind);
    bytes.extend_from_slice(rest);
    bytes.into()
}

fn damaged(what: &str) -> Status {
    Status::new(Code::DataLoss, format!("a row is damaged: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_by_more_than_case() {
        assert_eq!(name("Ada"), name("aDA"));
        assert_ne!(name("ada"), name("ada."));
    }

    #[test]
    fn partitions_of_different_kinds_never_meet() {
        assert_ne!(account(1)[0], name("x")[0]);
        assert!(![NUMBERS, KEYS, ERASING].contains(&account(1)));
        assert_ne!(device("")[0], ACCOUNT[0]);
    }
}
