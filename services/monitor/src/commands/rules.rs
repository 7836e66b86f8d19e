//! `im monitor rules`: the plan in force.

use crate::plan::{DEFAULT_PLAN, Plan};
use clap::Args;
use im_serve::StartError;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(super) struct RulesArgs {
    /// The plan's file; without it, the built-in plan.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
}

/// As it is written, if there is no mistake in it.
pub(super) fn answer(args: &RulesArgs) -> Result<String, StartError> {
    Plan::load(args.plan.as_deref())?;
    match &args.plan {
        None => Ok(DEFAULT_PLAN.to_owned()),
        Some(file) => Ok(std::fs::read_to_string(file)?),
    }
}
