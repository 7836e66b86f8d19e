//! What changed since the last report.

use super::reading::{InstanceReading, Reading, SeriesReading, Value};
use im_idl::monitor::{HistogramReading, InstanceReport, ReportRequest};
use std::collections::{HashMap, HashSet};
use svrkit_rt::monitor::Buckets;

/// What one report says, at most, in parts of about eight bytes: a quarter of what the centre takes, with every definition.
const PARTS_MAX: usize = 6_000;
/// Parts that a definition takes.
const DEFINITION_PARTS: usize = 4;

/// What the centre was told, or will be by a report that waits. Whatever it does not know any more is forgotten here and told again.
#[derive(Debug, Default)]
pub(super) struct Told {
    definitions: HashSet<u64>,
    instances: HashMap<String, ToldInstance>,
}

#[derive(Debug, Default)]
struct ToldInstance {
    run: u64,
    silent: bool,
    retired: bool,
    values: HashMap<u64, Value>,
}

impl Told {
    /// Everything is told again.
    pub(super) fn forget_all(&mut self) {
        *self = Told::default();
    }

    /// These are defined again, and said again.
    pub(super) fn forget(&mut self, series: &[u64]) {
        for id in series {
            self.definitions.remove(id);
            for instance in self.instances.values_mut() {
                instance.values.remove(id);
            }
        }
    }

    /// Reports of what changed; more than one when it is much. Agent, number and period are for the caller to fill in.
    pub(super) fn reports(&mut self, reading: &Reading) -> Vec<ReportRequest> {
        let mut pages = Pages::new(reading.taken_ms);
        for instance in &reading.instances {
            self.instance(instance, &mut pages);
        }
        let names: HashSet<&str> = reading.instances.iter().map(|i| i.name.as_str()).collect();
        self.instances
            .retain(|name, _| names.contains(name.as_str()));
        pages.done()
    }

    fn instance(&mut self, reading: &InstanceReading, pages: &mut Pages) {
        let told = self.instances.entry(reading.name.clone()).or_default();
        if told.run != reading.run {
            told.run = reading.run;
            told.values.clear();
        }
        let changed = |series: &&SeriesReading| told.values.get(&series.id) != Some(&series.value);
        let changed: Vec<&SeriesReading> = reading.series.iter().filter(changed).collect();
        // Who is silent and was said to be says no more.
        let was_said = told.silent && told.retired == reading.retired;
        if reading.silent && was_said && changed.is_empty() {
            return;
        }
        (told.silent, told.retired) = (reading.silent, reading.retired);
        pages.begin(reading);
        for series in changed {
            if self.definitions.insert(series.id) {
                pages.define(series);
            }
            pages.say(reading, series, told.values.get(&series.id));
            told.values.insert(series.id, series.value.clone());
        }
        // What a process does not have any more, it does not begin again where it was.
        let ids: HashSet<u64> = reading.series.iter().map(|series| series.id).collect();
        told.values.retain(|id, _| ids.contains(id));
    }
}

/// Reports that are being written.
struct Pages {
    taken_ms: u64,
    done: Vec<ReportRequest>,
    report: ReportRequest,
    parts: usize,
}

impl Pages {
    fn new(taken_ms: u64) -> Pages {
        Pages {
            taken_ms,
            done: Vec::new(),
            report: ReportRequest {
                taken_ms,
                ..ReportRequest::default()
            },
            parts: 0,
        }
    }

    fn begin(&mut self, reading: &InstanceReading) {
        self.report.instances.push(InstanceReport {
            instance: reading.name.clone(),
            service: reading.service.clone(),
            version: reading.version.clone(),
            gray: reading.gray.clone(),
            run: reading.run,
            run_began_ms: reading.run_began_ms,
            started_ms: reading.started_ms,
            silent: reading.silent,
            retired: reading.retired,
            ..InstanceReport::default()
        });
    }

    fn define(&mut self, series: &SeriesReading) {
        self.parts += DEFINITION_PARTS;
        self.report.definitions.push(series.definition.to_wire());
    }

    /// Says where a series of the last instance that was begun stands.
    fn say(&mut self, reading: &InstanceReading, series: &SeriesReading, before: Option<&Value>) {
        if self.parts >= PARTS_MAX {
            if let Some(instance) = self.report.instances.last_mut() {
                instance.more = true;
            }
            self.turn();
            self.begin(reading);
        }
        let Some(instance) = self.report.instances.last_mut() else {
            return;
        };
        self.parts += 2;
        match &series.value {
            Value::Count(count) => {
                instance.counters.push(series.id);
                instance.counts.push(*count);
            }
            Value::Level(level) => {
                instance.gauges.push(series.id);
                instance.values.push(*level);
            }
            Value::Histogram(buckets) => {
                let before = match before {
                    Some(Value::Histogram(before)) => Some(before),
                    _ => None,
                };
                let reading = histogram(series.id, buckets, before);
                self.parts += reading.buckets.len();
                instance.histograms.push(reading);
            }
        }
    }

