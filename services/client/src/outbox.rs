//! Messages on their way out, and which of them may be sent now.

use crate::store::Outgoing;
use std::collections::{BTreeSet, HashMap, VecDeque};
use tokio::time::Instant;

/// Messages that the server has not answered for good: in each chat the first is sent, again and again, and the others wait.
#[derive(Debug, Default)]
pub struct Outbox {
    lanes: HashMap<u64, Lane>,
    /// Chats whose first message may be sent.
    ready: VecDeque<u64>,
    /// Chats whose first message is to be sent again, by when.
    pausing: BTreeSet<(Instant, u64)>,
    len: usize,
}

#[derive(Debug)]
struct Lane {
    waiting: VecDeque<Outgoing>,
    /// How often the first was sent.
    attempts: u32,
    is_in_flight: bool,
}

impl Outbox {
    /// Messages in it.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether all is answered.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a message behind the others of its chat.
    pub fn push(&mut self, outgoing: Outgoing) {
        let chat = outgoing.chat;
        self.len += 1;
        let lane = self.lanes.entry(chat).or_insert_with(|| {
            self.ready.push_back(chat);
            Lane {
                waiting: VecDeque::new(),
                attempts: 0,
                is_in_flight: false,
            }
        });
        lane.waiting.push_back(outgoing);
    }

    /// A message to send now; it counts as in flight from here on.
    pub fn next_ready(&mut self) -> Option<&Outgoing> {
        loop {
            let chat = self.ready.pop_front()?;
            // Its message may have been settled by a late answer meanwhile.
            if self.lanes.get(&chat).is_some_and(|lane| !lane.is_in_flight) {
                let lane = self.lanes.get_mut(&chat)?;
                lane.is_in_flight = true;
                lane.attempts += 1;
                return lane.waiting.front();
            }
        }
    }

    /// How often the first message of a chat was sent.
    pub fn attempts(&self, chat: u64) -> u32 {
        self.lanes.get(&chat).map_or(0, |lane| lane.attempts)
    }

    /// The server has answered a chat's first message for good: the next may go. `None` when that is not the first message.
    pub fn settled(&mut self, chat: u64, client_message_id: u64) -> Option<Outgoing> {
        let lane = self.lanes.get_mut(&chat)?;
        if lane.waiting.front()?.client_message_id != client_message_id {
            return None;
        }
        let settled = lane.waiting.pop_front();
        self.len -= 1;
        lane.attempts = 0;
        lane.is_in_flight = false;
        if lane.waiting.is_empty() {
            self.lanes.remove(&chat);
        } else {
            self.ready.push_back(chat);
        }
        settled
    }

    /// A chat's first message is to be sent again, not before `at`.
    pub fn again(&mut self, chat: u64, at: Instant) {
        if let Some(lane) = self.lanes.get_mut(&chat)
            && lane.is_in_flight
        {
            lane.is_in_flight = false;
            self.pausing.insert((at, chat));
        }
    }

    /// The link is gone: whatever was in flight is to be sent again on the next.
    pub fn link_lost(&mut self) {
        let in_flight = self.lanes.iter_mut().filter(|(_, lane)| lane.is_in_flight);
        for (chat, lane) in in_flight {
            lane.is_in_flight = false;
            self.ready.push_back(*chat);
        }
    }

    /// When the next pause is over.
    pub fn next_pause(&self) -> Option<Instant> {
        self.pausing.first().map(|(at, _)| *at)
    }

    /// Pauses that are over by `now` end.
    pub fn wake(&mut self, now: Instant) {
        while let Some((at, chat)) = self.pausing.pop_first() {
            if at > now {
                self.pausing.insert((at, chat));
                return;
            }
            self.ready.push_back(chat);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn outgoing(chat: u64, client_message_id: u64) -> Outgoing {
        Outgoing {
            chat,
            client_message_id,
            ..Outgoing::default()
        }
    }

    fn ready(outbox: &mut Outbox) -> Vec<u64> {
        std::iter::from_fn(|| outbox.next_ready().map(|o| o.client_message_id)).collect()
    }

    #[test]
    fn a_chat_has_one_message_in_flight_and_chats_do_not_wait_for_each_other() {
        let mut outbox = Outbox::default();
        for (chat, id) in [(1, 11), (1, 12), (2, 21)] {
            outbox.push(outgoing(chat, id));
        }
        assert_eq!(ready(&mut outbox), [11, 21]);
        assert_eq!(outbox.settled(1, 12), None, "not the first");
        assert!(outbox.settled(1, 11).is_some());
        assert_eq!(ready(&mut outbox), [12]);
        assert_eq!(outbox.len(), 2);
    }

    #[test]
    fn what_a_lost_link_left_in_doubt_is_sent_again_before_what_follows() {
        let mut outbox = Outbox::default();
        outbox.push(outgoing(1, 11));
        outbox.push(outgoing(1, 12));
        assert_eq!(ready(&mut outbox), [11]);
        outbox.link_lost();
        assert_eq!(ready(&mut outbox), [11]);
        assert_eq!(outbox.attempts(1), 2);
    }

    #[test]
    fn a_pause_holds_one_chat_only_and_a_late_answer_ends_it() {
        let mut outbox = Outbox::default();
        let now = Instant::now();
        outbox.push(outgoing(1, 11));
        outbox.push(outgoing(1, 12));
        ready(&mut outbox);
        outbox.again(1, now + Duration::from_secs(1));
        outbox.push(outgoing(2, 21));
        outbox.wake(now);
        assert_eq!(ready(&mut outbox), [21]);
        assert!(outbox.settled(1, 11).is_some());
        assert_eq!(ready(&mut outbox), [12]);
        outbox.wake(now + Duration::from_secs(1));
        assert!(ready(&mut outbox).is_empty(), "12 is in flight already");
    }
}
