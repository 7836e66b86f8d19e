//! What clients from before groups see: pure rules.
//!
//! A group is a contact that stands in for it, its number the group's. What is said in the group is said by that contact, with the
//! speaker's name before the text; what is sent to it is a group message as any other. A list of contacts has the groups in it.

use im_idl::contact::{Entry as Contact, Relation};
use im_idl::group::{Membership, Role};
use im_idl::ids;
use im_idl::message::{
    Content, Entry, GroupEvent, Item, Recalled, content, entry, group_event::Kind as Event,
};

/// Names told in one event; of more it is said how many.
const NAMES_MAX: usize = 5;

/// The contact that stands in for a group.
pub(crate) fn contact(membership: Membership) -> Contact {
    let relation = match membership.role() {
        Role::None => Relation::None,
        _ => Relation::Friend,
    };
    Contact {
        uin: membership.group,
        relation: relation.into(),
        version: membership.version,
        nickname: membership.name,
        ..Contact::default()
    }
}

/// Users whose names are needed to rewrite an entry.
pub(crate) fn speakers(entry: &Entry) -> Vec<u64> {
    match &entry.kind {
        Some(entry::Kind::Item(item)) if ids::is_group(item.chat) => match event(item) {
            Some(event) => {
                let uins = event.uins.iter().copied();
                uins.take(NAMES_MAX).chain([event.by]).collect()
            }
            None => vec![item.sender],
        },
        _ => Vec::new(),
    }
}

/// An entry as an old client of `me` understands it.
pub(crate) fn entry(mut entry: Entry, me: u64, name: impl Fn(u64) -> String) -> Entry {
    match &mut entry.kind {
        Some(entry::Kind::Item(item)) if ids::is_group(item.chat) => rewrite(item, me, name),
        Some(entry::Kind::Recalled(recalled)) if ids::is_group(recalled.chat) => {
            rewrite_recalled(recalled, me);
        }
        _ => {}
    }
    entry
}

fn rewrite(item: &mut Item, me: u64, name: impl Fn(u64) -> String) {
    item.group_seq = 0;
    if let Some(event) = event(item) {
        let text = format!("[{}]", told(event, name));
        say(item, text);
        // Also one's own doing: it was not said by oneself.
        item.sender = item.chat;
        return;
    }
    if item.sender == me {
        return;
    }
    let content = item.content.as_ref().and_then(|c| c.kind.as_ref());
    // Other kinds have no place for a name; the picture is worth more than who sent it.
    if let Some(content::Kind::Text(text)) = content {
        let text = format!("{}: {text}", name(item.sender));
        say(item, text);
    }
    item.sender = item.chat;
}

fn rewrite_recalled(recalled: &mut Recalled, me: u64) {
    if recalled.sender != me {
        recalled.sender = recalled.chat;
    }
}

fn say(item: &mut Item, text: String) {
    let kind = Some(content::Kind::Text(text));
    item.content = Some(Content { kind });
}

fn event(item: &Item) -> Option<&GroupEvent> {
    match item.content.as_ref()?.kind.as_ref()? {
        content::Kind::GroupEvent(event) => Some(event),
        _ => None,
    }
}

