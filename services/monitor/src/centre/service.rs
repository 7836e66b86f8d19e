//! The calls.

use super::curves::{self, Ask};
use super::writer::Writer;
use super::{checks, listing};
use crate::alarms::Active;
use crate::definition::kind_to_wire;
use crate::keeper::AlarmsHandle;
use crate::store::Past;
use im_idl::base::Empty;
use im_idl::monitor::{
    Alarm, AlarmsResponse, Centre, Instance, InstancesResponse, Kind, Label, Line, ListRequest,
    ListResponse, Listed, QueryRequest, QueryResponse, ReportRequest, ReportResponse,
};
use std::sync::Arc;
use svrkit_rt::{Context, Status, clock};
use tokio::task::{JoinSet, spawn_blocking};

/// Serves `im.monitor.Centre`.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) writer: Arc<Writer>,
    pub(super) past: Past,
    pub(super) alarms: AlarmsHandle,
    /// Ends with the last who serves.
    pub(super) _watching: Arc<JoinSet<()>>,
}

impl Centre for Service {
    async fn report(
        &self,
        _: &mut Context,
        request: ReportRequest,
    ) -> Result<ReportResponse, Status> {
        checks::check(&request)?;
        self.writer.report(request).await
    }

    async fn query(&self, _: &mut Context, request: QueryRequest) -> Result<QueryResponse, Status> {
        let labels = request.labels.into_iter();
        let ask = Ask {
            name: request.name,
            labels: labels.map(|label| (label.name, label.value)).collect(),
            value: request.value,
            by: request.by,
            from_s: request.from_s,
            to_s: request.to_s,
            step_s: request.step_s,
            overlays: Vec::new(),
        };
        let past = self.past.clone();
        let curves = aside(move || curves::draw(&past, &ask)).await??;
        let metric = curves.metric.as_deref();
        let kind = metric.map_or(Kind::Unspecified, |metric| kind_to_wire(metric.kind));
        let lines = curves.lines.into_iter().map(|line| Line {
            title: line.title,
            values: line
                .values
                .into_iter()
                .map(|v| v.unwrap_or(f64::NAN))
                .collect(),
        });
        Ok(QueryResponse {
            at_s: curves.at_s,
            lines: lines.collect(),
            unit: metric.map(|metric| metric.unit.clone()).unwrap_or_default(),
            kind: kind as i32,
            help: metric.map(|metric| metric.help.clone()).unwrap_or_default(),
        })
    }

    async fn list(&self, _: &mut Context, request: ListRequest) -> Result<ListResponse, Status> {
        let past = self.past.clone();
        let found =
            aside(move || listing::find(&past, &request.r#match, request.series_max as usize));
        let found = found.await?;
        let series = found.series.into_iter().map(|one| Listed {
            definition: Some(one.definition.to_wire()),
            last: one.last.unwrap_or(f64::NAN),
        });
        Ok(ListResponse {
            series: series.collect(),
            more: found.more,
        })
    }

    async fn instances(&self, _: &mut Context, _: Empty) -> Result<InstancesResponse, Status> {
        let now_ms = clock::now_ms();
        let mut instances = Vec::new();
        self.past.each_instance(|key, instance| {
            instances.push(Instance {
                host: key.host.clone(),
                instance: key.name.clone(),
                service: instance.service.clone(),
                version: instance.version.clone(),
                gray: instance.gray.clone(),
                started_ms: instance.started_ms,
                last_report_ms: instance.reported_ms,
                silent: instance.is_silent(now_ms),
                retired: instance.retired,
            });
        });
        Ok(InstancesResponse { instances })
    }

    async fn alarms(&self, _: &mut Context, _: Empty) -> Result<AlarmsResponse, Status> {
        let shown = self.alarms.shown();
        let alarms = shown.alarms.active.iter().map(alarm).collect();
        Ok(AlarmsResponse { alarms })
    }
}

fn alarm(active: &Active) -> Alarm {
    let alarm = &active.alarm;
    let labels = alarm.identity.labels.iter().map(|(name, value)| Label {
        name: name.clone(),
        value: value.clone(),
    });
    Alarm {
        id: alarm.identity.fingerprint(),
        rule: alarm.identity.rule.clone(),
        state: alarm.state.name().to_owned(),
        severity: alarm.severity.name().to_owned(),
        labels: labels.collect(),
        value: alarm.seen.map_or(f64::NAN, |seen| seen.value),
        threshold: alarm.seen.map_or(f64::NAN, |seen| seen.threshold),
        since_s: alarm.state.since_s().unwrap_or_default(),
        silenced: active.silenced,
        summary: alarm.summary.clone(),
    }
}

/// Asks the past where waiting for a disk holds up nobody.
pub(super) async fn aside<T: Send + 'static>(
    ask: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Status> {
    let asked = spawn_blocking(ask).await;
    asked.map_err(|error| Status::internal(format!("a question failed: {error}")))
}
