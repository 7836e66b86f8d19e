//! Who calls whom inside this process: between processes, each caller's own counters tell.

use svrkit_rt::Channel;

svrkit_rt::monitor! {
    /// Calls between services that share a process, by caller and callee.
    static CALLS: Counter = "im_role_calls";
}

/// A channel whose calls count as this caller's.
pub(crate) fn counted(from: &str, to: &str, channel: &Channel) -> Channel {
    channel.tallied(CALLS.labelled(&[("from", from), ("to", to)]))
}
