//! The agent of a machine: reads the counters of its processes, and reports them to the centre.
//!
//! Every period, `scan` reads the segments and `host` the machine; `changes` tells what changed since the last report; the report goes
//! through the `spool` to the centre, or waits there while the centre is away. One task (`reporting`) owns all of it.
//!
//! # Nothing lost, nothing doubled
//!
//! A report says where counters stand, not by how much they rose, and the centre keeps where they stood beside what it added up. So the
//! agent has nothing to remember: killed between reading, writing, sending and hearing the answer, its next life reads the counters where
//! they stand by then, and the difference to what the centre has is what is missing. A report that is dropped costs detail, not counts.

mod changes;
mod host;
mod identity;
mod reading;
mod reporting;
mod scan;
mod schedule;
mod service;
mod spool;
mod start;

pub use start::{AgentDeps, build_agent, start_agent};
