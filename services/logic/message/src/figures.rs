//! What is counted of messages.

use im_idl::{CONTENT_KIND_NAMES, CONTENT_KINDS};
use std::sync::OnceLock;
use svrkit_rt::monitor::{self, Id};

svrkit_rt::monitor! {
    /// Messages that were taken from clients, by kind and by whom they are for. One that was sent again counts once.
    static SENT: Counter = "im_messages_sent";
}

/// A message was taken: its kind as [`im_idl::content_kind`] says.
pub(crate) fn sent(kind: usize, to_group: bool) {
    static IDS: OnceLock<[[Id; 2]; CONTENT_KINDS]> = OnceLock::new();
    let ids = IDS.get_or_init(|| {
        let id = |kind, to| SENT.labelled(&[("kind", kind), ("to", to)]);
        CONTENT_KIND_NAMES.map(|kind| [id(kind, "user"), id(kind, "group")])
    });
    monitor::add(ids[kind][usize::from(to_group)], 1);
}
