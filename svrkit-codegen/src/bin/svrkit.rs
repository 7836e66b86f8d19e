//! The command line `svrkit`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    svrkit_codegen::cli::main()
}
