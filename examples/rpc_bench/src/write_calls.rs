//! How many system calls a server makes to write, counted by `perf` while the load goes on.

use crate::tally;
use std::process::Command;
use std::time::Instant;

const EVENTS: &str = "duration_time,syscalls:sys_enter_sendto,syscalls:sys_enter_sendmsg,syscalls:sys_enter_sendmmsg,\
                      syscalls:sys_enter_write,syscalls:sys_enter_writev";
const WINDOW_SECS: &str = "1";

/// Write-like system calls of the process for each call that the client finished meanwhile, over one second.
/// None without `perf` or without the right to use tracepoints.
///
/// `/proc/PID/io` would need neither, but does not count `send`, with which most sockets are written.
pub(crate) fn per_call(pid: u32) -> Option<f64> {
    let (began, calls_before) = (Instant::now(), tally::calls());
    let output = Command::new("perf")
        .args([
            "stat",
            "-x",
            ",",
            "-e",
            EVENTS,
            "-p",
            &pid.to_string(),
            "--",
            "sleep",
            WINDOW_SECS,
        ])
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let calls_per_s = (tally::calls() - calls_before) as f64 / began.elapsed().as_secs_f64();
    let (seconds, writes) = read(&String::from_utf8_lossy(&output.stderr))?;
    (calls_per_s > 0.0).then(|| writes / seconds / calls_per_s)
}

/// Seconds counted, and writes in them, out of `count,unit,event,...` lines.
fn read(lines: &str) -> Option<(f64, f64)> {
    let (mut seconds, mut writes) = (None, 0.0);
    for line in lines.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        match fields[..] {
            [ns, _, "duration_time", ..] => seconds = Some(ns.parse::<f64>().ok()? / 1e9),
            [count, _, event, ..] if event.starts_with("syscalls:") => {
                writes += count.parse::<f64>().ok()?
            }
            _ => {}
        }
    }
    Some((seconds?, writes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_of_writes_add_up() {
        let lines = "1000000000,ns,duration_time,1,100.00,,\n12,,syscalls:sys_enter_sendto,9,100.00,,\n30,,syscalls:sys_enter_writev,9,100.00,,\n";
        assert_eq!(read(lines), Some((1.0, 42.0)));
    }

    #[test]
    fn an_event_that_could_not_be_counted_gives_no_figure() {
        assert_eq!(
            read(
                "1000000000,ns,duration_time,1,100.00,,\n<not counted>,,syscalls:sys_enter_sendto,0,0.00,,\n"
            ),
            None
        );
    }
}
