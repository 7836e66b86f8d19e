//! The access layer as a process of its own.

use im_serve::process::launch;
use std::process::ExitCode;

fn main() -> ExitCode {
    launch("access", |told| im_access::serve(told.changes, told.life))
}
