//! The command line `svrkit`: every command is a file, all of them answer to the shell with the same exit codes.

mod failure;
mod generate;
mod terminal;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use failure::Failure;
use terminal::Paint;

/// Services from .proto files: generate them, start them, call them, measure them.
#[derive(Debug, Parser)]
#[command(
    name = "svrkit",
    version,
    after_help = "Exit codes: 0 done · 1 the call failed, or something would break · 2 the command line makes no sense"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Gen(generate::Args),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    match run(std::env::args_os().collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let shown = failure.to_string();
            if !shown.is_empty() {
                eprintln!("{} {shown}", Paint::stderr().red("error:"));
            }
            failure.exit_code()
        }
    }
}

fn run(args: Vec<OsString>) -> Result<(), Failure> {
    // Ends the process itself on `--help`, `--version` (0) and on what it cannot parse (2).
    let cli = Cli::parse_from(args);
    match cli.command {
        Command::Gen(args) => generate::run(args),
    }
}

/// Include folders, each of which is one.
fn checked_includes(includes: Vec<PathBuf>) -> Result<Vec<PathBuf>, Failure> {
    for include in &includes {
        if !include.is_dir() {
            return Err(Failure::usage(format!(
                "--include {}: no such folder",
                include.display()
            )));
        }
    }
    Ok(includes)
}
