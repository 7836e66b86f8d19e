//! Why a run was not delivered.

use std::fmt;
use svrkit_rt::{Code, Status};

/// What keeps a run from being delivered, by what is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Somebody else has the tasks: nothing.
    Lost,
    /// A peer is away or busy: the tasks wait.
    Away(Status),
    /// These tasks cannot be delivered: they climb the ladder.
    Refused(Status),
}

impl Trouble {
    /// Of what a peer answered.
    pub(crate) fn of(status: Status) -> Trouble {
        match status.code() {
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Overloaded
            | Code::ResourceExhausted
            | Code::Aborted
            | Code::Cancelled => Trouble::Away(status),
            _ => Trouble::Refused(status),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Lost => write!(f, "the lease was lost"),
            Trouble::Away(status) | Trouble::Refused(status) => status.fmt(f),
        }
    }
}
