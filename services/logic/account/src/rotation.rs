//! Which key signs, and when there is to be another. Pure.

use im_idl::account_store::Key;

/// From its making until a key signs. Everybody who looks at tickets has read it by then, so no valid ticket names a key that is
/// unknown somewhere.
pub(crate) const KEY_SETTLE_MS: u64 = 5 * 60 * 1_000;
/// Clocks of different machines differ by less.
const CLOCKS_DIFFER_MS: u64 = 60 * 60 * 1_000;

/// How long tickets and keys live.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetimes {
    pub(crate) ticket_ms: u64,
    pub(crate) rotation_ms: u64,
}

/// The place of the key that signs now: the newest that has settled, or the oldest of all. Keys come oldest first.
pub(crate) fn signer(keys: &[Key], now_ms: u64) -> Option<usize> {
    let settled = |key: &Key| key.created_ms.saturating_add(KEY_SETTLE_MS) <= now_ms;
    let last = keys.iter().rposition(settled);
    last.or((!keys.is_empty()).then_some(0))
}

/// Whether there is to be a new key.
pub(crate) fn is_due(keys: &[Key], now_ms: u64, lifetimes: Lifetimes) -> bool {
    let newest = keys.last();
    newest.is_none_or(|key| now_ms >= key.created_ms.saturating_add(lifetimes.rotation_ms))
}

/// The number of the next key. Numbers rise, so that one that was forgotten is never another.
pub(crate) fn next_id(keys: &[Key]) -> u32 {
    keys.last().map_or(1, |key| key.id.saturating_add(1))
}

/// Keys whose tickets have all expired: their successor has signed for longer than a ticket lives.
pub(crate) fn forgotten(keys: &[Key], now_ms: u64, lifetimes: Lifetimes) -> Vec<u32> {
    let silent_ms = KEY_SETTLE_MS + lifetimes.ticket_ms + CLOCKS_DIFFER_MS;
    let over = |pair: &&[Key]| pair[1].created_ms.saturating_add(silent_ms) < now_ms;
    let pairs = keys.windows(2).take_while(over);
    pairs.map(|pair| pair[0].id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: u64 = 24 * 3_600 * 1_000;
    const LIFETIMES: Lifetimes = Lifetimes {
        ticket_ms: 30 * DAY_MS,
        rotation_ms: 7 * DAY_MS,
    };

    fn key(id: u32, created_ms: u64) -> Key {
        Key {
            id,
            created_ms,
            ..Key::default()
        }
    }

    #[test]
    fn a_new_key_signs_when_everybody_knows_it() {
        assert_eq!(signer(&[], 5), None);
        let keys = [key(1, 0), key(2, DAY_MS)];
        assert_eq!(
            signer(&keys[..1], 5),
            Some(0),
            "the first has nobody to wait for"
        );
        assert_eq!(signer(&keys, DAY_MS + KEY_SETTLE_MS - 1), Some(0));
        assert_eq!(signer(&keys, DAY_MS + KEY_SETTLE_MS), Some(1));
        assert_eq!(signer(&keys[1..], 0), Some(0), "a clock went back");
    }

    #[test]
    fn no_key_is_forgotten_before_the_last_ticket_it_signed_has_expired() {
        let mut keys: Vec<Key> = Vec::new();
        // When each key signed last, by its number.
        let mut signed_last = std::collections::HashMap::new();
        for hour in 0..24 * 365 {
            let now = hour * DAY_MS / 24;
            if is_due(&keys, now, LIFETIMES) {
                for id in forgotten(&keys, now, LIFETIMES) {
                    let expired = signed_last[&id] + LIFETIMES.ticket_ms;
                    assert!(expired < now, "key {id} at hour {hour}");
                    keys.retain(|key| key.id != id);
                }
                keys.push(key(next_id(&keys), now));
            }
            signed_last.insert(keys[signer(&keys, now).unwrap()].id, now);
            assert!(keys.len() <= 7, "{} keys at hour {hour}", keys.len());
        }
        assert_eq!(keys.last().unwrap().id, 53, "one a week");
    }
}
