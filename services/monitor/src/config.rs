//! What may be set.

use serde::{Deserialize, Serialize, Serializer};
use std::path::PathBuf;

/// Of the centre: section `[monitor]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Series of all agents together. Default 20,000: some 15 KB of memory each, and as much as a fortnight of them takes of a small disk.
    pub series_max: usize,
    /// Series of one agent. Default 10,000: one machine must not take all the room.
    pub agent_series_max: usize,
    /// Instances of all agents together, those included that fell silent. Default 1,000.
    pub instances_max: usize,
    /// Reports that wait to be written. Beyond, they are refused as overloaded, and agents try again. Default 256.
    pub reports_max: usize,
    /// Milliseconds between two looks that the page is shown while somebody watches. Default 5,000: half a report.
    pub live_ms: u64,
    /// Milliseconds to wait for another process to let go of the folder. Default 3,000: as long as one that was told to end may take for
    /// its last write.
    pub lock_wait_ms: u64,
    /// The plan: rules of alarms, who is told, the daily mail. Read again when it changes. Empty: the built-in one, which `im monitor rules`
    /// prints.
    pub plan: PathBuf,
    /// What silencing an alarm needs to be said with, as `authorization: Bearer TOKEN`. Empty: nothing, for the page is on loopback.
    /// Never printed.
    #[serde(serialize_with = "blank")]
    pub token: String,
}

/// Of the agents: section `[agent]`. What is counted, and where, says `[counters]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    /// What the machine is called. Empty: its host name.
    pub host: String,
    /// Milliseconds between two readings, 1,000 to 60,000. Default 10,000, which is what the centre keeps longest in detail.
    pub period_ms: u64,
    /// Bytes of reports that wait on the disk while the centre is away; beyond, the oldest are dropped. Default 64 MiB: hours.
    pub spool_bytes_max: u64,
    /// Milliseconds to wait for another process to let go of the folder. Default 3,000: as long as one that was told to end may take for
    /// its last reading.
    pub lock_wait_ms: u64,
}

/// A secret is there or not; what it is nobody is told.
fn blank<S: Serializer>(secret: &str, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(if secret.is_empty() { "" } else { "•••" })
}

/// Bounds of a period, in milliseconds.
pub(crate) const PERIOD_MS: std::ops::RangeInclusive<u64> = 1_000..=60_000;

impl Default for Config {
    fn default() -> Config {
        Config {
            series_max: 20_000,
            agent_series_max: 10_000,
            instances_max: 1_000,
            reports_max: 256,
            live_ms: 5_000,
            lock_wait_ms: 3_000,
            plan: PathBuf::new(),
            token: String::new(),
        }
    }
}

impl Default for AgentConfig {
    fn default() -> AgentConfig {
        AgentConfig {
            host: String::new(),
            period_ms: 10_000,
            spool_bytes_max: 64 << 20,
            lock_wait_ms: 3_000,
        }
    }
}
