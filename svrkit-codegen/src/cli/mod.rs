//! The command line `svrkit`: every command is a file, all of them answer to the shell with the same exit codes.

mod address;
mod call;
mod check;
mod credentials;
mod failure;
mod flags;
mod generate;
mod list;
mod method;
mod new;
mod press;
mod reflection;
mod replay;
mod request;
mod target;
mod terminal;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};

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
    New(new::Args),
    Gen(generate::Args),
    Check(check::Args),
    List(list::Args),
    Call(call::Args),
    Press(press::Args),
    Replay(replay::Args),
}

/// Commands of which every unknown option is a field of the request.
const TAKES_FIELDS: [&str; 2] = ["call", "press"];

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
    let command = Cli::command();
    // `call` and `press` take the fields of a request as options, which nobody can know before the server was asked.
    let name = args.get(1).and_then(|it| it.to_str()).unwrap_or_default();
    let (args, fields) = match command.find_subcommand(name) {
        Some(subcommand) if TAKES_FIELDS.contains(&name) => flags::split(subcommand, args),
        _ => (args, Vec::new()),
    };
    // Ends the process itself on `--help`, `--version` (0) and on what it cannot parse (2).
    let matches = command.get_matches_from(args);
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match cli.command {
        Command::New(args) => new::run(args),
        Command::Gen(args) => generate::run(args),
        Command::Check(args) => check::run(args),
        Command::List(args) => wait(list::run(args)),
        Command::Call(args) => wait(call::run(args, fields)),
        Command::Press(args) => press::run(args, fields),
        Command::Replay(args) => replay::run(args),
    }
}

/// Runs a command that asks a server: one thread is plenty.
fn wait<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("no runtime: {error}")))?
        .block_on(command)
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
