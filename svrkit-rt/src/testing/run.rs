//! The runtime of a test.

use super::seed::Seed;
use std::future::Future;
use std::time::Duration;
use tokio::runtime::Builder;

/// Hours on the paused clock after which a test has certainly hung. They pass at once when nothing else is left to happen.
pub const VIRTUAL_HOURS_MAX: u64 = 24 * 7;

/// Runs a test: one thread, a clock that stands still while anybody works and jumps to the next timer when nobody does, and a seed
/// for all randomness (of the runtime, too) from `SVRKIT_SEED` or by chance. The seed is printed, so the harness shows it for tests
/// that fail.
///
/// The clock moves by itself only in memory: a test with sockets under a paused clock sees its timeouts fire before its bytes arrive.
///
/// # Panics
/// When the test does, and when it waits for something that never comes.
pub fn run_test<Fut: Future>(name: &str, test: impl FnOnce(Seed) -> Fut) -> Fut::Output {
    let seed = Seed::from_env();
    println!("{name}: seed = {seed}; run again with SVRKIT_SEED={seed}");
    run_seeded(seed, test)
}

/// As [`run_test`] with a seed of one's own: for tests that compare two runs.
///
/// # Panics
/// As [`run_test`].
pub fn run_seeded<Fut: Future>(seed: Seed, test: impl FnOnce(Seed) -> Fut) -> Fut::Output {
    // The runtime draws from the thread's generator, in `run_test`'s caller too; it gets back what it had.
    let before = fastrand::get_seed();
    fastrand::seed(seed.derive("runtime").value());
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime starts");
    let output = runtime.block_on(async {
        let hours = Duration::from_secs(VIRTUAL_HOURS_MAX * 3600);
        tokio::time::timeout(hours, test(seed)).await
    });
    drop(runtime);
    fastrand::seed(before);
    match output {
        Ok(output) => output,
        Err(_) => panic!("the test waits for something that never comes"),
    }
}
