//! What kinds of messages are called in figures.

use crate::message::{Content, content::Kind};

/// How many kinds there are; what has none counts as one.
pub const CONTENT_KINDS: usize = 7;

/// The name of each, by [`content_kind`].
pub const CONTENT_KIND_NAMES: [&str; CONTENT_KINDS] = [
    "unknown",
    "text",
    "voice",
    "image",
    "video",
    "card",
    "group_event",
];

/// Which kind a message is.
pub fn content_kind(content: Option<&Content>) -> usize {
    match content.and_then(|content| content.kind.as_ref()) {
        None => 0,
        Some(Kind::Text(_)) => 1,
        Some(Kind::Voice(_)) => 2,
        Some(Kind::Image(_)) => 3,
        Some(Kind::Video(_)) => 4,
        Some(Kind::Card(_)) => 5,
        Some(Kind::GroupEvent(_)) => 6,
    }
}
