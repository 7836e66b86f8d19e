//! Names of partitions and keys of rows. `FORMAT.md` has the whole picture.

use bytes::Bytes;

/// First byte of an inbox's partition.
pub(crate) const INBOXES: &[u8] = b"I";
/// First byte of the partition of a group's log.
pub(crate) const GROUP_LOGS: &[u8] = b"G";

/// Row: all of the log up to this place has been presented to FanOut.
pub(crate) const FANNED: &[u8] = b"o";
/// Row: entries up to this place are gone. Stands before the devices' rows, so that one scan reads both.
pub(crate) const FLOOR: &[u8] = b"p";
/// Before a device's name: how far it is.
pub(crate) const DEVICES: &[u8] = b"p";
/// Before chat and reader: the newest receipt.
pub(crate) const RECEIPTS: &[u8] = b"r";
/// Before a version: an entry. The greatest letter, since the engine's cache favours the greatest keys.
pub(crate) const ENTRIES: &[u8] = b"v";
const DEDUPES: &[u8] = b"d";
const MARKS: &[u8] = b"g";

pub(crate) const DAY_MS: u64 = 24 * 3600 * 1000;

/// Which of the two inboxes of a single message a dedupe row is about; logs have the first kind only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the peer.
    Received = 0,
    /// To the peer: the sender's own copy.
    Sent = 1,
}

pub(crate) fn inbox(uin: u64) -> Bytes {
    join(&[INBOXES, &uin.to_be_bytes()])
}

pub(crate) fn group_log(group: u64) -> Bytes {
    join(&[GROUP_LOGS, &group.to_be_bytes()])
}

/// The number in a partition's name.
pub(crate) fn owner(partition: &[u8]) -> Option<u64> {
    last_number(partition.get(1..)?)
}

pub(crate) fn entry(version: u64) -> Bytes {
    join(&[ENTRIES, &version.to_be_bytes()])
}

/// The version in an entry's key.
pub(crate) fn entry_version(key: &[u8]) -> Option<u64> {
    last_number(key.strip_prefix(ENTRIES)?)
}

pub(crate) fn mark(group: u64) -> Bytes {
    join(&[MARKS, &group.to_be_bytes()])
}

pub(crate) fn device(name: &str) -> Bytes {
    join(&[DEVICES, name.as_bytes()])
}

pub(crate) fn receipt(chat: u64, reader: u64) -> Bytes {
    join(&[RECEIPTS, &chat.to_be_bytes(), &reader.to_be_bytes()])
}

/// Keys of a message's dedupe rows: of today, where a new one goes, and of yesterday.
pub(crate) fn dedupes(now_ms: u64, way: Way, peer: u64, client_message_id: u64) -> [Bytes; 2] {
    let key = |day: u32| {
        let (day, peer) = (day.to_be_bytes(), peer.to_be_bytes());
        let id = client_message_id.to_be_bytes();
        join(&[DEDUPES, &day, &[way as u8], &peer, &id])
    };
    let today = day(now_ms);
    [key(today), key(today.saturating_sub(1))]
}

/// The range of dedupe rows that are neither of today nor of yesterday.
pub(crate) fn old_dedupes(now_ms: u64) -> (Bytes, Bytes) {
    let yesterday = day(now_ms).saturating_sub(1).to_be_bytes();
    (Bytes::from_static(DEDUPES), join(&[DEDUPES, &yesterday]))
}

pub(crate) fn day(now_ms: u64) -> u32 {
    (now_ms / DAY_MS) as u32
}

/// A number as a row's value.
pub(crate) fn number(number: u64) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}

/// The number that is a row's whole value.
pub(crate) fn last_number(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

fn join(parts: &[&[u8]]) -> Bytes {
    parts.concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_sort_last_and_by_version() {
        let mut keys = vec![
            entry(u64::MAX),
            entry(256),
            entry(255),
            receipt(1, 2),
            device("phone"),
            Bytes::from_static(FLOOR),
            mark(7),
            dedupes(DAY_MS, Way::Sent, 1, 2)[0].clone(),
        ];
        let reversed: Vec<Bytes> = keys.iter().rev().cloned().collect();
        keys.sort();
        assert_eq!(keys, reversed);
        assert_eq!(entry_version(&entry(256)), Some(256));
        assert_eq!(owner(&inbox(77)), Some(77));
    }

    #[test]
    fn a_dedupe_row_lives_until_the_end_of_the_next_day() {
        let written = dedupes(DAY_MS * 10 + 5, Way::Received, 1, 2)[0].clone();
        let kept = |now_ms| {
            let (from, to) = old_dedupes(now_ms);
            written < from || written >= to
        };
        assert!(dedupes(DAY_MS * 12 - 1, Way::Received, 1, 2).contains(&written));
        assert!(kept(DAY_MS * 12 - 1));
        assert!(!dedupes(DAY_MS * 12, Way::Received, 1, 2).contains(&written));
        assert!(!kept(DAY_MS * 12));
    }
}
