//! Who calls whom inside this process: between processes, each caller's own counters tell.

use svrkit_rt::monitor;
use svrkit_rt::{Channel, Intercept, Request, Status};

svrkit_rt::monitor! {
    /// Calls between services that share a process, by caller and callee.
    static CALLS: Counter = "im_role_calls";
}

/// A channel whose calls count as this caller's.
pub(crate) fn counted(from: &str, to: &str, channel: &Channel) -> Channel {
    let id = CALLS.labelled(&[("from", from), ("to", to)]);
    channel.with_layer(Intercept(move |_: &mut Request| -> Result<(), Status> {
        monitor::add(id, 1);
        Ok(())
    }))
}
