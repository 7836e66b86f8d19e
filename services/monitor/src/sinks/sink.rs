//! How each kind of sink is told.

use super::alertmanager::webhook;
use super::error::SinkError;
use super::mailer::{Letter, Mailer};
use super::post::post;
use super::settings::HttpPlan;
use super::wording::{body, subject};
use crate::alarms::Notice;
use tracing::warn;

/// One that takes notices.
#[derive(Debug)]
pub(super) enum Sink {
    Log,
    Webhook {
        name: String,
        plan: HttpPlan,
        page: String,
    },
    Mail {
        mailer: Mailer,
        to: Vec<String>,
        page: String,
    },
}

impl Sink {
    pub(super) async fn tell(&self, notice: &Notice) -> Result<(), SinkError> {
        match self {
            Sink::Log => {
                log(notice);
                Ok(())
            }
            Sink::Webhook { name, plan, page } => post(plan, &webhook(notice, name, page)).await,
            Sink::Mail { mailer, to, page } => {
                let letter = Letter {
                    subject: subject(notice),
                    text: body(notice, page),
                    ..Letter::default()
                };
                mailer.send(to, letter).await
            }
        }
    }
}

/// A line an alarm.
fn log(notice: &Notice) {
    for alarm in &notice.firing {
        let (value, threshold) = alarm.seen.map(|s| (s.value, s.threshold)).unzip();
        warn!(alarm = %alarm.identity, severity = %alarm.severity, value, threshold, "firing: {}", alarm.summary);
    }
    for ended in &notice.over {
        warn!(alarm = %ended.identity, severity = %ended.severity, "over: {}", ended.summary);
    }
}
