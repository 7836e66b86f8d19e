//! `im monitor rules`: the plan in force.

use crate::plan::{DEFAULT_PLAN, Plan};
use clap::Args;
use im_serve::StartError;
use im_serve::process::tell;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(super) struct RulesArgs {
    /// The plan's file; without it, the built-in plan.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
}

/// Prints it as it is written, if there is no mistake in it.
pub(super) fn run(args: &RulesArgs) -> Result<(), StartError> {
    Plan::load(args.plan.as_deref())?;
    let text = match &args.plan {
        None => DEFAULT_PLAN.to_owned(),
        Some(file) => std::fs::read_to_string(file)?,
    };
    tell(text.trim_end());
    Ok(())
}
