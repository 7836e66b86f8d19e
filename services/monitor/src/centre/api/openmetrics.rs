//! `/metrics`: where every series of every instance stands, in OpenMetrics, for whoever collects metrics already.

use super::Site;
use crate::centre::service::aside;
use crate::store::{Past, Reading};
use std::sync::Arc;
use svrkit_rt::monitor::{
    BUCKETS, Buckets, CONTENT_TYPE, Instance, Metric, Series, Snapshot, Value,
};
use svrkit_rt::{PageResponse, Status, clock};

pub(super) async fn metrics(site: Site) -> Result<PageResponse, Status> {
    let text = aside(move || snapshot(&site.past).to_openmetrics(&[])).await?;
    Ok(PageResponse::new(CONTENT_TYPE, text))
}

/// Everything that is alive, each series with the labels of its instance.
fn snapshot(past: &Past) -> Snapshot {
    let now_ms = clock::now_ms();
    let mut all = Vec::with_capacity(past.series_count());
    past.each_series(now_ms, |key, instance, definition, reading| {
        let mut labels = definition.labels.clone();
        let theirs = [
            ("host", &key.host),
            ("instance", &key.name),
            ("role", &instance.service),
        ];
        for (name, value) in theirs {
            if definition.label(name).is_none() {
                labels.push((name.to_owned(), value.clone()));
            }
        }
        all.push(Series {
            id: 0,
            metric: Arc::new(Metric {
                name: definition.name.clone(),
                kind: definition.kind,
                unit: definition.unit.clone(),
                help: definition.help.clone(),
            }),
            labels,
            value: value(reading),
        });
    });
    Snapshot {
        instance: Instance::default(),
        series: all,
    }
}

fn value(reading: &Reading) -> Value {
    match reading {
        Reading::Counter(count) => Value::Counter(*count),
        Reading::Gauge(level) => Value::Gauge(*level),
        Reading::Max(most) => Value::Max((*most).max(0) as u64),
        Reading::Histogram(histogram) => {
            let mut counts = histogram.counts.clone();
            counts.resize(BUCKETS, 0);
            let sum = histogram.sum;
            Value::Histogram(Buckets { counts, sum })
        }
    }
}
