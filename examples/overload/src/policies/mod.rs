//! The seven policies that are compared.

mod codel;
mod fifo_cap;
mod gradient;
mod random_reject;

use clap::ValueEnum;
use codel::CoDel;
use fifo_cap::FifoCap;
use gradient::Gradient;
use random_reject::RandomReject;
use std::sync::Arc;
use svrkit_rt::admission::{AdmitAll, Dagor, DagorConfig, Policy};

/// Requests that may wait at a server with [`FifoCap`]: about 130 ms of work for the servers that are simulated.
const FIFO_WAITING_MAX: usize = 32;

/// A policy that can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum PolicyKind {
    /// Everything is admitted.
    None,
    /// A queue with an end.
    Fifo,
    /// phxrpc's: some of a hundred are refused, whichever.
    Random,
    /// Controlled delay.
    Codel,
    /// A limit of concurrency that follows latency.
    Gradient,
    /// DAGOR, and callers send whatever they have.
    DagorServer,
    /// DAGOR.
    Dagor,
}

impl PolicyKind {
    /// All of them.
    pub const ALL: [PolicyKind; 7] = [
        PolicyKind::None,
        PolicyKind::Fifo,
        PolicyKind::Random,
        PolicyKind::Codel,
        PolicyKind::Gradient,
        PolicyKind::DagorServer,
        PolicyKind::Dagor,
    ];

    /// As tables and files call it.
    pub fn name(self) -> &'static str {
        match self {
            PolicyKind::None => "none",
            PolicyKind::Fifo => "fifo",
            PolicyKind::Random => "random",
            PolicyKind::Codel => "codel",
            PolicyKind::Gradient => "gradient",
            PolicyKind::DagorServer => "dagor-server",
            PolicyKind::Dagor => "dagor",
        }
    }

    /// Whether callers keep back what they know would be refused.
    pub fn callers_shed(self) -> bool {
        self == PolicyKind::Dagor
    }

    /// One for a server.
    pub fn build(self, seed: u64) -> Arc<dyn Policy> {
        match self {
            PolicyKind::None => Arc::new(AdmitAll),
            PolicyKind::Fifo => Arc::new(FifoCap::new(FIFO_WAITING_MAX)),
            PolicyKind::Random => Arc::new(RandomReject::new(seed)),
            PolicyKind::Codel => Arc::new(CoDel::default()),
            PolicyKind::Gradient => Arc::new(Gradient::new()),
            PolicyKind::DagorServer | PolicyKind::Dagor => {
                Arc::new(Dagor::new(DagorConfig::default()))
            }
        }
    }
}
