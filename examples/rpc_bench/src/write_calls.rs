//! How many system calls a server makes to write, counted by `perf` while the load goes on.

use crate::tally;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

const EVENTS: &str = "syscalls:sys_enter_sendto,syscalls:sys_enter_sendmsg,\
                      syscalls:sys_enter_sendmmsg,syscalls:sys_enter_write,syscalls:sys_enter_writev";
/// `perf` counts as long as this runs, which tells us when it began and when it ended.
const WINDOW: &str = "echo; sleep 1; echo";

/// Write-like system calls of the process for each call that the client finished meanwhile, over
/// one second. None without `perf` or without the right to use tracepoints.
///
/// `/proc/PID/io` would need neither, but does not count `send`, with which most sockets are
/// written.
pub(crate) fn per_call(pid: u32) -> Option<f64> {
    let mut perf = Command::new("perf")
        .args(["stat", "-x", ",", "-e", EVENTS, "-p", &pid.to_string()])
        .args(["--", "sh", "-c", WINDOW])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut marks = BufReader::new(perf.stdout.take()?);
    let mut mark = || marks.read_line(&mut String::new()).map(|_| tally::calls());
    let (before, after) = (mark().ok(), mark().ok());
    let mut counts = String::new();
    perf.stderr.take()?.read_to_string(&mut counts).ok()?;
    let succeeded = perf.wait().ok()?.success();
    let calls = (after? - before?) as f64;
    (succeeded && calls > 0.0).then_some(sum(&counts)? / calls)
}

/// The sum of `count,unit,event,...` lines; None if there is none, or an event was not counted.
fn sum(lines: &str) -> Option<f64> {
    let counts = lines.lines().filter(|line| line.contains("syscalls:"));
    counts
        .map(|line| line.split(',').next()?.parse::<f64>().ok())
        .reduce(|sum, count| Some(sum? + count?))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_of_writes_add_up() {
        let lines =
            "12,,syscalls:sys_enter_sendto,9,100.00,,\n30,,syscalls:sys_enter_writev,9,100.00,,\n";
        assert_eq!(sum(lines), Some(42.0));
    }

    #[test]
    fn an_event_that_was_not_counted_gives_no_figure() {
        let lines = "12,,syscalls:sys_enter_write,9,100.00,,\n<not counted>,,syscalls:sys_enter_sendto,0,0.00,,\n";
        assert_eq!(sum(lines), None);
        assert_eq!(sum("event syntax error\n"), None);
    }
}
