//! The tiles of the overview: what an operator looks at first.

use super::labels;
use super::recent::{RECENT_S, Recent};
use crate::history::{History, Selector, Value};
use serde::Serialize;

/// Points of a sparkline.
const SPARK_POINTS: u64 = 60;
const DAY_S: u64 = 86_400;

/// A figure with a small curve.
#[derive(Serialize)]
pub(super) struct Tile {
    key: &'static str,
    unit: &'static str,
    value: Option<f64>,
    yesterday: Option<f64>,
    spark: Vec<Option<f64>>,
    query: String,
}

struct Subject {
    key: &'static str,
    metric: &'static str,
    labels: &'static [(&'static str, &'static str)],
    value: Value,
    /// As a query has it.
    value_name: &'static str,
    unit: &'static str,
}

const SUBJECTS: [Subject; 14] = [
    level("registered_users", "im_users_registered", "users"),
    level("online_users", "im_users_online", "users"),
    level("online_devices", "im_devices_online", "devices"),
    level("links", "im_links", "links"),
    rate("logins", "im_logins", "logins/s"),
    rate("messages_sent", "im_messages_sent", "messages/s"),
    rate("messages_delivered", "im_messages_delivered", "messages/s"),
    p99("delivery_p99", "im_delivery_microseconds"),
    level("unsynced_rows", "im_rows_unsynced", "rows"),
    rate("notifications", "im_notifications", "notifications/s"),
    Subject {
        labels: &[("queue", "fanout")],
        ..level("fanout_backlog", "im_queue_waiting_tasks", "tasks")
    },
    Subject {
        key: "fanout_age",
        metric: "im_queue_oldest_milliseconds",
        labels: &[("queue", "fanout")],
        value: Value::Max,
        value_name: "max",
        unit: "milliseconds",
    },
    p99("fsync_p99", "im_fsync_microseconds"),
    rate("ejections", "rpc_client_ejections", "times/s"),
];

const fn level(key: &'static str, metric: &'static str, unit: &'static str) -> Subject {
    Subject {
        key,
        metric,
        labels: &[],
        value: Value::Sum,
        value_name: "sum",
        unit,
    }
}

const fn rate(key: &'static str, metric: &'static str, unit: &'static str) -> Subject {
    Subject {
        key,
        metric,
        labels: &[],
        value: Value::Rate,
        value_name: "rate",
        unit,
    }
}

const fn p99(key: &'static str, metric: &'static str) -> Subject {
    Subject {
        key,
        metric,
        labels: &[],
        value: Value::Quantile(0.99),
        value_name: "p99",
        unit: "microseconds",
    }
}

/// All of them; a sparkline is of the last `range_s`.
pub(super) fn tiles(recent: &Recent<'_>, range_s: u64) -> Vec<Tile> {
    SUBJECTS
        .iter()
        .map(|subject| subject.tile(recent, range_s))
        .collect()
}

impl Subject {
    fn tile(&self, recent: &Recent<'_>, range_s: u64) -> Tile {
        let labels = self.labels.iter();
        let selector = labels.fold(Selector::named(self.metric), |selector, (name, value)| {
            selector.label(*name, *value)
        });
        let ask = |from_s: u64, to_s: u64, step_s: u64| {
            recent
                .past
                .series(&selector, self.value, from_s, to_s, step_s)
        };
        let step_s = (range_s / SPARK_POINTS).max(1).next_multiple_of(10);
        let to_s = recent.to_s / step_s * step_s;
        let spark = ask(to_s.saturating_sub(SPARK_POINTS * step_s), to_s, step_s);
        // A level is what it is now; its curve has averages.
        let now = match self.value {
            Value::Sum => Value::Last,
            value => value,
        };
        let then_s = recent.to_s.saturating_sub(DAY_S);
        let yesterday = ask(then_s.saturating_sub(RECENT_S), then_s, RECENT_S);
        Tile {
            key: self.key,
            unit: self.unit,
            value: recent.one(&selector, now),
            yesterday: yesterday.first().copied().flatten(),
            spark,
            query: labels::query(self.metric, self.labels, self.value_name),
        }
    }
}
