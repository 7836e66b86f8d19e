//! What every engine does, and what the one on a disk does beyond it.

mod bounds;
mod conformance;
mod kill;
mod memory_first;
mod races;
mod reopen;
