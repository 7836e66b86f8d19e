//! A history in memory, for tests of what asks one.

use super::{History, Lines, Scope, Selector, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Keeps every report as it came. What is asked is answered by going through all of them.
#[derive(Clone, Debug, Default)]
pub struct MemoryHistory {
    series: BTreeMap<Key, Series>,
    retired: BTreeSet<Source>,
    now_s: u64,
}

/// Who reports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The machine.
    pub host: String,
    /// The process.
    pub instance: String,
    /// What it is an instance of.
    pub service: String,
}

type Key = (Source, String, Vec<(String, String)>);

#[derive(Clone, Debug)]
struct Series {
    kind: Kind,
    reports: Vec<(u64, f64)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Source {
    /// An instance that is called as its service, on host `here`.
    pub fn of(service: &str) -> Source {
        Source {
            host: "here".to_owned(),
            instance: service.to_owned(),
            service: service.to_owned(),
        }
    }
}

impl MemoryHistory {
    /// Empty, at this time.
    pub fn at(now_s: u64) -> MemoryHistory {
        MemoryHistory {
            now_s,
            ..MemoryHistory::default()
        }
    }

    /// An instance has ended in good order.
    pub fn retire(&mut self, source: &Source) {
        self.retired.insert(source.clone());
    }

    /// Time goes on.
    pub fn set_now(&mut self, now_s: u64) {
        self.now_s = now_s;
    }

    /// A counter was incremented by this much since its last report.
    pub fn count(
        &mut self,
        source: &Source,
        name: &str,
        labels: &[(&str, &str)],
        at_s: u64,
        by: f64,
    ) {
        self.report(source, name, labels, Kind::Counter, at_s, by);
    }

    /// A gauge has this value.
    pub fn gauge(
        &mut self,
        source: &Source,
        name: &str,
        labels: &[(&str, &str)],
        at_s: u64,
        value: f64,
    ) {
        self.report(source, name, labels, Kind::Gauge, at_s, value);
    }

    /// A histogram observed this.
    pub fn observe(
        &mut self,
        source: &Source,
        name: &str,
        labels: &[(&str, &str)],
        at_s: u64,
        value: f64,
    ) {
        self.report(source, name, labels, Kind::Histogram, at_s, value);
    }

    fn report(
        &mut self,
        source: &Source,
        name: &str,
        labels: &[(&str, &str)],
        kind: Kind,
        at_s: u64,
        value: f64,
    ) {
        let label = |(label, value): &(&str, &str)| ((*label).to_owned(), (*value).to_owned());
        let labels = labels.iter().map(label).collect();
        let key = (source.clone(), name.to_owned(), labels);
        let series = self.series.entry(key).or_insert_with(|| Series {
            kind,
            reports: Vec::new(),
        });
        series.reports.push((at_s, value));
    }

    /// The series that a question is about, by the line that they are in.
    fn found(&self, selector: &Selector, by: &[String]) -> BTreeMap<Vec<String>, Vec<&Series>> {
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let missed = |source: &Source| !selector.without_retired || !self.retired.contains(source);
        let asked = |key: &Key| matches(selector, key) && missed(&key.0);
        for (key, series) in self.series.iter().filter(|(key, _)| asked(key)) {
            let line = by.iter().map(|label| label_of(key, label));
            let line = line.map(|value| value.unwrap_or_default().to_owned());
            found.entry(line.collect()).or_default().push(series);
        }
        found
    }
}

/// One number of several series.
fn step(together: &[&Series], value: Value, from_s: u64, to_s: u64) -> Option<f64> {
    let mut all = Vec::new();
    let (mut averages, mut lasts) = (0.0, 0.0);
    let mut kind = None;
    for series in together {
        let reports = series.reports.iter();
        let within = reports.filter(|(at_s, _)| (from_s..to_s).contains(at_s));
        let values: Vec<f64> = within.map(|(_, value)| *value).collect();
        let Some(last) = values.last() else { continue };
        kind = Some(series.kind);
        averages += values.iter().sum::<f64>() / values.len() as f64;
        lasts += last;
        all.extend(values);
    }
    let kind = kind?;
    let sum: f64 = all.iter().sum();
    let average = sum / all.len() as f64;
    all.sort_by(f64::total_cmp);
    match (value, kind) {
        (Value::Rate, Kind::Counter) => Some(sum / (to_s - from_s) as f64),
        (Value::Rate, Kind::Histogram) => Some(all.len() as f64 / (to_s - from_s) as f64),
        (Value::Sum, Kind::Gauge) => Some(averages),
        (Value::Sum, _) => Some(sum),
        (Value::Average, _) | (Value::Last, Kind::Histogram) => Some(average),
        (Value::Min, _) => all.first().copied(),
        (Value::Max, _) => all.last().copied(),
        (Value::Last, _) => Some(lasts),
        (Value::Quantile(share), Kind::Histogram) => {
            let place = (share * all.len() as f64).ceil() as usize;
            all.get(place.clamp(1, all.len()) - 1).copied()
        }
        (Value::Rate, Kind::Gauge) | (Value::Quantile(_), _) => None,
    }
}

impl History for MemoryHistory {
    fn series(
        &self,
        selector: &Selector,
        value: Value,
        from_s: u64,
        to_s: u64,
        step_s: u64,
    ) -> Vec<Option<f64>> {
        let mut lines = self.lines(selector, &[], value, from_s, to_s, step_s);
        let nothing = || vec![None; to_s.saturating_sub(from_s).div_ceil(step_s.max(1)) as usize];
        lines.remove(&Vec::new()).unwrap_or_else(nothing)
    }

