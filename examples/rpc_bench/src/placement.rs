//! Which CPUs a process runs on.

use crate::Fault;
use crate::cell::Pin;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The two processes of a cell.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    Server,
    Client,
}

/// The CPUs that were ours before we pinned ourselves.
pub(crate) struct Everywhere(CpuSet);

/// Pins the calling thread and all that it will start: `same` is the last of the CPUs we may use, `split` the
/// first for the server and the second for the client.
pub(crate) fn pin(side: Side, pin: Pin) -> Result<Everywhere, Fault> {
    let before = sched_getaffinity(None)?;
    let mut cpus = (0..CpuSet::MAX_CPU).filter(|cpu| before.is_set(*cpu));
    let cpu = match (pin, side) {
        (Pin::None, _) => return Ok(Everywhere(before)),
        (Pin::Same, _) => cpus.next_back(),
        (Pin::Split, Side::Server) => cpus.next(),
        (Pin::Split, Side::Client) => cpus.nth(1),
    };
    let mut one = CpuSet::new();
    one.set(cpu.ok_or("split needs two CPUs")?);
    sched_setaffinity(None, &one)?;
    Ok(Everywhere(before))
}

impl Everywhere {
    /// Lets the calling thread, and what it starts, run where it could before.
    pub(crate) fn unpin(&self) -> Result<(), Fault> {
        Ok(sched_setaffinity(None, &self.0)?)
    }
}
