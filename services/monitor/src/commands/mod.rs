//! What `im monitor` does: tries rules on the past, prints those in force, shows the daily mail, gives Grafana a dashboard.

mod against;
mod mail;
mod remote;
mod rules;
mod test_rule;

pub use against::OpenHistory;

use clap::{Args, Subcommand};
use im_serve::StartError;
use im_serve::process::tell;

/// A Grafana dashboard of the backend, for a Prometheus that scrapes its `/metrics`.
pub const GRAFANA_DASHBOARD: &str = include_str!("../../grafana.json");

/// `im monitor`.
#[derive(Args, Debug)]
pub struct MonitorArgs {
    #[command(subcommand)]
    command: MonitorCommand,
}

#[derive(Debug, Subcommand)]
enum MonitorCommand {
    /// Replays the past through the rules of a file, and prints what they would have said.
    TestRule(test_rule::TestRuleArgs),
    /// Prints the plan in force: rules, sinks, daily mail. Without a file the built-in one, to begin one's own with.
    Rules(rules::RulesArgs),
    /// Shows the daily mail that would go out now.
    Mail(mail::MailArgs),
    /// Prints a Grafana dashboard, JSON.
    Dashboard,
}

/// Runs one of them, and prints what it has to say. `open` opens the store in a folder.
///
/// # Errors
/// What is wrong with what was asked for.
pub async fn run(args: MonitorArgs, open: OpenHistory) -> Result<(), StartError> {
    tell(answer(args, open).await?.trim_end());
    Ok(())
}

/// What one of them has to say.
///
/// # Errors
/// As [`run`].
pub async fn answer(args: MonitorArgs, open: OpenHistory) -> Result<String, StartError> {
    match args.command {
        MonitorCommand::TestRule(args) => test_rule::answer(args, open).await,
        MonitorCommand::Rules(args) => rules::answer(&args),
        MonitorCommand::Mail(args) => mail::answer(args, open).await,
        MonitorCommand::Dashboard => Ok(GRAFANA_DASHBOARD.to_owned()),
    }
}
