//! What the service takes for given.

use serde::{Deserialize, Serialize};

/// Which clients are old, and how many names are remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The first client version that knows groups; older ones see stand-in contacts. 200 is what programs that link today's client
    /// libraries say.
    pub groups_since_client_version: u32,
    /// Whether a client that does not say its version is old. Not by default: those are programs on the short link.
    pub unknown_client_is_old: bool,
    /// Users whose names are remembered. 50,000 take about 10 MiB.
    pub names_max: usize,
    /// Time for which a name is remembered: so long an old one may be shown. 60 s.
    pub name_lifetime_ms: u64,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            groups_since_client_version: 200,
            unknown_client_is_old: false,
            names_max: 50_000,
            name_lifetime_ms: 60_000,
        }
    }
}

impl Config {
    /// Whether a client of this version knows nothing of groups.
    pub(crate) fn is_old(&self, client_version: u32) -> bool {
        match client_version {
            0 => self.unknown_client_is_old,
            version => version < self.groups_since_client_version,
        }
    }
}