    fn turn(&mut self) {
        let next = ReportRequest {
            taken_ms: self.taken_ms,
            ..ReportRequest::default()
        };
        self.done.push(std::mem::replace(&mut self.report, next));
        self.parts = 0;
    }

    fn done(mut self) -> Vec<ReportRequest> {
        if !self.report.instances.is_empty() {
            self.turn();
        }
        self.done
    }
}

/// The buckets that changed.
fn histogram(id: u64, buckets: &Buckets, before: Option<&Buckets>) -> HistogramReading {
    let mut reading = HistogramReading {
        id,
        sum: buckets.sum,
        ..HistogramReading::default()
    };
    for (bucket, count) in buckets.counts.iter().enumerate() {
        let told = before.and_then(|before| before.counts.get(bucket));
        if *count != told.copied().unwrap_or(0) {
            reading.buckets.push(bucket as u32);
            reading.counts.push(*count);
        }
    }
    reading
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Definition;
    use std::sync::Arc;
    use svrkit_rt::monitor::Kind;

    fn counter(n: u64, count: u64) -> SeriesReading {
        let definition = Definition {
            name: format!("c{n}"),
            labels: Vec::new(),
            kind: Kind::Counter,
            unit: String::new(),
            help: String::new(),
        };
        SeriesReading {
            id: definition.id(),
            definition: Arc::new(definition),
            value: Value::Count(count),
        }
    }

    fn reading(series: Vec<SeriesReading>) -> Reading {
        Reading {
            taken_ms: 7,
            instances: vec![InstanceReading {
                name: "shop".to_owned(),
                run: 1,
                series,
                ..InstanceReading::default()
            }],
            unreadable: 0,
        }
    }

    fn said(reports: &[ReportRequest]) -> (usize, usize) {
        let definitions = reports.iter().map(|r| r.definitions.len()).sum();
        let instances = reports.iter().flat_map(|r| &r.instances);
        (definitions, instances.map(|i| i.counters.len()).sum())
    }

    #[test]
    fn only_what_changed_is_said_and_everything_is_said_once() {
        let mut told = Told::default();
        assert_eq!(
            said(&told.reports(&reading(vec![counter(1, 5), counter(2, 0)]))),
            (2, 2)
        );
        let nothing = told.reports(&reading(vec![counter(1, 5), counter(2, 0)]));
        assert_eq!(said(&nothing), (0, 0));
        // An instance without a change is alive, and says so.
        assert_eq!(nothing[0].instances.len(), 1);
        assert_eq!(
            said(&told.reports(&reading(vec![counter(1, 6), counter(2, 0)]))),
            (0, 1)
        );
        told.forget(&[counter(2, 0).id]);
        assert_eq!(
            said(&told.reports(&reading(vec![counter(1, 6), counter(2, 0)]))),
            (1, 1)
        );
        told.forget_all();
        assert_eq!(
            said(&told.reports(&reading(vec![counter(1, 6), counter(2, 0)]))),
            (2, 2)
        );
    }

    #[test]
    fn another_run_says_everything_again() {
        let mut told = Told::default();
        told.reports(&reading(vec![counter(1, 5)]));
        let mut anew = reading(vec![counter(1, 5)]);
        anew.instances[0].run = 2;
        assert_eq!(said(&told.reports(&anew)), (0, 1));
    }

    #[test]
    fn silence_is_said_once() {
        let mut told = Told::default();
        let silent = |count| {
            let mut reading = reading(vec![counter(1, count)]);
            reading.instances[0].silent = true;
            reading
        };
        told.reports(&reading(vec![counter(1, 5)]));
        assert_eq!(told.reports(&silent(5)).len(), 1);
        assert!(told.reports(&silent(5)).is_empty());
        assert_eq!(said(&told.reports(&silent(6))), (0, 1));
        let mut retired = silent(6);
        retired.instances[0].retired = true;
        assert!(told.reports(&retired)[0].instances[0].retired);
        assert!(told.reports(&retired).is_empty());
    }

    #[test]
    fn much_is_several_reports_of_one_reading() {
        let mut told = Told::default();
        let many = reading((0..5_000).map(|n| counter(n, 1)).collect());
        let reports = told.reports(&many);
        assert!(reports.len() > 2);
        assert_eq!(said(&reports), (5_000, 5_000));
        let more: Vec<bool> = reports.iter().map(|r| r.instances[0].more).collect();
        assert!(more[..more.len() - 1].iter().all(|more| *more));
        assert!(!more[more.len() - 1]);
        assert!(
            reports
                .iter()
                .all(|r| r.taken_ms == 7 && prost::Message::encoded_len(r) < 2 << 20)
        );
    }

    #[test]
    fn of_a_histogram_the_buckets_that_changed_are_said() {
        let mut now = Buckets::default();
        now.counts[3] = 2;
        now.counts[9] = 1;
        now.sum = 30;
        let mut before = Buckets::default();
        before.counts[3] = 2;
        let said = histogram(7, &now, Some(&before));
        assert_eq!(
            (said.buckets, said.counts, said.sum),
            (vec![9], vec![1], 30)
        );
    }
}
