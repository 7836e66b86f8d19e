//! Processes of this machine, as `/proc` shows them.

use rustix::process::{Pid, Signal, kill_process};
use std::collections::HashMap;
use std::fs;

/// A process of a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) pid: u32,
}

impl Process {
    /// Kills it as a crash would: it does nothing more. One that is gone already is not an error.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// The command that it runs; empty when it has ended.
    pub(crate) fn command(&self) -> Vec<u8> {
        command_of(self.pid)
    }

    /// Has it start the next one, and hand over.
    pub(crate) fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }
}

/// Whether a process has not ended yet.
pub(crate) fn is_there(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| !stat.is_dead)
}

/// A process that runs this very command.
pub(crate) fn running(command: &[u8]) -> Option<u32> {
    let mut pids = pids().filter(|_| !command.is_empty());
    pids.find(|pid| command_of(*pid) == command)
}

/// All there are.
fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Processes that `parent` has started, by the role they were given.
pub(crate) fn children(parent: u32) -> Vec<Process> {
    let is_child =
        |pid: &u32| stat(*pid).is_some_and(|stat| stat.parent == parent && !stat.is_dead);
    let mut children: Vec<Process> = pids()
        .filter(is_child)
        .map(|pid| Process {
            name: role(pid),
            pid,
        })
        .collect();
    children.sort_by(|a, b| a.name.cmp(&b.name));
    children
}

fn command_of(pid: u32) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

/// What follows `--role` on a command line.
fn role(pid: u32) -> String {
    let line = command_of(pid);
    let words = line.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let after = words.skip_while(|word| word != "--role").nth(1);
    after.map_or_else(|| pid.to_string(), |role| role.into_owned())
}

/// Memory of a process that is in use, in bytes; 0 when it is gone.
pub(crate) fn resident_bytes(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// CPUs that this process may use.
pub(crate) fn cpus() -> Vec<u32> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    cpu_list(line.unwrap_or_default())
}

fn cpu_list(list: &str) -> Vec<u32> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    list.trim().split(',').filter_map(range).flatten().collect()
}

/// CPU time of processes that come and go.
#[derive(Debug, Default)]
pub(crate) struct CpuMeter {
    /// As last seen, in clock ticks.
    seen: HashMap<u32, u64>,
    used_ticks: u64,
}

impl CpuMeter {
    /// Looks at processes. What a process used between the last look and its death is not seen, so look often.
    pub(crate) fn look(&mut self, pids: impl IntoIterator<Item = u32>) {
        for pid in pids {
            let Some(stat) = stat(pid) else {
                continue;
            };
            // What one used before it was first seen is somebody else's: unless it is young, then it is ours.
            let before = self.seen.insert(pid, stat.ticks);
            self.used_ticks += stat.ticks.saturating_sub(before.unwrap_or(stat.ticks));
        }
    }

    /// Microseconds used between the looks so far.
    pub(crate) fn used_us(&self) -> f64 {
        self.used_ticks as f64 * 1e6 / rustix::param::clock_ticks_per_second() as f64
    }
}

struct Stat {
    parent: u32,
    is_dead: bool,
    /// User and system time.
    ticks: u64,
}

/// Fields 3, 4, 14 and 15 of `stat`; the name in field 2 may have blanks.
fn stat(pid: u32) -> Option<Stat> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(number(1)?).ok()?,
        is_dead: matches!(fields.first(), Some(&"Z" | &"X")),
        ticks: number(11)? + number(12)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cpus() {
        assert_eq!(cpu_list(" 0-1\n"), [0, 1]);
        assert_eq!(cpu_list("3,5-7"), [3, 5, 6, 7]);
        assert!(cpu_list("").is_empty());
    }

    #[test]
    fn a_child_is_found_by_its_parent_and_killed() {
        // Like nobody else's on this machine.
        let seconds = format!("61.{}", std::process::id());
        let mut child = std::process::Command::new("sleep")
            .arg(seconds)
            .spawn()
            .unwrap();
        let found = children(std::process::id());
        let found = found.iter().find(|process| process.pid == child.id());
        let found = found.expect("it is there");
        // A process is there a moment before it says what it runs.
        while found.command().is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(running(&found.command()), Some(child.id()));
        found.kill();
        assert!(!child.wait().unwrap().success());
        assert!(!is_there(child.id()) && found.command().is_empty());
    }

    #[test]
    fn cpu_time_grows_with_work() {
        let me = [std::process::id()];
        let mut meter = CpuMeter::default();
        meter.look(me);
        let begun = std::time::Instant::now();
        while begun.elapsed() < std::time::Duration::from_millis(60) {
            std::hint::black_box(begun.elapsed());
        }
        meter.look(me);
        assert!(meter.used_us() > 0.0);
        assert!(resident_bytes(me[0]) > 100 * 1024);
    }
}
