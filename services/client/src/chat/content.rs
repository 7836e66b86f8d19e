//! Messages in words.

use super::names::{Names, plain};
use crate::store::State;
use im_idl::message::group_event::Kind as EventKind;
use im_idl::message::{Content, GroupEvent, content};

/// What a message says, on one line.
pub(super) fn text(content: Option<&Content>) -> String {
    match content.and_then(|content| content.kind.as_ref()) {
        Some(content::Kind::Text(text)) => plain(text),
        Some(content::Kind::Voice(voice)) => format!("[voice, {} s]", voice.duration_ms / 1_000),
        Some(content::Kind::Image(image)) => format!("[image, {} x {}]", image.width, image.height),
        Some(content::Kind::Video(video)) => format!("[video, {} s]", video.duration_ms / 1_000),
        Some(content::Kind::Card(card)) => {
            format!("[card of {}: /add {}]", plain(&card.nickname), card.uin)
        }
        Some(content::Kind::GroupEvent(_)) => "[something happened in the group]".to_owned(),
        None => "[taken back]".to_owned(),
    }
}

/// What happened in a group, when a message says that.
pub(super) fn event(content: Option<&Content>) -> Option<&GroupEvent> {
    match content?.kind.as_ref()? {
        content::Kind::GroupEvent(event) => Some(event),
        _ => None,
    }
}

/// What happened in a group, in words.
pub(super) fn describe(event: &GroupEvent, names: &Names, state: &State) -> String {
    let by = names.of(state, event.by);
    let whom: Vec<String> = event.uins.iter().map(|uin| names.of(state, *uin)).collect();
    let (whom, text) = (whom.join(", "), plain(&event.text));
    match event.kind() {
        EventKind::Created => format!("{by} made the group"),
        EventKind::Joined if event.uins == [event.by] => format!("{by} joined"),
        EventKind::Joined => format!("{by} brought {whom}"),
        EventKind::Left => format!("{by} left"),
        EventKind::Kicked => format!("{by} removed {whom}"),
        EventKind::Role => format!("{by} changed the role of {whom}"),
        EventKind::Name => format!("{by} calls the group {text}"),
        EventKind::Notice => format!("{by} wrote the notice: {text}"),
        EventKind::Muted => format!("{by} muted {whom}"),
        EventKind::Settings => format!("{by} changed the group's settings"),
        EventKind::Unspecified => format!("{by} did something new"),
    }
}
