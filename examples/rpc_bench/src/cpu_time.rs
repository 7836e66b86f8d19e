//! CPU time and memory of a process, out of `/proc`.

use std::collections::HashMap;
use std::fs;

/// CPU time used so far: by thread in ns, and by the process in clock ticks.
pub(crate) struct CpuTime {
    threads: HashMap<String, u64>,
    ticks: u64,
}

impl CpuTime {
    /// All zero for a process that is not there.
    pub(crate) fn of(pid: u32) -> Self {
        let mut threads = HashMap::new();
        for task in fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let schedstat = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            if let Some(ns) = schedstat.split(' ').next().and_then(|ns| ns.parse().ok()) {
                threads.insert(task.file_name().to_string_lossy().into_owned(), ns);
            }
        }
        Self {
            threads,
            ticks: ticks(pid),
        }
    }

    /// µs used since. By thread where no thread has ended between, because a thread takes its count along; else
    /// by clock ticks, which are coarser (10 ms at most kernels) and lose nothing.
    pub(crate) fn us_since(&self, before: &CpuTime) -> f64 {
        let all_there = before
            .threads
            .keys()
            .all(|thread| self.threads.contains_key(thread));
        if all_there && !before.threads.is_empty() {
            let ns = self.threads.values().sum::<u64>() - before.threads.values().sum::<u64>();
            return ns as f64 / 1e3;
        }
        let ticks_per_second = rustix::param::clock_ticks_per_second();
        (self.ticks - before.ticks) as f64 * 1e6 / ticks_per_second as f64
    }
}

/// Peak resident memory in MiB.
pub(crate) fn peak_rss_mib(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 = line
        .and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0.0);
    kib / 1024.0
}

/// User and system time, fields 14 and 15 of `stat`; the name in field 2 may have blanks.
fn ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    after_name
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum()
}
