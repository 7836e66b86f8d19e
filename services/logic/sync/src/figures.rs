//! What is counted of messages that reach devices.

use im_idl::message::{Entry, entry::Kind};
use im_idl::{CONTENT_KIND_NAMES, CONTENT_KINDS, content_kind};
use std::sync::OnceLock;
use svrkit_rt::clock;
use svrkit_rt::monitor::{self, Id};

svrkit_rt::monitor! {
    /// Messages of others that were handed to a device, by kind.
    static DELIVERED: Counter = "im_messages_delivered";
    /// Time from sending a message to handing it to a device that was there: what is older than a minute waited for its reader.
    static DELIVERY: Histogram = "im_delivery_microseconds" in "microseconds";
}

/// Milliseconds after which a message waited for its reader, not for us.
const READER_AWAY_MS: u64 = 60_000;

/// Entries are handed to a device of this user.
pub(crate) fn delivered(entries: &[Entry], uin: u64) {
    if entries.is_empty() {
        return;
    }
    let now_ms = clock::now_ms();
    let mut kinds = [0; CONTENT_KINDS];
    for entry in entries {
        let Some(Kind::Item(item)) = &entry.kind else {
            continue;
        };
        if item.sender == uin {
            continue;
        }
        kinds[content_kind(item.content.as_ref())] += 1;
        let took_ms = now_ms.saturating_sub(item.time_ms);
        if took_ms < READER_AWAY_MS {
            DELIVERY.observe(took_ms * 1_000);
        }
    }
    static IDS: OnceLock<[Id; CONTENT_KINDS]> = OnceLock::new();
    let id = |kind| DELIVERED.labelled(&[("kind", kind)]);
    let ids = IDS.get_or_init(|| CONTENT_KIND_NAMES.map(id));
    for (id, count) in ids.iter().zip(kinds).filter(|(_, count)| *count > 0) {
        monitor::add(*id, count);
    }
}
