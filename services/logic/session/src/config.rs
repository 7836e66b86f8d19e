//! Bounds of the table.

use serde::{Deserialize, Serialize};
use svrkit_rt::Status;

/// How long nodes are believed, and how much the table holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Milliseconds that a node's links stay without a renewal. Default 15,000: nodes renew each third of it, so that two lost renewals
    /// do no harm, and the links of a dead node are believed no longer than that.
    pub lease_ms: u32,
    /// Access nodes at once, dead ones within their lease included. Default 1,000.
    pub nodes_max: usize,
    /// Links of one node. Default 200,000: more than the files that a process may open.
    pub links_per_node_max: usize,
    /// Links of one user. Default 32: beyond, the one opened first is displaced. Accounts allow fewer devices.
    pub devices_per_user_max: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            lease_ms: 15_000,
            nodes_max: 1_000,
            links_per_node_max: 200_000,
            devices_per_user_max: 32,
        }
    }
}

impl Config {
    /// # Errors
    /// `InvalidArgument` when a bound leaves room for nothing.
    pub(crate) fn check(&self) -> Result<(), Status> {
        let bounds = [
            ("lease_ms", self.lease_ms as usize),
            ("nodes_max", self.nodes_max),
            ("links_per_node_max", self.links_per_node_max),
            ("devices_per_user_max", self.devices_per_user_max),
        ];
        match bounds.iter().find(|(_, bound)| *bound == 0) {
            None => Ok(()),
            Some((name, _)) => Err(Status::invalid_argument(format!("{name} is 0"))),
        }
    }
}