/// What happened, in a sentence.
fn told(event: &GroupEvent, name: impl Fn(u64) -> String) -> String {
    let by = name(event.by);
    let mut whom: Vec<String> = event
        .uins
        .iter()
        .take(NAMES_MAX)
        .map(|uin| name(*uin))
        .collect();
    match event.uins.len().saturating_sub(NAMES_MAX) {
        0 => {}
        more => whom.push(format!("{more} more")),
    }
    let whom = whom.join(", ");
    match event.kind() {
        Event::Created => format!("{by} made this group"),
        Event::Joined if event.uins.is_empty() || event.uins == [event.by] => {
            format!("{by} is here now")
        }
        Event::Joined => format!("{by} brought {whom}"),
        Event::Left => format!("{by} left"),
        Event::Kicked => format!("{by} removed {whom}"),
        Event::Role => format!("{by} changed the role of {whom}"),
        Event::Name => format!("{by} named this group {}", event.text),
        Event::Notice => format!("{by}: {}", event.text),
        Event::Muted => format!("{by} changed for how long {whom} may not speak"),
        Event::Settings | Event::Unspecified => format!("{by} changed the settings"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_idl::message::{Image, Receipt};

    const GROUP: u64 = ids::GROUP_BIT + 9;
    const ADA: u64 = 10_001;
    const BOB: u64 = 10_002;

    fn name(uin: u64) -> String {
        match uin {
            ADA => "Ada".into(),
            uin => uin.to_string(),
        }
    }

    fn said(sender: u64, chat: u64, kind: content::Kind) -> Entry {
        let item = Item {
            sender,
            chat,
            client_message_id: 5,
            time_ms: 6,
            content: Some(Content { kind: Some(kind) }),
            group_seq: 7,
        };
        Entry {
            version: 3,
            kind: Some(entry::Kind::Item(item)),
        }
    }

    fn seen(entry: Entry) -> Item {
        match super::entry(entry, BOB, name).kind {
            Some(entry::Kind::Item(item)) => item,
            other => panic!("{other:?}"),
        }
    }

    fn text(item: &Item) -> &str {
        match item.content.as_ref().and_then(|c| c.kind.as_ref()) {
            Some(content::Kind::Text(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_group_says_it_with_the_speakers_name() {
        let entry = said(ADA, GROUP, content::Kind::Text("hello".into()));
        assert_eq!(speakers(&entry), [ADA]);
        let item = seen(entry);
        assert_eq!(text(&item), "Ada: hello");
        assert_eq!((item.sender, item.chat, item.group_seq), (GROUP, GROUP, 0));
        assert_eq!((item.client_message_id, item.time_ms), (5, 6));
    }

    #[test]
    fn what_he_said_himself_stays_his() {
        let item = seen(said(BOB, GROUP, content::Kind::Text("hello".into())));
        assert_eq!(text(&item), "hello");
        assert_eq!((item.sender, item.chat), (BOB, GROUP));
    }

    #[test]
    fn what_is_no_groups_stays_as_it_is() {
        let single = said(ADA, ADA, content::Kind::Text("hello".into()));
        assert_eq!(speakers(&single), [0; 0]);
        assert_eq!(super::entry(single.clone(), BOB, name), single);
        let receipt = Entry {
            version: 1,
            kind: Some(entry::Kind::Receipt(Receipt::default())),
        };
        assert_eq!(super::entry(receipt.clone(), BOB, name), receipt);
    }

    #[test]
    fn pictures_come_from_the_group_as_they_are() {
        let image = content::Kind::Image(Image::default());
        let item = seen(said(ADA, GROUP, image.clone()));
        assert_eq!(
            (item.sender, item.content.unwrap().kind),
            (GROUP, Some(image))
        );
    }

    #[test]
    fn events_are_told_in_words() {
        let told = |kind: Event, by, uins: &[u64], said_text: &str| {
            let mut event = GroupEvent {
                by,
                uins: uins.to_vec(),
                text: said_text.into(),
                ..GroupEvent::default()
            };
            event.set_kind(kind);
            let item = seen(said(by, GROUP, content::Kind::GroupEvent(event)));
            assert_eq!(item.sender, GROUP);
            text(&item).to_owned()
        };
        assert_eq!(
            told(Event::Created, BOB, &[ADA], ""),
            "[10002 made this group]"
        );
        assert_eq!(told(Event::Joined, BOB, &[ADA], ""), "[10002 brought Ada]");
        assert_eq!(told(Event::Joined, ADA, &[ADA], ""), "[Ada is here now]");
        assert_eq!(
            told(Event::Name, ADA, &[], "Math"),
            "[Ada named this group Math]"
        );
        let many: Vec<u64> = (20_001..=20_008).collect();
        let kicked = told(Event::Kicked, ADA, &many, "");
        assert_eq!(
            kicked,
            "[Ada removed 20001, 20002, 20003, 20004, 20005, 3 more]"
        );
    }

    #[test]
    fn what_was_taken_back_is_found_by_the_name_it_came_under() {
        let recalled = |sender| Entry {
            version: 1,
            kind: Some(entry::Kind::Recalled(Recalled {
                sender,
                chat: GROUP,
                ..Recalled::default()
            })),
        };
        let seen = |sender| match super::entry(recalled(sender), BOB, name).kind {
            Some(entry::Kind::Recalled(recalled)) => recalled.sender,
            other => panic!("{other:?}"),
        };
        assert_eq!((seen(ADA), seen(BOB)), (GROUP, BOB));
    }

    #[test]
    fn a_membership_is_a_contact_until_it_ends() {
        let mut membership = Membership {
            group: GROUP,
            name: "Math".into(),
            version: 8,
            ..Membership::default()
        };
        membership.set_role(Role::Member);
        let there = contact(membership.clone());
        assert_eq!((there.uin, there.relation()), (GROUP, Relation::Friend));
        assert_eq!((&*there.nickname, there.version), ("Math", 8));
        membership.set_role(Role::None);
        assert_eq!(contact(membership).relation(), Relation::None);
    }
}
