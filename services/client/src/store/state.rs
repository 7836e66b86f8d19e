//! All that a device knows.

use super::chat::Chat;
use super::record::{Identity, Outgoing, Record, Settled, Unread};
use crate::event::Event;
use bytes::Bytes;
use im_idl::account::Profile;
use im_idl::contact::{self, Relation};
use im_idl::group::{Membership, Role};
use im_idl::message::{Entry, Item, Recalled, Receipt, entry};
use im_idl::refusal;
use std::collections::BTreeMap;

/// What a device knows: the sum of all [`Record`]s.
#[derive(Clone, Debug)]
pub struct State {
    identity: Option<Identity>,
    profile: Option<Profile>,
    snapshot: Bytes,
    contacts: BTreeMap<u64, contact::Entry>,
    groups: BTreeMap<u64, Membership>,
    chats: BTreeMap<u64, Chat>,
    outgoing: Vec<Outgoing>,
    chat_messages_max: usize,
}

impl State {
    /// Nothing yet; of every chat the newest `chat_messages_max` messages will be kept.
    pub fn new(chat_messages_max: usize) -> State {
        State {
            identity: None,
            profile: None,
            snapshot: Bytes::new(),
            contacts: BTreeMap::new(),
            groups: BTreeMap::new(),
            chats: BTreeMap::new(),
            outgoing: Vec::new(),
            chat_messages_max,
        }
    }

    /// Whom the device belongs to; `None` before the first login.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The user's number; 0 before the first login.
    pub fn uin(&self) -> u64 {
        self.identity.as_ref().map_or(0, |identity| identity.uin)
    }

    /// One's own profile, once it was synced.
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }

    /// What the last sync covered, in the server's words; empty before the first.
    pub fn snapshot(&self) -> &Bytes {
        &self.snapshot
    }

    /// Contacts and those who asked, by number.
    pub fn contacts(&self) -> &BTreeMap<u64, contact::Entry> {
        &self.contacts
    }

    /// Groups that the user is in, by number.
    pub fn groups(&self) -> &BTreeMap<u64, Membership> {
        &self.groups
    }

    /// Chats with at least one message, by the number of the other user or the group.
    pub fn chats(&self) -> &BTreeMap<u64, Chat> {
        &self.chats
    }

    /// Messages that the server has not answered for good, oldest first.
    pub fn outgoing(&self) -> &[Outgoing] {
        &self.outgoing
    }

    /// Takes in a record that is kept. Returns what is new by it; what was known is not told again.
    pub fn apply(&mut self, record: Record) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(identity) = record.identity {
            self.identity = Some(identity);
        }
        if let Some(profile) = record.profile {
            self.profile = Some(profile.clone());
            events.push(Event::Profile(profile));
        }
        for entry in record.contacts {
            self.take_contact(entry.clone());
            events.push(Event::Contact(entry));
        }
        for membership in record.groups {
            self.take_membership(membership.clone());
            events.push(Event::Group(membership));
        }
        let entries = record.entries.into_iter();
        events.extend(entries.filter_map(|entry| self.take_entry(entry)));
        self.outgoing.extend(record.outgoing);
        if let Some(settled) = record.settled {
            events.extend(self.take_settled(settled));
        }
        for unread in record.unread {
            self.chats.entry(unread.chat).or_default().unread = unread.messages;
        }
        if let Some(snapshot) = record.snapshot {
            self.snapshot = snapshot;
        }
        events
    }

    /// All of it as one record: applied to an empty state it gives this one.
    pub fn to_record(&self) -> Record {
        let entries = self
            .chats
            .iter()
            .flat_map(|(chat, kept)| entries(*chat, kept));
        let unread = self.chats.iter().map(|(chat, kept)| Unread {
            chat: *chat,
            messages: kept.unread(),
        });
        Record {
            identity: self.identity.clone(),
            profile: self.profile.clone(),
            contacts: self.contacts.values().cloned().collect(),
            groups: self.groups.values().cloned().collect(),
            entries: entries.collect(),
            outgoing: self.outgoing.clone(),
            settled: None,
            unread: unread.collect(),
            snapshot: Some(self.snapshot.clone()),
        }
    }

    fn take_contact(&mut self, entry: contact::Entry) {
        // Somebody blocked is no contact, and yet to be remembered.
        if entry.relation() == Relation::None && !entry.blocked {
            self.contacts.remove(&entry.uin);
        } else {
            self.contacts.insert(entry.uin, entry);
        }
    }

    fn take_membership(&mut self, membership: Membership) {
        if membership.role() == Role::None {
            self.groups.remove(&membership.group);
        } else {
            self.groups.insert(membership.group, membership);
        }
    }

    fn take_entry(&mut self, entry: Entry) -> Option<Event> {
        match entry.kind? {
            entry::Kind::Item(item) => self.add(item.clone()).then_some(Event::Message(item)),
            entry::Kind::Recalled(recalled) => {
                let chat = self.chats.entry(recalled.chat).or_default();
                chat.recall(&recalled).then_some(Event::Recalled(recalled))
            }
            entry::Kind::Receipt(receipt) => {
                let chat = self.chats.entry(receipt.chat).or_default();
                chat.read(&receipt).then_some(Event::Receipt(receipt))
            }
        }
    }

    fn take_settled(&mut self, settled: Settled) -> Option<Event> {
        let (chat, client_message_id) = (settled.chat, settled.client_message_id);
        let name = (chat, client_message_id);
        let named = |o: &Outgoing| (o.chat, o.client_message_id) == name;
        let at = self.outgoing.iter().position(named)?;
        let outgoing = self.outgoing.remove(at);
        if let Some(error) = settled.refused {
            let status = refusal::status(&error);
            return Some(Event::Refused {
                chat,
                client_message_id,
                status,
            });
        }
        self.add(Item {
            sender: self.uin(),
            chat,
            client_message_id,
            time_ms: settled.time_ms,
            content: outgoing.content,
            group_seq: settled.group_seq,
        });
        Some(Event::Sent {
            chat,
            client_message_id,
        })
    }

    fn add(&mut self, item: Item) -> bool {
        let by_me = item.sender == self.uin();
        let chat = self.chats.entry(item.chat).or_default();
        chat.add(item, by_me, self.chat_messages_max)
    }
}

/// A chat's messages as rows that would bring them about.
fn entries(chat: u64, kept: &Chat) -> impl Iterator<Item = Entry> {
    let messages = kept.messages().flat_map(|message| {
        let item = &message.item;
        let recalled = message.is_recalled.then_some(Recalled {
            sender: item.sender,
            chat: item.chat,
            client_message_id: item.client_message_id,
            time_ms: item.time_ms,
        });
        let item = entry::Kind::Item(item.clone());
        std::iter::once(item).chain(recalled.map(entry::Kind::Recalled))
    });
    let receipts = kept.read_by().map(move |(reader, client_message_id)| {
        entry::Kind::Receipt(Receipt {
            reader,
            chat,
            client_message_id,
            time_ms: 0,
        })
    });
    messages.chain(receipts).map(|kind| Entry {
        version: 0,
        kind: Some(kind),
    })
}
