//! Bounds of what is on its way.

use serde::{Deserialize, Serialize};
use svrkit_rt::Status;

/// How much is on its way, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Users whose news wait for a lookup. Default 100,000, some 10 MiB; beyond, news are lost and heartbeats find them.
    pub gathering_users_max: usize,
    /// Milliseconds between lookups, in which news gather; the first go at once. Default 2: nobody sees it, and at 25,000 news/s it
    /// halves what each costs.
    pub gather_ms: u32,
    /// Users in one lookup. Default 1,000: few enough that the answer stays far below the size of a frame.
    pub users_per_lookup_max: usize,
    /// Milliseconds that news wait for a session service that does not answer. Default 2,000: a restart. Longer makes little sense, as
    /// heartbeats find them.
    pub news_wait_ms: u32,
    /// Milliseconds that links to be kicked are looked for. Default 10,000: nodes have told a restarted session service of their links
    /// by then.
    pub kick_wait_ms: u32,
    /// Kicks looked for at once. Default 10,000; beyond, the caller is refused.
    pub kicks_max: usize,
    /// Access nodes with a mailbox. Default 1,000.
    pub nodes_max: usize,
    /// Links with news, and links to be kicked, in a mailbox. Default 200,000: more than the files that a node may open; 20 MiB.
    pub links_per_node_max: usize,
    /// Events in one answer. Default 20,000, at most 1 MiB.
    pub events_per_answer_max: usize,
    /// Milliseconds that a poll waits at most. Default 30,000: half of the time that the call may take.
    pub wait_max_ms: u32,
    /// Milliseconds that a mailbox stays without a poll. Default 30,000: two leases of a node.
    pub mailbox_idle_ms: u32,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            gathering_users_max: 100_000,
            gather_ms: 2,
            users_per_lookup_max: 1_000,
            news_wait_ms: 2_000,
            kick_wait_ms: 10_000,
            kicks_max: 10_000,
            nodes_max: 1_000,
            links_per_node_max: 200_000,
            events_per_answer_max: 20_000,
            wait_max_ms: 30_000,
            mailbox_idle_ms: 30_000,
        }
    }
}

impl Config {
    /// # Errors
    /// `InvalidArgument` when a bound leaves room for nothing.
    pub(crate) fn check(&self) -> Result<(), Status> {
        let bounds = [
            ("gathering_users_max", self.gathering_users_max),
            ("users_per_lookup_max", self.users_per_lookup_max),
            ("kick_wait_ms", self.kick_wait_ms as usize),
            ("kicks_max", self.kicks_max),
            ("nodes_max", self.nodes_max),
            ("links_per_node_max", self.links_per_node_max),
            ("events_per_answer_max", self.events_per_answer_max),
            ("wait_max_ms", self.wait_max_ms as usize),
            ("mailbox_idle_ms", self.mailbox_idle_ms as usize),
        ];
        match bounds.iter().find(|(_, bound)| *bound == 0) {
            None => Ok(()),
            Some((name, _)) => Err(Status::invalid_argument(format!("{name} is 0"))),
        }
    }
}