    fn lines(
        &self,
        selector: &Selector,
        by: &[String],
        value: Value,
        from_s: u64,
        to_s: u64,
        step_s: u64,
    ) -> Lines {
        let step_s = step_s.max(1);
        let line = |(line, series): (Vec<String>, Vec<&Series>)| {
            let begins = (from_s..to_s).step_by(step_s as usize);
            let points = begins.map(|at_s| step(&series, value, at_s, at_s + step_s));
            (line, points.collect())
        };
        self.found(selector, by).into_iter().map(line).collect()
    }

    fn label_values(&self, name: &str, label: &str) -> Vec<String> {
        let named = self.series.keys().filter(|key| key.1 == name);
        let values: BTreeSet<&str> = named.filter_map(|key| label_of(key, label)).collect();
        values.into_iter().map(str::to_owned).collect()
    }

    fn now_s(&self) -> u64 {
        self.now_s
    }
}

fn matches(selector: &Selector, key: &Key) -> bool {
    let (source, name, _) = key;
    let in_scope = match &selector.scope {
        Scope::All => true,
        Scope::Service(service) => source.service == *service,
        Scope::Host(host) => source.host == *host,
        Scope::Instance(instance) => source.instance == *instance,
    };
    let mut labels = selector.labels.iter();
    in_scope
        && selector.name == *name
        && labels.all(|(label, value)| label_of(key, label) == Some(value))
}

/// A label of a series, its own or its source's.
fn label_of<'a>((source, _, labels): &'a Key, label: &str) -> Option<&'a str> {
    let own = labels.iter().find(|(name, _)| name == label);
    own.map(|(_, value)| value.as_str()).or(match label {
        "service" => Some(&source.service),
        "host" => Some(&source.host),
        "instance" => Some(&source.instance),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_pinned_down_is_put_together() {
        let mut history = MemoryHistory::at(100);
        let (a, b) = (Source::of("a"), Source::of("b"));
        for (source, by) in [(&a, 10.0), (&b, 30.0)] {
            history.count(source, "calls", &[("code", "0")], 0, by);
            history.count(source, "calls", &[("code", "0")], 10, by);
            history.gauge(source, "links", &[], 10, by);
        }
        let calls = Selector::named("calls");
        let rate = history.series(&calls, Value::Rate, 0, 30, 10);
        assert_eq!(rate, [Some(4.0), Some(4.0), None]);
        let of_a = calls.clone().scope(Scope::Service("a".to_owned()));
        assert_eq!(history.series(&of_a, Value::Sum, 0, 20, 20), [Some(20.0)]);
        let links = Selector::named("links");
        assert_eq!(history.series(&links, Value::Sum, 0, 20, 20), [Some(40.0)]);
        assert_eq!(
            history.series(&links, Value::Average, 0, 20, 20),
            [Some(20.0)]
        );
        let failed = calls.label("code", "14");
        assert_eq!(history.series(&failed, Value::Sum, 0, 20, 20), [None]);
        assert_eq!(history.label_values("calls", "service"), ["a", "b"]);
    }

    #[test]
    fn quantiles_are_of_histograms() {
        let mut history = MemoryHistory::at(0);
        for us in 1..=100 {
            history.observe(&Source::of("a"), "latency_us", &[], 5, f64::from(us));
        }
        let latency = Selector::named("latency_us");
        let p99 = history.series(&latency, Value::Quantile(0.99), 0, 10, 10);
        assert_eq!(p99, [Some(99.0)]);
    }
}
