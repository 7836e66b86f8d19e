//! Why the keeper says no.

use super::ledger::LedgerError;
use crate::alarms::SilenceError;
use std::fmt;

/// Why a silence was not taken.
#[derive(Debug)]
pub enum KeeperError {
    /// It makes no sense.
    Silence(SilenceError),
    /// It could not be written down.
    Ledger(LedgerError),
    /// The keeper has ended.
    Gone,
}

impl fmt::Display for KeeperError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeeperError::Silence(error) => error.fmt(f),
            KeeperError::Ledger(_) => write!(f, "the silence could not be written down"),
            KeeperError::Gone => write!(f, "nobody keeps the alarms any more"),
        }
    }
}

impl std::error::Error for KeeperError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            KeeperError::Ledger(error) => Some(error),
            KeeperError::Silence(_) | KeeperError::Gone => None,
        }
    }
}
