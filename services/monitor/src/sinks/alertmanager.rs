//! Alarms as Alertmanager writes them: its webhook, version 4 (<https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>),
//! and what Prometheus posts to its `/api/v2/alerts`.

use super::current::Current;
use crate::alarms::{Alarm, Ended, Labels, Notice, Seen};
use crate::calendar::rfc3339;
use serde::Serialize;
use std::collections::BTreeMap;

/// The time that stands for "not yet".
const NEVER: &str = "0001-01-01T00:00:00Z";
/// Seconds after which an Alertmanager that hears no more of an alarm takes it for over: four times the time between two reports, as
/// Prometheus has it.
const EXPIRES_S: u64 = 4 * super::current::RESEND_S;

/// The body of a webhook.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    version: &'static str,
    group_key: String,
    truncated_alerts: u64,
    status: &'static str,
    receiver: String,
    group_labels: Labels,
    common_labels: Labels,
    common_annotations: Labels,
    #[serde(rename = "externalURL")]
    external_url: String,
    alerts: Vec<WebhookAlert>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct WebhookAlert {
    status: &'static str,
    #[serde(flatten)]
    alert: Alert,
    fingerprint: String,
}

/// An alert as it is posted to an Alertmanager.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    labels: Labels,
    annotations: Labels,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: String,
}

/// A notice for the receiver of this name. `page` is where people look.
pub fn webhook(notice: &Notice, receiver: &str, page: &str) -> Webhook {
    let firing = notice.firing.iter().map(|alarm| WebhookAlert {
        status: "firing",
        alert: firing_alert(alarm, NEVER.to_owned(), page),
        fingerprint: alarm.identity.fingerprint(),
    });
    let over = notice.over.iter().map(|ended| WebhookAlert {
        status: "resolved",
        alert: ended_alert(ended, page),
        fingerprint: ended.identity.fingerprint(),
    });
    let alerts: Vec<WebhookAlert> = firing.chain(over).collect();
    let status = match notice.firing.is_empty() {
        true => "resolved",
        false => "firing",
    };
    Webhook {
        version: "4",
        group_key: format!("{{}}:{{{}}}", key(&notice.group)),
        truncated_alerts: 0,
        status,
        receiver: receiver.to_owned(),
        group_labels: notice.group.clone(),
        common_labels: common(alerts.iter().map(|a| &a.alert.labels)),
        common_annotations: common(alerts.iter().map(|a| &a.alert.annotations)),
        external_url: page.to_owned(),
        alerts,
    }
}

/// All that fires and what was over lately, for an Alertmanager at `now_s`.
pub fn alerts(current: &Current, now_s: u64, page: &str) -> Vec<Alert> {
    let firing = current.firing.iter();
    let firing = firing.map(|alarm| firing_alert(alarm, rfc3339(now_s + EXPIRES_S), page));
    let over = current.over.iter().map(|ended| ended_alert(ended, page));
    firing.chain(over).collect()
}

fn firing_alert(alarm: &Alarm, ends_at: String, page: &str) -> Alert {
    Alert {
        labels: labels(alarm.all_labels()),
        annotations: annotations(&alarm.summary, alarm.seen),
        starts_at: rfc3339(alarm.state.firing_since_s().unwrap_or_default()),
        ends_at,
        generator_url: page.to_owned(),
    }
}

fn ended_alert(ended: &Ended, page: &str) -> Alert {
    Alert {
        labels: labels(ended.all_labels()),
        annotations: annotations(&ended.summary, ended.peak),
        starts_at: rfc3339(ended.from_s),
        ends_at: rfc3339(ended.to_s),
        generator_url: page.to_owned(),
    }
}

/// The rule's name is `alertname` to whoever reads these.
fn labels(mut labels: Labels) -> Labels {
    if let Some(rule) = labels.remove("rule") {
        labels.insert("alertname".to_owned(), rule);
    }
    labels
}

fn annotations(summary: &str, seen: Option<Seen>) -> Labels {
    let mut annotations = BTreeMap::from([("summary".to_owned(), summary.to_owned())]);
    if let Some(Seen { value, threshold }) = seen {
        annotations.insert("value".to_owned(), value.to_string());
        annotations.insert("threshold".to_owned(), threshold.to_string());
    }
    annotations
}

/// What all have.
fn common<'a>(mut all: impl Iterator<Item = &'a Labels>) -> Labels {
    let first = all.next().cloned().unwrap_or_default();
    all.fold(first, |mut common, other| {
        common.retain(|name, value| other.get(name) == Some(value));
        common
    })
}

fn key(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(n, v)| format!("{n}={v:?}")).collect();
    pairs.join(", ")
}
