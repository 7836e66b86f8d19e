//! What counting is compared to: counters as other systems build them.

mod segment;
mod thread_cells;

pub use segment::open_segment;
pub use thread_cells::ThreadCells;
