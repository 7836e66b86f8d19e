//! The command line.

use crate::experiments::{Case, Experiment};
use crate::policies::PolicyKind;
use clap::Parser;
use std::path::PathBuf;

/// Judges overload control: goodput of seven policies under load, beside the best that is possible.
#[derive(Clone, Debug, Parser)]
#[command(name = "overload")]
pub struct Options {
    /// Which experiments; all when not said.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub experiments: Vec<Experiment>,
    /// Which policies; all when not said.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub policies: Vec<PolicyKind>,
    /// Seconds that count for each load.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub seconds: u64,
    /// Of all that is drawn.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// In real time, over svrkit's own servers and channels: E1, E2 and E7.
    #[arg(long)]
    pub real: bool,
    /// Chains of so many calls only.
    #[arg(long, value_delimiter = ',')]
    pub chains: Vec<usize>,
    /// Only at these multiples of the capacity.
    #[arg(long, value_delimiter = ',')]
    pub loads: Vec<f64>,
    /// A line of JSON for each policy, chain and load.
    #[arg(long)]
    pub json: bool,
    /// Also draws the curves of E1 and E2 into this file.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

impl Options {
    /// The experiments asked for.
    pub fn experiments(&self) -> Vec<Experiment> {
        match self.experiments.as_slice() {
            [] => Experiment::ALL.to_vec(),
            some => some.to_vec(),
        }
    }

    /// Whether a case is asked for.
    pub fn wants(&self, case: &Case) -> bool {
        let chain = self.chains.is_empty() || self.chains.contains(&case.chain);
        let load = self.loads.is_empty() || self.loads.contains(&case.load);
        chain && load
    }

    /// The policies asked for.
    pub fn policies(&self) -> Vec<PolicyKind> {
        match self.policies.as_slice() {
            [] => PolicyKind::ALL.to_vec(),
            some => some.to_vec(),
        }
    }
}
