//! What an export says: a JSON object for each thing. Pure.
//!
//! Numbers of users and groups are numbers, since they stay below 2^53; identities of messages use all 64 bits and are text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use im_idl::account::Profile;
use im_idl::account_store::Device;
use im_idl::contact::{self, Relation};
use im_idl::group::{Membership, Role};
use im_idl::message::{self, content, entry};
use serde_json::{Value, json};

pub(crate) fn profile(profile: &Profile) -> String {
    json!({
        "kind": "profile",
        "uin": profile.uin,
        "name": profile.name,
        "nickname": profile.nickname,
        "signature": profile.signature,
        "read_receipts": profile.read_receipts,
        "created_ms": profile.created_ms,
    })
    .to_string()
}

pub(crate) fn device(device: &Device) -> String {
    json!({
        "kind": "device",
        "device": device.device,
        "device_name": device.device_name,
        "logged_in_ms": device.logged_in_ms,
    })
    .to_string()
}

/// `None` for one that is gone and not blocked: nothing is kept of it but that it was there.
pub(crate) fn contact(contact: &contact::Entry) -> Option<String> {
    let relation = match contact.relation() {
        Relation::None if contact.blocked => "none",
        Relation::None => return None,
        Relation::Asked => "asked",
        Relation::AskedMe => "asked_me",
        Relation::Friend => "friend",
    };
    let record = json!({
        "kind": "contact",
        "uin": contact.uin,
        "relation": relation,
        "blocked": contact.blocked,
        "remark": contact.remark,
        "greeting": contact.greeting,
        "since_ms": contact.since_ms,
    });
    Some(record.to_string())
}

/// `None` for one that the user is not in any more.
pub(crate) fn group(membership: &Membership) -> Option<String> {
    let role = match membership.role() {
        Role::None => return None,
        Role::Member => "member",
        Role::Admin => "admin",
        Role::Owner => "owner",
    };
    let record = json!({
        "kind": "group",
        "group": membership.group,
        "name": membership.name,
        "role": role,
    });
    Some(record.to_string())
}

/// `None` for a row of a kind that is not known here.
pub(crate) fn message(entry: &message::Entry) -> Option<String> {
    let mut record = match entry.kind.as_ref()? {
        entry::Kind::Item(item) => {
            let mut record = content(item.content.as_ref()?.kind.as_ref()?);
            record["sender"] = item.sender.into();
            record["chat"] = item.chat.into();
            record["client_message_id"] = item.client_message_id.to_string().into();
            record["time_ms"] = item.time_ms.into();
            if item.group_seq != 0 {
                record["group_seq"] = item.group_seq.into();
            }
            record
        }
        entry::Kind::Recalled(recalled) => json!({
            "type": "recalled",
            "sender": recalled.sender,
            "chat": recalled.chat,
            "client_message_id": recalled.client_message_id.to_string(),
            "time_ms": recalled.time_ms,
        }),
        entry::Kind::Receipt(receipt) => json!({
            "type": "receipt",
            "reader": receipt.reader,
            "chat": receipt.chat,
            "client_message_id": receipt.client_message_id.to_string(),
            "time_ms": receipt.time_ms,
        }),
    };
    record["kind"] = "message".into();
    record["version"] = entry.version.into();
    Some(record.to_string())
}

fn content(content: &content::Kind) -> Value {
    match content {
        content::Kind::Text(text) => json!({ "type": "text", "text": text }),
        content::Kind::Voice(voice) => json!({
            "type": "voice",
            "object": voice.object,
            "duration_ms": voice.duration_ms,
            "bytes": voice.bytes,
        }),
        content::Kind::Image(image) => json!({
            "type": "image",
            "object": image.object,
            "width": image.width,
            "height": image.height,
            "bytes": image.bytes,
            "thumbnail": STANDARD.encode(&image.thumbnail),
        }),
        content::Kind::Video(video) => json!({
            "type": "video",
            "object": video.object,
            "duration_ms": video.duration_ms,
            "width": video.width,
            "height": video.height,
            "bytes": video.bytes,
            "thumbnail": STANDARD.encode(&video.thumbnail),
        }),
        content::Kind::Card(card) => json!({
            "type": "card",
            "uin": card.uin,
            "nickname": card.nickname,
        }),
        content::Kind::GroupEvent(event) => json!({
            "type": "group_event",
            "event": event.kind().as_str_name(),
            "by": event.by,
            "uins": event.uins,
            "text": event.text,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_idl::message::{Content, Entry, Item, Receipt};

    fn parsed(record: Option<String>) -> Value {
        serde_json::from_str(&record.unwrap()).unwrap()
    }

    #[test]
    fn a_message_keeps_every_bit_of_its_identity() {
        let item = Item {
            sender: 10_001,
            chat: 10_001,
            client_message_id: u64::MAX,
            time_ms: 5,
            content: Some(Content {
                kind: Some(content::Kind::Text("say \"hi\"\n".into())),
            }),
            group_seq: 0,
        };
        let entry = Entry {
            version: 9,
            kind: Some(entry::Kind::Item(item)),
        };
        let expected = json!({
            "kind": "message",
            "type": "text",
            "text": "say \"hi\"\n",
            "version": 9,
            "sender": 10_001,
            "chat": 10_001,
            "client_message_id": "18446744073709551615",
            "time_ms": 5,
        });
        assert_eq!(parsed(message(&entry)), expected);
    }

    #[test]
    fn every_kind_of_row_and_content_has_a_record() {
        let kinds = [
            content::Kind::Voice(Default::default()),
            content::Kind::Image(Default::default()),
            content::Kind::Video(Default::default()),
            content::Kind::Card(Default::default()),
            content::Kind::GroupEvent(Default::default()),
        ];
        let kinds = kinds.map(|kind| content(&kind)["type"].as_str().unwrap().to_owned());
        assert_eq!(kinds, ["voice", "image", "video", "card", "group_event"]);
        let receipt = Entry {
            version: 3,
            kind: Some(entry::Kind::Receipt(Receipt::default())),
        };
        assert_eq!(parsed(message(&receipt))["type"], "receipt");
        assert_eq!(message(&Entry::default()), None);
    }

    #[test]
    fn what_is_gone_is_not_told_and_who_is_blocked_is() {
        let gone = contact::Entry::default();
        assert_eq!(contact(&gone), None);
        let blocked = contact::Entry {
            blocked: true,
            ..gone
        };
        assert_eq!(parsed(contact(&blocked))["blocked"], true);
        assert_eq!(group(&Membership::default()), None);
    }
}
