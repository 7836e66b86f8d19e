//! What takes a process of its own: a great many inputs, connections and cancels, with an eye on the memory.
//!
//! One test at a time, because all of them look at the memory and the tasks of the whole process.

#[allow(dead_code, unused_imports)]
#[path = "../it/support/mod.rs"]
mod support;

mod cancel_storm;
mod connections;
mod memory;
mod mutations;
mod streams;

use std::sync::Mutex;

/// Runs a test while no other runs.
fn alone(test: impl FnOnce()) {
    static ALONE: Mutex<()> = Mutex::new(());
    // A test that failed leaves nothing behind that another could mind.
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    test();
}

/// As [`alone`], with sockets: on one thread, in real time.
fn alone_on_sockets<F: Future<Output = ()>>(test: F) {
    alone(|| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap().block_on(test);
    });
}

/// Bytes of memory that the process has in use.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}
