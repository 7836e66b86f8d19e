//! Why there is no proof, or a bad one.

use crate::overload::OverloadReport;
use crate::report::Report;
use crate::wire::WireError;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a load failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum PressError {
    /// Our own backend could not be started.
    Backend(io::Error),
    /// Our own backend did not become ready; its log is in this file.
    NotReady(PathBuf),
    /// Accounts, friendships or groups could not be made.
    Setup(WireError),
    /// Not all users came online in time.
    NotOnline {
        /// Those who did.
        online: usize,
        /// Those who should.
        users: usize,
    },
    /// The thread of the load died.
    Thread,
    /// Something was lost, doubled, out of order or left unanswered.
    NotClean(Box<Report>),
    /// Under overload logging in or sending fell behind, or something less important went before it, or links ended.
    NotKept(Box<OverloadReport>),
}

impl fmt::Display for PressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PressError::Backend(_) => f.write_str("the backend cannot be started"),
            PressError::NotReady(log) => {
                write!(f, "the backend did not become ready; see {}", log.display())
            }
            PressError::Setup(_) => f.write_str("the users cannot be made"),
            PressError::NotOnline { online, users } => {
                write!(f, "only {online} of {users} users came online")
            }
            PressError::Thread => f.write_str("the load died"),
            PressError::NotClean(report) => write!(
                f,
                "promises were broken: lost {}, duplicated {}, out of order {}, foreign {}, unanswered {}",
                report.lost,
                report.duplicated,
                report.out_of_order,
                report.foreign,
                report.unanswered
            ),
            PressError::NotKept(report) => write!(
                f,
                "logging in or sending fell behind, or something less important went before it, or links ended ({})",
                report.links_lost
            ),
        }
    }
}

impl Error for PressError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            PressError::Backend(e) => Some(e),
            PressError::Setup(e) => Some(e),
            _ => None,
        }
    }
}
