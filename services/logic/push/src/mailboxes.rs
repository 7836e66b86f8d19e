//! The mailboxes of all access nodes.

use crate::config::Config;
use crate::mailbox::Mailbox;
use im_idl::base::Versions;
use im_idl::push::WaitResponse;
use im_idl::session::Link;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::Status;
use tokio::sync::Notify;
use tokio::time::Instant;

/// By the node's name. A mailbox begins with its node's first poll, or with the first event for it, and ends when polls stay away.
pub(crate) struct Mailboxes {
    nodes_max: usize,
    links_per_node_max: usize,
    events_per_answer_max: usize,
    idle: Duration,
    nodes: HashMap<String, Held>,
}

struct Held {
    mailbox: Mailbox,
    /// Wakes the poll that waits.
    wake: Arc<Notify>,
    /// The poll that may take what is here: the last that began. An earlier one has lost its caller, and would take events for nobody.
    turn: u64,
    kept_until: Instant,
}

/// A poll that has begun.
pub(crate) struct Turn {
    number: u64,
    pub(crate) wake: Arc<Notify>,
}

impl Mailboxes {
    pub(crate) fn new(config: &Config) -> Mailboxes {
        Mailboxes {
            nodes_max: config.nodes_max,
            links_per_node_max: config.links_per_node_max,
            events_per_answer_max: config.events_per_answer_max,
            idle: Duration::from_millis(config.mailbox_idle_ms.into()),
            nodes: HashMap::new(),
        }
    }

    /// Adds news of a link, if there is room for its node.
    pub(crate) fn add_news(&mut self, now: Instant, link: &Link, versions: &Versions) {
        let Some(held) = self.held(now, &link.node) else {
            return;
        };
        let lost = held.mailbox.add_news(link.link, link.uin, versions);
        held.wake.notify_waiters();
        if lost > 0 {
            tracing::warn!(node = %link.node, lost, "a mailbox is full; its node is told to compare versions");
        }
    }

    /// Adds a kick.
    ///
    /// # Errors
    /// `ResourceExhausted` when there is no room for it.
    pub(crate) fn add_kick(
        &mut self,
        now: Instant,
        node: &str,
        link: u64,
        uin: u64,
        reason: &str,
    ) -> Result<(), Status> {
        let held = self.held(now, node).ok_or_else(no_room_for_node)?;
        if !held.mailbox.add_kick(link, uin, reason) {
            let message = "links_per_node_max: too many kicks wait for the node";
            return Err(Status::resource_exhausted(message));
        }
        held.wake.notify_waiters();
        Ok(())
    }

    /// Begins a poll that acknowledges an answer, and ends the one before it.
    ///
    /// # Errors
    /// `ResourceExhausted` when there is no room for the node.
    pub(crate) fn begin(
        &mut self,
        now: Instant,
        node: &str,
        taken: u64,
        wait: Duration,
    ) -> Result<Turn, Status> {
        let kept_until = now + wait + self.idle;
        let held = self.held(now, node).ok_or_else(no_room_for_node)?;
        held.kept_until = kept_until;
        held.mailbox.acknowledge(taken);
        held.turn += 1;
        held.wake.notify_waiters();
        Ok(Turn {
            number: held.turn,
            wake: held.wake.clone(),
        })
    }

    /// What a poll is answered; nothing yet when there is nothing to tell, unless it has waited long enough.
    ///
    /// # Errors
    /// `Aborted` when the node has begun another poll since.
    pub(crate) fn answer(
        &mut self,
        node: &str,
        turn: &Turn,
        waited_enough: bool,
    ) -> Result<Option<WaitResponse>, Status> {
        let events_max = self.events_per_answer_max;
        let held = self.nodes.get_mut(node);
        let Some(held) = held.filter(|held| held.turn == turn.number) else {
            return Err(Status::aborted("the node has begun another poll"));
        };
        let tells = waited_enough || held.mailbox.is_worth_an_answer();
        Ok(tells.then(|| held.mailbox.answer(events_max)))
    }

    /// Forgets mailboxes that nobody empties.
    pub(crate) fn expire(&mut self, now: Instant) {
        self.nodes.retain(|_, held| held.kept_until > now);
    }

    /// The mailbox of a node, perhaps a new one; `None` when there are too many.
    fn held(&mut self, now: Instant, node: &str) -> Option<&mut Held> {
        if !self.nodes.contains_key(node) {
            if self.nodes.len() >= self.nodes_max {
                return None;
            }
            let held = Held {
                mailbox: Mailbox::new(self.links_per_node_max),
                wake: Arc::default(),
                turn: 0,
                kept_until: now + self.idle,
            };
            self.nodes.insert(node.to_owned(), held);
        }
        self.nodes.get_mut(node)
    }
}

fn no_room_for_node() -> Status {
    Status::resource_exhausted("nodes_max: too many nodes")
}
