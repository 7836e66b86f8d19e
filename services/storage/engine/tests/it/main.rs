//! What every engine does, and what the one on a disk does beyond it.

mod conformance;
mod local;
