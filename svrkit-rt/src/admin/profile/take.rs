//! Taking a profile: a signal for each hundredth of a second of processor time, and the stack it meets.

use super::stacks::Profile;
use crate::clock;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// Looks a second of processor time. A prime beside the usual hundred, so that nothing that happens each hundredth hides.
const FREQUENCY_HZ: u32 = 99;
/// What cannot be unwound from a signal.
const NOT_UNWOUND: [&str; 4] = ["libc", "libgcc", "pthread", "vdso"];

/// Takes profiles, one at a time, and keeps the last one.
#[derive(Debug, Default)]
pub(in crate::admin) struct Profiler {
    taking: tokio::sync::Mutex<()>,
    last: Mutex<Option<Arc<Profile>>>,
}

/// Why there is no profile.
#[derive(Debug)]
pub(in crate::admin) enum TakeError {
    /// Somebody else is taking one.
    Busy,
    /// The profiler does not work here.
    Broken(String),
}

impl Profiler {
    /// Looks for so long.
    pub(in crate::admin) async fn take(&self, length: Duration) -> Result<Arc<Profile>, TakeError> {
        let _turn = self.taking.try_lock().map_err(|_| TakeError::Busy)?;
        let broken = |e: pprof::Error| TakeError::Broken(e.to_string());
        let began_us = clock::now_us();
        let guard = pprof::ProfilerGuardBuilder::default()
            .frequency(FREQUENCY_HZ as i32)
            .blocklist(&NOT_UNWOUND)
            .build()
            .map_err(broken)?;
        sleep(length).await;
        // Finding names takes as long as the program is large: seconds, of a thread.
        let named = tokio::task::spawn_blocking(move || guard.report().build().map(stacks));
        let named = named.await.map_err(|e| TakeError::Broken(e.to_string()))?;
        let profile = Arc::new(Profile {
            stacks: named.map_err(broken)?,
            length,
            began_us,
            frequency_hz: FREQUENCY_HZ,
        });
        *self.last_profile() = Some(profile.clone());
        Ok(profile)
    }

    /// The last one that was taken.
    pub(in crate::admin) fn last(&self) -> Option<Arc<Profile>> {
        self.last_profile().clone()
    }

    fn last_profile(&self) -> MutexGuard<'_, Option<Arc<Profile>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stacks(report: pprof::Report) -> Vec<(Vec<String>, u64)> {
    let stacks = report.data.into_iter().map(|(frames, count)| {
        // The innermost function comes first there, those compiled into it before it.
        let names = frames.frames.iter().flatten().rev();
        let names = names.map(|symbol| short(&symbol.name()).to_owned());
        let thread = frames.thread_name_or_id();
        let stack = [thread].into_iter().chain(names).collect();
        (stack, count.unsigned_abs() as u64)
    });
    stacks.collect()
}

/// A name without the hash that the compiler ends it with.
fn short(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            name
        }
        _ => name,
    }
}

impl fmt::Display for TakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TakeError::Busy => f.write_str("somebody is taking a profile; come back in a minute"),
            TakeError::Broken(why) => write!(f, "no profile can be taken: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_without_a_hash() {
        assert_eq!(short("a::b::h0123456789abcdef"), "a::b");
        assert_eq!(short("a::hello"), "a::hello");
    }
}
