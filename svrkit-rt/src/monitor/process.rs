//! What the system says of this process.

use rustix::param::page_size;
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::sync::{LazyLock, Mutex};
use std::time::Instant;

crate::monitor! {
    /// Processor time of all threads.
    static CPU: Counter = "process_cpu_microseconds" in "microseconds";
    /// Memory in use, as the system sees it.
    static MEMORY: Gauge = "process_resident_memory_bytes" in "bytes";
    /// Files and sockets open.
    static FILES: Gauge = "process_open_files";
    /// Files and sockets that may be open.
    static FILES_MAX: Gauge = "process_open_files_limit";
    /// Threads.
    static THREADS: Gauge = "process_threads";
    /// Time since the process began to count.
    static UPTIME: Gauge = "process_uptime_seconds" in "seconds";
}

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
/// Processor time that is counted. The lock keeps two who look at once from counting it twice.
static CPU_COUNTED_US: Mutex<u64> = Mutex::new(0);

/// Looks at the process now. What the system does not tell stays away.
pub(super) fn sample() {
    UPTIME.set(STARTED.elapsed().as_secs() as i64);
    {
        let mut counted = CPU_COUNTED_US.lock().unwrap_or_else(|e| e.into_inner());
        let now = cpu_us();
        CPU.add(now.saturating_sub(*counted));
        *counted = now.max(*counted);
    }
    if let Some(pages) = word_of("/proc/self/statm", 1) {
        MEMORY.set(pages * page_size() as i64);
    }
    if let Some(files) = open_files() {
        FILES.set(files);
    }
    if let Some(max) = getrlimit(Resource::Nofile).current {
        FILES_MAX.set(i64::try_from(max).unwrap_or(i64::MAX));
    }
    if let Some(threads) = threads() {
        THREADS.set(threads);
    }
}

fn cpu_us() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1_000
}

/// Since Linux 6.2 the directory's size is their number; before, it is 0 and they must be counted.
fn open_files() -> Option<i64> {
    let directory = "/proc/self/fd";
    match fs::metadata(directory).ok()?.len() {
        0 => Some(fs::read_dir(directory).ok()?.count() as i64),
        files => Some(files as i64),
    }
}

/// The 20th value of `stat`, counted from behind the program's name, which may hold anything.
fn threads() -> Option<i64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, values) = stat.rsplit_once(')')?;
    values.split_ascii_whitespace().nth(17)?.parse().ok()
}

fn word_of(path: &str, n: usize) -> Option<i64> {
    let text = fs::read_to_string(path).ok()?;
    text.split_ascii_whitespace().nth(n)?.parse().ok()
}

/// The machine's boot; 0 when the system does not tell.
pub(super) fn boot_id() -> u128 {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    u128::from_str_radix(&digits, 16).unwrap_or(0)
}
