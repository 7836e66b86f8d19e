//! What the log says of agents: once when something goes wrong, and once when it is right again.

use crate::store::Taken;
use im_idl::monitor::ReportRequest;
use std::collections::HashMap;

/// Between two lines about the same trouble of the same agent.
const AGAIN_MS: u64 = 10 * 60 * 1_000;
/// Agents that are remembered. Beyond, all are forgotten, and some line is written once more.
const AGENTS_MAX: usize = 1_000;

/// What was said of each agent, and when.
#[derive(Debug, Default)]
pub(super) struct Notices {
    agents: HashMap<String, Said>,
}

#[derive(Debug, Default)]
struct Said {
    off: bool,
    refused_ms: u64,
    contested_ms: u64,
}

impl Notices {
    /// Says what is to be said of a report.
    pub(super) fn of_report(&mut self, now_ms: u64, report: &ReportRequest, taken: &Taken) {
        if self.agents.len() >= AGENTS_MAX && !self.agents.contains_key(&report.agent) {
            self.agents.clear();
        }
        let said = self.agents.entry(report.agent.clone()).or_default();
        let (host, agent) = (&report.host, &report.agent);
        if taken.skew_ms.is_some() != said.off && !taken.repeated {
            said.off = taken.skew_ms.is_some();
            match taken.skew_ms {
                Some(ahead_ms) => tracing::warn!(
                    host,
                    ahead_ms,
                    "an agent's clock is off: its reports are placed by the centre's"
                ),
                None => tracing::info!(host, "an agent's clock is right again"),
            }
        }
        if taken.refused > 0 && is_due(&mut said.refused_ms, now_ms) {
            let refused = taken.refused;
            tracing::warn!(
                host,
                refused,
                "series are not taken: there are as many as series_max or agent_series_max allow"
            );
        }
        if !taken.contested.is_empty() && is_due(&mut said.contested_ms, now_ms) {
            let instances = taken.contested.join(", ");
            tracing::warn!(
                host,
                agent,
                instances,
                "two agents report the same instances of one host: this one is not heard"
            );
        }
    }
}

fn is_due(said_ms: &mut u64, now_ms: u64) -> bool {
    let due = *said_ms == 0 || now_ms.saturating_sub(*said_ms) >= AGAIN_MS;
    if due {
        *said_ms = now_ms;
    }
    due
}
