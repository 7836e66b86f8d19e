//! Reads the segments of a machine's processes.

use super::reading::{InstanceReading, SeriesReading, Value};
use crate::definition::{Definition, series_id};
use im_serve::process::causes;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use svrkit_rt::monitor::{self, Reader, Snapshot};
use tracing::{info, warn};

/// Definitions that are kept from one reading to the next. Beyond, they are made anew.
const DEFINITIONS_MAX: usize = 50_000;
/// Periods without a sign of life after which an instance is silent.
const SILENT_PERIODS: u64 = 3;

/// Looks through a directory again and again.
#[derive(Debug)]
pub(super) struct Scanner {
    directory: PathBuf,
    silent_after_ms: u64,
    /// By number. Instances of one program share them.
    definitions: HashMap<u64, Arc<Definition>>,
    /// By instance.
    signs: BTreeMap<String, Sign>,
    /// What is wrong with files, which is said once.
    wrong: BTreeMap<PathBuf, String>,
}

/// An instance's last sign of life.
#[derive(Clone, Copy, Debug)]
struct Sign {
    generation: u64,
    beats: u64,
    seen_ms: u64,
    silent: bool,
}

impl Scanner {
    pub(super) fn new(directory: PathBuf, period_ms: u64) -> Scanner {
        Scanner {
            directory,
            silent_after_ms: SILENT_PERIODS * period_ms,
            definitions: HashMap::new(),
            signs: BTreeMap::new(),
            wrong: BTreeMap::new(),
        }
    }

    /// Every instance there is, and how many files were none. A file that cannot be read hides nothing but itself.
    pub(super) fn scan(&mut self, now_ms: u64) -> (Vec<InstanceReading>, u64) {
        if self.definitions.len() > DEFINITIONS_MAX {
            self.definitions.clear();
        }
        let paths = match monitor::instances(&self.directory) {
            Ok(paths) => paths,
            Err(error) => {
                let directory = self.directory.clone();
                self.complain(&directory, &error.to_string());
                return (Vec::new(), 0);
            }
        };
        let mut instances = Vec::with_capacity(paths.len());
        let mut unreadable = 0;
        for path in &paths {
            match read(path) {
                Ok((snapshot, alive)) => {
                    self.wrong.remove(path);
                    instances.push(self.instance(snapshot, alive, now_ms));
                }
                Err(error) => {
                    unreadable += 1;
                    self.complain(path, &error);
                }
            }
        }
        self.wrong.retain(|path, _| paths.contains(path));
        (instances, unreadable)
    }

    fn instance(&mut self, snapshot: Snapshot, alive: bool, now_ms: u64) -> InstanceReading {
        let instance = snapshot.instance;
        let sign = Sign {
            generation: instance.generation,
            beats: instance.beats,
            seen_ms: now_ms,
            silent: false,
        };
        let last = self.signs.entry(instance.name.clone()).or_insert(sign);
        if (last.generation, last.beats) != (sign.generation, sign.beats) {
            (last.generation, last.beats, last.seen_ms) = (sign.generation, sign.beats, now_ms);
        }
        let still = now_ms.saturating_sub(last.seen_ms) > self.silent_after_ms;
        let silent = !alive || still;
        let retired = !alive && instance.retired;
        if silent != last.silent {
            last.silent = silent;
            let (instance, pid) = (&instance.name, instance.pid);
            match silent {
                true if retired => info!(instance, pid, "an instance has ended"),
                true => warn!(instance, pid, alive, "an instance fell silent"),
                false => info!(instance, pid, "an instance is heard of again"),
            }
        }
        let series = snapshot.series.into_iter();
        InstanceReading {
            run: run(instance.created_ms, instance.boot_id),
            run_began_ms: instance.created_ms,
            started_ms: instance.opened_ms,
            silent,
            retired,
            series: series.map(|series| self.series(series)).collect(),
            name: instance.name,
            service: instance.service,
            version: instance.version,
            gray: instance.gray,
        }
    }

    fn series(&mut self, series: monitor::Series) -> SeriesReading {
        let labels = series.labels.iter();
        let labels = labels.map(|(name, value)| (name.as_str(), value.as_str()));
        let id = series_id(series.metric.kind, &series.metric.name, labels);
        let known = self.definitions.entry(id);
        let definition = known.or_insert_with(|| {
            let metric = &*series.metric;
            Arc::new(Definition {
                name: metric.name.clone(),
                labels: series.labels,
                kind: metric.kind,
                unit: metric.unit.clone(),
                help: metric.help.clone(),
            })
        });
        SeriesReading {
            id,
            definition: definition.clone(),
            value: match series.value {
                monitor::Value::Counter(count) => Value::Count(count),
                monitor::Value::Gauge(level) => Value::Level(level),
                monitor::Value::Max(most) => Value::Level(most.min(i64::MAX as u64) as i64),
                monitor::Value::Histogram(buckets) => Value::Histogram(buckets),
            },
        }
    }

    /// Says what is wrong with a file, unless it was said before.
    fn complain(&mut self, path: &Path, error: &str) {
        let said = self.wrong.insert(path.to_owned(), error.to_owned());
        if said.as_deref() != Some(error) {
            let path = path.display();
            warn!(%path, error, "a file among the counters cannot be read: it is passed over");
        }
    }
}

fn read(path: &Path) -> Result<(Snapshot, bool), String> {
    let read = || {
        let reader = Reader::open(path)?;
        // Before its counters: whoever dies in between has all of them read, and is silent next time.
        let alive = reader.owner_is_alive()?;
        Ok((reader.snapshot()?, alive))
    };
    read().map_err(|error: monitor::ReadError| causes(&error))
}

/// Names the life of a segment's counters: they begin anew with another file, and with another boot.
fn run(created_ms: u64, boot_id: u128) -> u64 {
    let folded = (boot_id >> 64) as u64 ^ boot_id as u64;
    folded.rotate_left(32) ^ created_ms.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
