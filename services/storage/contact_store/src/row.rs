//! Names of partitions, keys and values of rows. `FORMAT.md` says the same in words.

use bytes::Bytes;
use im_engine::Row;
use im_idl::contact::{Entry, Relation};
use prost::Message;
use svrkit_rt::{Code, Status};

/// The row that counts.
pub(crate) const HEAD: Bytes = Bytes::from_static(b"h");
/// What keys of entries begin with.
pub(crate) const ENTRIES: Bytes = Bytes::from_static(b"c");

const BLOCKED: u8 = 0x80;
const RELATION: u8 = 0x0f;

/// The partition of a list.
pub(crate) fn list(owner: u64) -> Bytes {
    numbered(b'C', owner)
}

/// The row of an entry.
pub(crate) fn entry(peer: u64) -> Bytes {
    numbered(ENTRIES[0], peer)
}

/// Whose entry a row is.
pub(crate) fn peer(row: &Row) -> Result<u64, Status> {
    let peer = row.key.get(1..).and_then(|bytes| bytes.try_into().ok());
    peer.map(u64::from_be_bytes)
        .ok_or_else(|| damaged("the key is no entry's"))
}

/// Relation and block of an entry.
pub(crate) fn standing(row: &Row) -> Result<(Relation, bool), Status> {
    let first = *row.value.first().ok_or_else(|| damaged("it is empty"))?;
    let relation = i32::from(first & RELATION);
    let relation = Relation::try_from(relation).map_err(|_| damaged("no such relation"))?;
    Ok((relation, first & BLOCKED != 0))
}

/// The entry in a row, whole.
pub(crate) fn read(row: &Row) -> Result<Entry, Status> {
    let (relation, blocked) = standing(row)?;
    let rest = Entry::decode(&row.value[1..]).map_err(|e| damaged(&e.to_string()))?;
    Ok(Entry {
        uin: peer(row)?,
        relation: relation.into(),
        blocked,
        version: row.version,
        ..rest
    })
}

/// The value of an entry's row.
pub(crate) fn write(entry: &Entry) -> Bytes {
    let blocked = if entry.blocked { BLOCKED } else { 0 };
    let rest = Entry {
        remark: entry.remark.clone(),
        greeting: entry.greeting.clone(),
        since_ms: entry.since_ms,
        ..Entry::default()
    };
    let mut value = Vec::with_capacity(1 + rest.encoded_len());
    value.push(entry.relation() as u8 | blocked);
    rest.encode_raw(&mut value);
    value.into()
}

pub(crate) fn damaged(what: &str) -> Status {
    Status::new(Code::DataLoss, format!("a row is damaged: {what}"))
}

fn numbered(kind: u8, number: u64) -> Bytes {
    let mut bytes = [kind; 9];
    bytes[1..].copy_from_slice(&number.to_be_bytes());
    Bytes::copy_from_slice(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: Bytes) -> Row {
        Row {
            key: entry(7),
            value,
            version: 3,
        }
    }

    #[test]
    fn an_entry_comes_back_with_the_row_s_own_number_and_version() {
        for relation in 0..=3 {
            for blocked in [false, true] {
                let kept = Entry {
                    uin: 7,
                    relation,
                    blocked,
                    remark: "Ada".to_owned(),
                    greeting: "it's me".to_owned(),
                    since_ms: 5,
                    version: 3,
                    ..Entry::default()
                };
                let written = Entry {
                    name: "not kept".to_owned(),
                    version: 99,
                    uin: 99,
                    ..kept.clone()
                };
                let row = row(write(&written));
                assert_eq!(standing(&row).unwrap(), (kept.relation(), blocked));
                assert_eq!(read(&row).unwrap(), kept);
            }
        }
    }

    #[test]
    fn damage_is_said_and_not_guessed_at() {
        for value in [&b""[..], b"\x0f", b"\x03\xff"] {
            let status = read(&row(Bytes::from_static(value))).unwrap_err();
            assert_eq!(status.code(), Code::DataLoss);
        }
    }
}
