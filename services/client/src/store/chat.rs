//! The messages of one chat, as this device has them.

use im_idl::message::{Item, Recalled, Receipt, content};
use std::collections::{BTreeMap, HashSet, VecDeque};

/// A message that this device has.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// As it came; without content after it was taken back.
    pub item: Item,
    /// Whether it was taken back.
    pub is_recalled: bool,
}

/// A user or a group with whom messages are exchanged.
#[derive(Clone, Debug, Default)]
pub struct Chat {
    messages: VecDeque<Message>,
    /// (sender, id) of `messages`: what comes a second time is not a second message.
    known: HashSet<(u64, u64)>,
    read_by: BTreeMap<u64, u64>,
    pub(super) unread: u32,
}

impl Chat {
    /// The newest messages, oldest first: in the order that they came, and in a group in the group's order.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.messages.iter()
    }

    /// Messages of others that the user has not seen.
    pub fn unread(&self) -> u32 {
        self.unread
    }

    /// Who has read what one wrote: reader and client message id of the newest message that he has read.
    pub fn read_by(&self) -> impl Iterator<Item = (u64, u64)> {
        self.read_by.iter().map(|(reader, id)| (*reader, *id))
    }

    /// Adds a message; `false` when it is here already. Only the newest `messages_max` stay.
    pub(super) fn add(&mut self, item: Item, by_me: bool, messages_max: usize) -> bool {
        if !self.known.insert((item.sender, item.client_message_id)) {
            return false;
        }
        if !by_me && !is_event(&item) {
            self.unread += 1;
        }
        // One's own message in a group is here since its acknowledgement, before what others said earlier has been synced.
        let is_later = |m: &&Message| item.group_seq > 0 && m.item.group_seq > item.group_seq;
        let later = self.messages.iter().rev().take_while(is_later).count();
        let message = Message {
            item,
            is_recalled: false,
        };
        self.messages.insert(self.messages.len() - later, message);
        if self.messages.len() > messages_max
            && let Some(oldest) = self.messages.pop_front()
        {
            let item = oldest.item;
            self.known.remove(&(item.sender, item.client_message_id));
        }
        true
    }

    /// Takes a message back; `false` when it is not here, or was taken back before.
    pub(super) fn recall(&mut self, recalled: &Recalled) -> bool {
        let name = (recalled.sender, recalled.client_message_id);
        let named = |m: &&mut Message| (m.item.sender, m.item.client_message_id) == name;
        match self.messages.iter_mut().rev().find(named) {
            Some(message) if !message.is_recalled => {
                message.is_recalled = true;
                message.item.content = None;
                true
            }
            _ => false,
        }
    }

    /// Notes what somebody has read; `false` when that is known.
    pub(super) fn read(&mut self, receipt: &Receipt) -> bool {
        let id = receipt.client_message_id;
        self.read_by.insert(receipt.reader, id) != Some(id)
    }
}

fn is_event(item: &Item) -> bool {
    let kind = item
        .content
        .as_ref()
        .and_then(|content| content.kind.as_ref());
    matches!(kind, Some(content::Kind::GroupEvent(_)))
}
