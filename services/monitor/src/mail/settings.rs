//! When the daily mail is sent, and to whom.

use crate::calendar::Zone;
use crate::sinks::SmtpPlan;

/// The daily mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyMail {
    /// By which server.
    pub smtp: SmtpPlan,
    /// To whom.
    pub to: Vec<String>,
    /// Seconds after midnight at which it is sent.
    pub at_s: u64,
    /// By the clocks of where.
    pub zone: Zone,
}
