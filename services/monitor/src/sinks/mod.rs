//! Sinks: where people are told of alarms. Log, webhook, an Alertmanager, mail.
//!
//! The [`Dispatcher`] gives each sink a task and a bounded queue. What cannot be told is tried again for a while, then given up, counted
//! and logged.

mod alertmanager;
mod current;
mod dispatcher;
mod error;
mod figures;
mod mailer;
mod post;
mod secret;
mod settings;
mod sink;
mod wording;
mod worker;

pub use alertmanager::{Alert, Webhook, alerts, webhook};
pub use current::Current;
pub(crate) use current::ENDED_S;
pub use dispatcher::{Dispatcher, QUEUE_MAX};
pub use error::SinkError;
pub use figures::SinkFigures;
pub use mailer::{Letter, Mailer, Rich};
pub use settings::{CA_FILE, HttpPlan, SinkKind, SinkPlan, SmtpPlan, SmtpTls};
pub use worker::TRY_S_MAX;
