//! The monitoring's centre as a process of its own.

use im_serve::process::launch;
use std::process::ExitCode;

fn main() -> ExitCode {
    launch("monitor", |told| {
        im_monitor::serve(told.changes, told.here.address, told.life)
    })
}
