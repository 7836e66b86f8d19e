//! What the daily mail tells of.

use crate::history::Value;

/// A figure of a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subject {
    /// What people call it.
    pub title: &'static str,
    /// The metric.
    pub metric: &'static str,
    /// What of a curve's step.
    pub value: Value,
    /// What of a day's steps.
    pub day: OfDay,
}

/// How the steps of a day are one figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfDay {
    /// Added up.
    Total,
    /// The greatest.
    Peak,
}

/// In the order of the mail.
pub const SUBJECTS: [Subject; 5] = [
    total("Registrations", "im_accounts_registered"),
    Subject {
        title: "Users online, peak",
        metric: "im_users_online",
        // Of each instance the average of a step; together, all who are online.
        value: Value::Sum,
        day: OfDay::Peak,
    },
    total("Logins", "im_logins"),
    total("Messages sent", "im_messages_sent"),
    total("Messages delivered", "im_messages_delivered"),
];

/// The metric whose labels `method` and `code` tell what failed.
pub const ERRORS_METRIC: &str = "rpc_server_calls";

const fn total(title: &'static str, metric: &'static str) -> Subject {
    Subject {
        title,
        metric,
        value: Value::Sum,
        day: OfDay::Total,
    }
}
