//! The past as a centre's `/api/query` tells it. Each series is fetched once, for the whole time that is looked at.

use crate::history::{History, Scope, Selector, Value};
use im_serve::StartError;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Mutex;
use svrkit_rt::clock;
use svrkit_rt::http_client::{HttpRequest, HttpTarget};
use tokio::runtime::Handle;

/// Steps of a question.
const STEPS_MAX: u64 = 10_000;
/// Bytes of an answer: so many steps in generous decimals.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// A centre. To be asked on a thread that may block.
pub(super) struct Remote {
    target: HttpTarget,
    runtime: Handle,
    from_s: u64,
    to_s: u64,
    /// One thread asks; the lock is for the trait's `&self`.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    fetched: BTreeMap<String, BTreeMap<u64, f64>>,
    values: BTreeMap<(String, String), Vec<String>>,
    failed: Option<StartError>,
}

#[derive(Deserialize)]
struct Answer {
    t: Vec<u64>,
    lines: Vec<Line>,
    /// Lines that were too many for an answer.
    #[serde(default)]
    dropped: usize,
}

#[derive(Deserialize)]
struct Line {
    title: String,
    v: Vec<Option<f64>>,
}

impl Remote {
    pub(super) fn new(target: HttpTarget, runtime: Handle, (from_s, to_s): (u64, u64)) -> Remote {
        Remote {
            target,
            runtime,
            from_s,
            to_s,
            state: Mutex::default(),
        }
    }

    /// Why an answer is missing; what was asked meanwhile is of no use then.
    pub(super) fn failed(&self) -> Option<StartError> {
        self.state().failed.take()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing in there is ever half done.
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn ask(&self, query: &str) -> Option<Answer> {
        if self.state().failed.is_some() {
            return None;
        }
        let answered = self.runtime.block_on(self.get(query));
        answered.map_err(|e| self.state().failed = Some(e)).ok()
    }

    /// All of a series, as many steps at a time as a centre answers.
    fn fetch(&self, query: &str, from_s: u64, step_s: u64) -> BTreeMap<u64, f64> {
        let mut points = BTreeMap::new();
        for from_s in (from_s..self.to_s).step_by((step_s * STEPS_MAX) as usize) {
            let to_s = (from_s + step_s * STEPS_MAX).min(self.to_s);
            let answer = self.ask(&format!("{query}&from={from_s}&to={to_s}"));
            let answered = answer.into_iter().flat_map(|answer| {
                let line = answer.lines.into_iter().next();
                let values = line.map(|line| line.v).unwrap_or_default();
                answer.t.into_iter().zip(values)
            });
            points.extend(answered.filter_map(|(at_s, value)| Some((at_s, value?))));
        }
        points
    }

    fn fetch_values(&self, name: &str, label: &str) -> Vec<String> {
        let query = format!(
            "name={}&by={}&from={}&to={}",
            encode(name),
            encode(label),
            self.from_s,
            self.to_s,
        );
        let Some(answer) = self.ask(&query) else {
            return Vec::new();
        };
        if answer.dropped > 0 {
            let many = format!(
                "{name} has too many values of {label} for a centre's answer; ask its store"
            );
            self.state().failed = Some(many.into());
        }
        // A series that has no such label is not told apart by it.
        let titles = answer.lines.into_iter().map(|line| line.title);
        titles.filter(|title| !title.is_empty()).collect()
    }

    async fn get(&self, query: &str) -> Result<Answer, StartError> {
        let target = self.target.path(&format!("/api/query?{query}"))?;
        let request = HttpRequest {
            answer_bytes_max: ANSWER_BYTES_MAX,
            ..HttpRequest::default()
        };
        let answer = target.send(request).await?;
        match answer.status {
            200 => Ok(serde_json::from_slice(&answer.body)?),
            status => Err(format!("{target} answers with {status}").into()),
        }
    }
}

impl History for Remote {
    fn series(
        &self,
        selector: &Selector,
        value: Value,
        from_s: u64,
        to_s: u64,
        step_s: u64,
    ) -> Vec<Option<f64>> {
        let step_s = step_s.max(1);
        // Windows begin where the question's do, so that the centre's are the same.
        let earlier = from_s.saturating_sub(self.from_s) / step_s;
        let all_from_s = from_s - earlier * step_s;
        let query = format!(
            "name={}&labels={}&value={}&by=all&step={step_s}",
            encode(&selector.name),
            labels(selector),
            name(value),
        );
        let key = format!("{query}&from={all_from_s}");
        if !self.state().fetched.contains_key(&key) {
            let points = self.fetch(&query, all_from_s, step_s);
            self.state().fetched.insert(key.clone(), points);
        }
        let state = self.state();
        let points = &state.fetched[&key];
        let windows = (from_s..to_s).step_by(step_s as usize);
        windows.map(|at_s| points.get(&at_s).copied()).collect()
    }

    fn label_values(&self, name: &str, label: &str) -> Vec<String> {
        let key = (name.to_owned(), label.to_owned());
        if let Some(values) = self.state().values.get(&key) {
            return values.clone();
        }
        let values = self.fetch_values(name, label);
        self.state().values.insert(key, values.clone());
        values
    }

    fn now_s(&self) -> u64 {
        clock::now_ms() / 1_000
    }
}

fn labels(selector: &Selector) -> String {
    let scope = match &selector.scope {
        Scope::All => None,
        Scope::Service(name) => Some(("service", name)),
        Scope::Host(name) => Some(("host", name)),
        Scope::Instance(name) => Some(("instance", name)),
    };
    let labels = selector.labels.iter().map(|(name, value)| (&**name, value));
    let pairs = labels.chain(scope);
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{}:{}", escape(name), escape(value)))
        .collect();
    encode(&pairs.join(","))
}

/// What ends a name or a value in a list of labels.
fn escape(text: &str) -> String {
    text.replace('%', "%25")
        .replace(',', "%2C")
        .replace(':', "%3A")
}

fn name(value: Value) -> String {
    match value {
        Value::Rate => "rate".to_owned(),
        Value::Sum => "sum".to_owned(),
        Value::Average => "avg".to_owned(),
        Value::Min => "min".to_owned(),
        Value::Max => "max".to_owned(),
        Value::Last => "last".to_owned(),
        Value::Quantile(share) => format!("p{}", share * 100.0),
    }
}

/// As a query writes what is not plain.
fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
