//! Values of rows: entries of inboxes and logs, and what is known of a message by its dedupe row.

use crate::layout::last_number;
use bytes::{BufMut, Bytes};
use im_engine::EngineError;
use im_idl::message::{Item, Recalled, Receipt};
use prost::Message;

const ITEM: u8 = 1;
const INDEX: u8 = 2;
const RECALLED: u8 = 3;
const RECEIPT: u8 = 4;
const ERASED: u8 = 5;

/// Bytes before an entry's body: its kind and its time.
const HEAD_BYTES: usize = 1 + 8;

/// What an entry says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A message; its time stands in the entry's head.
    Item(Item),
    /// A row of a group's log.
    Index { group: u64, seq: u64 },
    /// A message was taken back.
    Recalled(Recalled),
    /// A message was read.
    Receipt(Receipt),
    /// In a log: here was a message that was taken back.
    Erased,
}

/// Its value. `time_ms` is when it was written; that of a message is its time.
pub(crate) fn item(time_ms: u64, item: &Item) -> Bytes {
    value(ITEM, time_ms, item.encoded_len(), |out| {
        item.encode_raw(out)
    })
}

pub(crate) fn index(time_ms: u64, group: u64, seq: u64) -> Bytes {
    value(INDEX, time_ms, 16, |out| {
        out.put_u64(group);
        out.put_u64(seq);
    })
}

pub(crate) fn recalled(time_ms: u64, recalled: &Recalled) -> Bytes {
    let len = recalled.encoded_len();
    value(RECALLED, time_ms, len, |out| recalled.encode_raw(out))
}

pub(crate) fn receipt(time_ms: u64, receipt: &Receipt) -> Bytes {
    let len = receipt.encoded_len();
    value(RECEIPT, time_ms, len, |out| receipt.encode_raw(out))
}

pub(crate) fn erased(time_ms: u64) -> Bytes {
    value(ERASED, time_ms, 0, |_| {})
}

/// When an entry was written.
pub(crate) fn time_ms(value: &[u8]) -> Result<u64, EngineError> {
    let time = value.get(1..HEAD_BYTES).and_then(last_number);
    time.ok_or_else(|| damaged("an entry has no head"))
}

/// Reads an entry.
pub(crate) fn decode(value: &[u8]) -> Result<Kind, EngineError> {
    let time_ms = time_ms(value)?;
    let body = &value[HEAD_BYTES..];
    let wrong = |_| damaged("an entry's body is not what its head says");
    match value[0] {
        ITEM => {
            let item = Item::decode(body).map_err(wrong)?;
            Ok(Kind::Item(Item { time_ms, ..item }))
        }
        INDEX => {
            let (group, seq) = body.split_at_checked(8).unwrap_or_default();
            let group = last_number(group).zip(last_number(seq));
            let (group, seq) = group.ok_or_else(|| damaged("an index row is too short"))?;
            Ok(Kind::Index { group, seq })
        }
        RECALLED => Ok(Kind::Recalled(Recalled::decode(body).map_err(wrong)?)),
        RECEIPT => Ok(Kind::Receipt(Receipt::decode(body).map_err(wrong)?)),
        ERASED => Ok(Kind::Erased),
        _ => Err(damaged(
            "an entry is of a kind that this version does not know",
        )),
    }
}

/// What a dedupe row says of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// When the message was taken.
    pub(crate) time_ms: u64,
    /// Its place in this partition.
    pub(crate) version: u64,
    /// The place of the entry that says that it was taken back.
    pub(crate) recalled_at: Option<u64>,
}

impl Known {
    /// The value of a new message's dedupe row. The row is written with the message, so its version is the message's place.
    pub(crate) fn value(time_ms: u64) -> Bytes {
        crate::layout::number(time_ms)
    }

    /// The value once the message was taken back: now the row's version is the place of the entry that says so.
    pub(crate) fn recalled_value(self) -> Bytes {
        [self.time_ms.to_be_bytes(), self.version.to_be_bytes()]
            .concat()
            .into()
    }

    /// Reads a row.
    pub(crate) fn of(row: &im_engine::Row) -> Result<Known, EngineError> {
        let (time, version) = row.value.split_at_checked(8).unwrap_or_default();
        let time_ms = last_number(time).ok_or_else(|| damaged("a dedupe row is too short"))?;
        let recalled = last_number(version);
        Ok(Known {
            time_ms,
            version: recalled.unwrap_or(row.version),
            recalled_at: recalled.map(|_| row.version),
        })
    }
}

pub(crate) fn damaged(reason: &str) -> EngineError {
    let reason = reason.to_owned();
    EngineError::Damaged { reason }
}

fn value(kind: u8, time_ms: u64, len: usize, body: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let mut value = Vec::with_capacity(HEAD_BYTES + len);
    value.push(kind);
    value.put_u64(time_ms);
    body(&mut value);
    value.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_as_they_were() {
        let message = Item {
            sender: 10_001,
            client_message_id: 7,
            ..Item::default()
        };
        let value = item(99, &message);
        assert_eq!(time_ms(&value).unwrap(), 99);
        let time_ms = 99;
        assert_eq!(
            decode(&value).unwrap(),
            Kind::Item(Item { time_ms, ..message })
        );
        let (group, seq) = (5, 6);
        assert_eq!(
            decode(&index(1, group, seq)).unwrap(),
            Kind::Index { group, seq }
        );
        assert_eq!(decode(&erased(1)).unwrap(), Kind::Erased);
    }

    #[test]
    fn damaged_ones_are_named() {
        for value in [&b""[..], &[ITEM], &[9; 20], &[INDEX; 12], &[RECEIPT; 12]] {
            let error = decode(value).unwrap_err();
            assert!(matches!(error, EngineError::Damaged { .. }), "{value:?}");
        }
    }

    #[test]
    fn a_dedupe_row_keeps_the_messages_place_when_it_is_taken_back() {
        let mut row = im_engine::Row {
            key: Bytes::new(),
            value: Known::value(50),
            version: 7,
        };
        let known = Known::of(&row).unwrap();
        assert_eq!(
            (known.time_ms, known.version, known.recalled_at),
            (50, 7, None)
        );
        row.value = known.recalled_value();
        row.version = 9;
        let known = Known::of(&row).unwrap();
        assert_eq!(
            (known.time_ms, known.version, known.recalled_at),
            (50, 7, Some(9))
        );
    }
}
