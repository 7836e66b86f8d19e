//! Alarms as JSON, and silences.

use super::{Site, json, labels};
use crate::alarms::{
    Active, Condition, Ended, Figure, Labels, RuleView, Silence, SilenceRequest, View,
};
use crate::history::{Scope, Value};
use crate::keeper::KeeperError;
use crate::plan::Plan;
use serde::Serialize;
use svrkit_rt::{PageRequest, PageResponse, Status};

/// An alarm that is not normal.
#[derive(Serialize)]
pub(super) struct Shown {
    id: String,
    rule: String,
    state: &'static str,
    severity: &'static str,
    labels: Labels,
    value: Option<f64>,
    threshold: Option<f64>,
    since: Option<u64>,
    silenced: bool,
    summary: String,
    /// The curve that its rule watches.
    query: Option<String>,
}

#[derive(Serialize)]
struct All<'a> {
    active: Vec<Shown>,
    silences: &'a [Silence],
    history: Vec<Past<'a>>,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Past<'a> {
    rule: &'a str,
    labels: &'a Labels,
    from: u64,
    to: u64,
    peak: Option<f64>,
}

#[derive(Serialize)]
struct Rule<'a> {
    name: &'a str,
    summary: &'a str,
    state: &'static str,
}

pub(super) async fn list(site: Site, _: PageRequest) -> Result<PageResponse, Status> {
    let shown = site.alarms.shown();
    let view = &shown.alarms;
    json(&All {
        active: active(view, &site.plans.borrow()),
        silences: &view.silences,
        history: view.ended.iter().map(past).collect(),
        rules: view.rules.iter().map(rule).collect(),
    })
}

/// The alarms of the overview.
pub(super) fn active(view: &View, plan: &Plan) -> Vec<Shown> {
    view.active
        .iter()
        .map(|active| show(active, plan))
        .collect()
}

fn show(active: &Active, plan: &Plan) -> Shown {
    let alarm = &active.alarm;
    let rule = plan
        .watch
        .rules
        .iter()
        .find(|rule| rule.name == alarm.identity.rule);
    Shown {
        id: alarm.identity.fingerprint(),
        rule: alarm.identity.rule.clone(),
        state: alarm.state.name(),
        severity: alarm.severity.name(),
        labels: alarm.identity.labels.clone(),
        value: alarm.seen.map(|seen| seen.value),
        threshold: alarm.seen.map(|seen| seen.threshold),
        since: alarm.state.since_s(),
        silenced: active.silenced,
        summary: alarm.summary.clone(),
        query: rule.map(|rule| curve(figure(&rule.condition), &alarm.identity.labels)),
    }
}

fn figure(condition: &Condition) -> &Figure {
    match condition {
        Condition::Level { of, .. }
        | Condition::Change { of, .. }
        | Condition::Ratio { of, .. }
        | Condition::Silence { of, .. } => of,
    }
}

/// The curve of a figure, narrowed down to what an alarm is about.
fn curve(figure: &Figure, of: &Labels) -> String {
    let selector = &figure.selector;
    let scope = match &selector.scope {
        Scope::All => None,
        Scope::Service(name) => Some(("service", name.as_str())),
        Scope::Host(name) => Some(("host", name.as_str())),
        Scope::Instance(name) => Some(("instance", name.as_str())),
    };
    let own = selector
        .labels
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let of = of
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let labels: Vec<(&str, &str)> = own.chain(scope).chain(of).collect();
    let percentile;
    let value = match figure.value {
        Value::Rate => "rate",
        Value::Sum => "sum",
        Value::Average => "avg",
        Value::Min => "min",
        Value::Max => "max",
        Value::Last => "last",
        Value::Quantile(share) => {
            percentile = format!("p{}", share * 100.0);
            &percentile
        }
    };
    labels::query(&selector.name, &labels, value)
}

fn past(ended: &Ended) -> Past<'_> {
    Past {
        rule: &ended.identity.rule,
        labels: &ended.identity.labels,
        from: ended.from_s,
        to: ended.to_s,
        peak: ended.peak.map(|peak| peak.value),
    }
}

fn rule(rule: &RuleView) -> Rule<'_> {
    Rule {
        name: &rule.name,
        summary: &rule.summary,
        state: rule.state.name(),
    }
}

/// Silences alarms. Only JSON is taken, which no page of another origin can have a browser send.
pub(super) async fn silence(site: Site, request: PageRequest) -> Result<PageResponse, Status> {
    let content_type = request.header("content-type").unwrap_or_default();
    if !content_type.starts_with("application/json") {
        return Err(Status::invalid_argument("a silence is JSON"));
    }
    site.check_token(&request)?;
    let asked: SilenceRequest = serde_json::from_slice(request.body())
        .map_err(|error| Status::invalid_argument(format!("no silence: {error}")))?;
    let silence = site.alarms.silence(asked).await.map_err(refusal)?;
    json(&silence)
}

/// Ends a silence.
pub(super) async fn unsilence(site: Site, request: PageRequest) -> Result<PageResponse, Status> {
    site.check_token(&request)?;
    match site
        .alarms
        .unsilence(request.rest())
        .await
        .map_err(refusal)?
    {
        true => json(&serde_json::json!({})),
        false => Err(Status::not_found("there is no such silence")),
    }
}

fn refusal(error: KeeperError) -> Status {
    match error {
        KeeperError::Silence(error) => Status::invalid_argument(error.to_string()),
        KeeperError::Ledger(_) | KeeperError::Gone => Status::unavailable(error.to_string()),
    }
}

impl Site {
    /// # Errors
    /// `Unauthenticated` when there is to be a token and this is not it.
    fn check_token(&self, request: &PageRequest) -> Result<(), Status> {
        let given = request.bearer().unwrap_or_default();
        match self.token.is_empty() || is_same(given.as_bytes(), self.token.as_bytes()) {
            true => Ok(()),
            false => Err(Status::unauthenticated("this needs the operators' token")),
        }
    }
}

/// Takes as long whether they differ early or late.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b));
    a.len() == b.len() && differing == 0
}
