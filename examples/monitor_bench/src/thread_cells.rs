//! Counters after brpc's `bvar`: a cell for each thread and counter, found by the counter's number in a table of the thread, written by
//! that thread alone, and added up by whoever reads.

use std::cell::RefCell;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

thread_local! {
    /// The thread's cells, by the number of their counter.
    static CELLS: RefCell<Vec<Option<Arc<AtomicU64>>>> = const { RefCell::new(Vec::new()) };
}

/// A counter made of cells.
#[derive(Debug)]
pub struct ThreadCells {
    number: usize,
    cells: Mutex<Vec<Arc<AtomicU64>>>,
}

impl ThreadCells {
    /// A counter at zero.
    pub fn new() -> ThreadCells {
        static COUNTERS: AtomicUsize = AtomicUsize::new(0);
        ThreadCells {
            number: COUNTERS.fetch_add(1, Relaxed),
            cells: Mutex::default(),
        }
    }

    /// Adds to this thread's cell.
    #[inline]
    pub fn add(&self, n: u64) {
        CELLS.with_borrow_mut(|cells| match cells.get(self.number) {
            Some(Some(cell)) => cell.store(cell.load(Relaxed) + n, Relaxed),
            _ => self.enter(cells).store(n, Relaxed),
        });
    }

    #[cold]
    fn enter(&self, cells: &mut Vec<Option<Arc<AtomicU64>>>) -> Arc<AtomicU64> {
        let cell = Arc::new(AtomicU64::new(0));
        self.cells
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .push(cell.clone());
        if cells.len() <= self.number {
            cells.resize(self.number + 1, None);
        }
        cells[self.number] = Some(cell.clone());
        cell
    }

    /// All cells together.
    pub fn value(&self) -> u64 {
        let cells = self.cells.lock().unwrap_or_else(|e| e.into_inner());
        cells.iter().map(|cell| cell.load(Relaxed)).sum()
    }
}

impl Default for ThreadCells {
    fn default() -> ThreadCells {
        ThreadCells::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_all_threads_add_up() {
        let (one, other) = (ThreadCells::new(), ThreadCells::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..100).for_each(|_| one.add(2)));
            }
        });
        other.add(1);
        assert_eq!((one.value(), other.value()), (800, 1));
    }
}
