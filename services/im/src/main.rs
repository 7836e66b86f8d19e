//! `im`: the messaging backend, a client for the terminal, and a load with proof, in one binary.

mod gray;
mod keys;
mod run;

use clap::{Parser, Subcommand};
use im_serve::process::run_to_end;
use mimalloc::MiMalloc;
use std::process::ExitCode;

/// A message is a few dozen small allocations, made on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Parser)]
#[command(name = "im", version, about = "A messaging backend in one command")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::RunArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the backend (also without a command).
    Run(run::RunArgs),
    /// Chats: registers or logs in, then talks.
    Chat(im_client::chat::ChatArgs),
    /// Loads a backend and proves that nothing was lost, doubled or out of order.
    Press(im_press::PressArgs),
    /// Tries rules of alarms on the past, prints those in force, shows the daily mail.
    Monitor(im_monitor::commands::MonitorArgs),
    /// Shows, raises and lowers whose calls meet the release that is being tried, and promotes it.
    Gray(gray::GrayArgs),
    /// Prints new keys by which services show who they are: lines for `auth.key_file`.
    Keys(keys::KeysArgs),
    /// Says whether the settings make sense.
    CheckConfig(run::SettingsArgs),
    /// Prints all settings, defaults filled in.
    PrintConfig(run::SettingsArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        None => run_to_end("im", run::run(cli.run)),
        Some(Command::Run(args)) => run_to_end("im", run::run(args)),
        Some(Command::Chat(args)) => run_to_end("im chat", im_client::chat::run(args)),
        Some(Command::Press(args)) => run_to_end("im press", im_press::run(args)),
        Some(Command::Monitor(args)) => run_to_end(
            "im monitor",
            im_monitor::commands::run(args, im_monitor::open_past),
        ),
        Some(Command::Gray(args)) => run_to_end("im gray", gray::run(args)),
        Some(Command::Keys(args)) => run_to_end("im keys", async { keys::run(&args) }),
        Some(Command::CheckConfig(args)) => {
            run_to_end("im check-config", async { run::check_config(&args) })
        }
        Some(Command::PrintConfig(args)) => {
            run_to_end("im print-config", async { run::print_config(&args) })
        }
    }
}
