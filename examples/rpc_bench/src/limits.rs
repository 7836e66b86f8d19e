//! Limits of a process that the bench sets for itself.

use crate::Fault;
use rustix::process::{
    Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit,
};

/// As many open files as we may have (a pool has a connection for each call in flight), and no life without the
/// process that started us.
pub(crate) fn apply() -> Result<(), Fault> {
    let files = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: files.maximum,
            maximum: files.maximum,
        },
    )?;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}
