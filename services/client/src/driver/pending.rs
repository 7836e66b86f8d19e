//! Requests on a link that have not been answered.

use super::command::Call;
use std::collections::HashMap;
use tokio::time::Instant;

/// What an answer will be for.
#[derive(Debug)]
pub(super) enum Asked {
    Auth,
    Renew,
    Sync,
    Message { chat: u64, client_message_id: u64 },
    Call(Call),
}

/// Requests by sequence number, and when to give them up.
#[derive(Debug, Default)]
pub(super) struct Pending {
    asked: HashMap<u32, (Instant, Asked)>,
    /// Not later than the earliest deadline. Answers leave it alone: a look that finds nothing is cheaper than a search an answer.
    due: Option<Instant>,
}

impl Pending {
    pub(super) fn add(&mut self, seq: u32, deadline: Instant, asked: Asked) {
        self.asked.insert(seq, (deadline, asked));
        self.due = Some(self.due.map_or(deadline, |due| due.min(deadline)));
    }

    pub(super) fn len(&self) -> usize {
        self.asked.len()
    }

    pub(super) fn answered(&mut self, seq: u32) -> Option<Asked> {
        self.asked.remove(&seq).map(|(_, asked)| asked)
    }

    /// When to look for requests whose time is over.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due.filter(|_| !self.asked.is_empty())
    }

    /// Takes those whose time is over by `now`.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Asked> {
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        let over = self.asked.extract_if(|_, (deadline, _)| *deadline <= now);
        let over = over.map(|(_, (_, asked))| asked).collect();
        self.due = self.asked.values().map(|(deadline, _)| *deadline).min();
        over
    }

    /// Takes all, in the order they were asked.
    pub(super) fn drain(&mut self) -> Vec<Asked> {
        let mut all: Vec<(u32, Asked)> = self.asked.drain().map(|(seq, (_, a))| (seq, a)).collect();
        all.sort_by_key(|(seq, _)| *seq);
        all.into_iter().map(|(_, asked)| asked).collect()
    }
}
