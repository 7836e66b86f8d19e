//! The last minutes of every series: what curves and rates are made of.

use crate::monitor::{Buckets, Series, Snapshot, Value};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How often all series are looked at. A look costs about a microsecond a series.
pub(super) const PERIOD: Duration = Duration::from_secs(5);
/// Points that are kept of a series: ten minutes.
pub(super) const POINTS: usize = 120;
/// Series whose points are kept; at most 1.5 KiB each. Further ones have a value and no curve.
const SERIES_MAX: usize = 4_096;
/// Looks between two bases of rates.
const BASE_EVERY: u64 = 6;
/// Bases that are kept, so that one is at least [`BASE_EVERY`] looks old.
const BASES: usize = 2;

/// What a series stood at, look by look.
#[derive(Debug, Default)]
pub(super) struct History(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    looks: u64,
    last: Option<(Instant, Arc<Snapshot>)>,
    bases: VecDeque<(Instant, Arc<Snapshot>)>,
    kept: HashMap<u32, Kept>,
}

/// The points of a series.
#[derive(Debug)]
enum Kept {
    /// Increments a second, or levels.
    Plain(Ring),
    /// Values a second, and two quantiles of those of each period.
    Histogram(Box<[Ring; 3]>),
}

#[derive(Debug)]
struct Ring(Box<[f32; POINTS]>);

/// The points of a series, oldest first; what was not there yet is not a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Points {
    Plain(Vec<f32>),
    Histogram {
        rate: Vec<f32>,
        p50: Vec<f32>,
        p99: Vec<f32>,
    },
}

/// What there was a while ago, to compare with.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) ago: Duration,
    pub(super) snapshot: Arc<Snapshot>,
}

impl History {
    /// Takes in a look at everything.
    pub(super) fn take(&self, now: Instant, snapshot: Snapshot) {
        let mut state = self.state();
        let state = &mut *state;
        let snapshot = Arc::new(snapshot);
        let last = state.last.replace((now, snapshot.clone()));
        let last = last.filter(|(_, last)| same_segment(last, &snapshot));
        let Some((then, last)) = last else {
            // Another segment, whose ids mean other series.
            *state = State {
                last: Some((now, snapshot.clone())),
                bases: VecDeque::from([(now, snapshot)]),
                ..State::default()
            };
            return;
        };
        state.looks += 1;
        if state.looks.is_multiple_of(BASE_EVERY) {
            state.bases.push_back((now, snapshot.clone()));
            if state.bases.len() > BASES {
                state.bases.pop_front();
            }
        }
        let seconds = now.duration_since(then).as_secs_f64().max(1e-3);
        let before = by_id(&last);
        let at = (state.looks % POINTS as u64) as usize;
        for series in &snapshot.series {
            let room = state.kept.len() < SERIES_MAX;
            if room || state.kept.contains_key(&series.id) {
                let kept = state.kept.entry(series.id);
                let kept = kept.or_insert_with(|| Kept::new(&series.value, state.looks));
                kept.put(at, before.get(&series.id).copied(), &series.value, seconds);
            }
        }
    }

    /// The points of a series.
    pub(super) fn points(&self, series: &Series) -> Option<Points> {
        let state = self.state();
        let points = |ring: &Ring| ring.in_order(state.looks);
        match state.kept.get(&series.id)? {
            Kept::Plain(ring) => Some(Points::Plain(points(ring))),
            Kept::Histogram(rings) => Some(Points::Histogram {
                rate: points(&rings[0]),
                p50: points(&rings[1]),
                p99: points(&rings[2]),
            }),
        }
    }

    /// What there was half a minute to a minute before `now`, or when the process began to look, if that is later.
    pub(super) fn base(&self, now: Instant) -> Option<Base> {
        let state = self.state();
        let (then, snapshot) = state.bases.front()?;
        Some(Base {
            ago: now.duration_since(*then),
            snapshot: snapshot.clone(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Base {
    /// What each series stood at, if `snapshot` is of the same segment.
    pub(super) fn values(&self, snapshot: &Snapshot) -> HashMap<u32, &Value> {
        match same_segment(&self.snapshot, snapshot) {
            true => by_id(&self.snapshot),
            false => HashMap::new(),
        }
    }
}

impl Points {
    /// Those that a row of a table has room for.
    pub(super) fn first(&self) -> &[f32] {
        match self {
            Points::Plain(points) => points,
            Points::Histogram { rate, .. } => rate,
        }
    }
}

impl Kept {
    /// Of a series that is met at this look for the first time: before, it did not count, which is a rate of nothing.
    fn new(value: &Value, look: u64) -> Kept {
        match value {
            Value::Histogram(_) => {
                let rate = Ring::of_zeros(look);
                Kept::Histogram(Box::new([rate, Ring::new(), Ring::new()]))
            }
            Value::Counter(_) => Kept::Plain(Ring::of_zeros(look)),
            Value::Gauge(_) | Value::Max(_) => Kept::Plain(Ring::new()),
        }
    }

    fn put(&mut self, at: usize, before: Option<&Value>, value: &Value, seconds: f64) {
        match (self, value) {
            (Kept::Plain(ring), Value::Histogram(_)) => ring.0[at] = f32::NAN,
            (Kept::Plain(ring), value) => {
                ring.0[at] = match (before, value) {
                    (Some(Value::Counter(before)), Value::Counter(now)) => {
                        (now.wrapping_sub(*before) as f64 / seconds) as f32
                    }
                    // A series that was not there before stood at nothing.
                    (_, Value::Counter(now)) => (*now as f64 / seconds) as f32,
                    (_, Value::Gauge(level)) => *level as f32,
                    (_, Value::Max(max)) => *max as f32,
                    (_, Value::Histogram(_)) => f32::NAN,
                }
            }
            (Kept::Histogram(rings), Value::Histogram(now)) => {
                let came = match before {
                    Some(Value::Histogram(before)) => now.since(before),
                    _ => now.clone(),
                };
                let quantile = |q| came.quantile(q).map_or(f32::NAN, |v| v as f32);
                rings[0].0[at] = (came.count() as f64 / seconds) as f32;
                rings[1].0[at] = quantile(0.5);
                rings[2].0[at] = quantile(0.99);
            }
            (Kept::Histogram(rings), _) => rings.iter_mut().for_each(|r| r.0[at] = f32::NAN),
        }
    }
}

impl Ring {
    fn new() -> Ring {
        Ring(Box::new([f32::NAN; POINTS]))
    }

    /// Zeros for all looks before this one, the first of which was look 1.
    fn of_zeros(look: u64) -> Ring {
        let mut ring = Ring::new();
        let first = look.saturating_sub(POINTS as u64 - 1).max(1);
        for before in first..look {
            ring.0[(before % POINTS as u64) as usize] = 0.0;
        }
        ring
    }

    fn in_order(&self, looks: u64) -> Vec<f32> {
        let newest = (looks % POINTS as u64) as usize;
        let (newer, older) = self.0.split_at(newest + 1);
        older.iter().chain(newer).copied().collect()
    }
}

fn by_id(snapshot: &Snapshot) -> HashMap<u32, &Value> {
    let series = snapshot.series.iter();
    series.map(|series| (series.id, &series.value)).collect()
}

fn same_segment(a: &Snapshot, b: &Snapshot) -> bool {
    let identity = |s: &Snapshot| (s.instance.created_ms, s.instance.generation);
    identity(a) == identity(b)
}

/// What came between two readings of a counter; everything when there was none before.
pub(super) fn came(before: Option<&&Value>, now: u64) -> u64 {
    match before {
        Some(Value::Counter(before)) => now.wrapping_sub(*before),
        _ => now,
    }
}

/// As [`came`], of a histogram.
pub(super) fn buckets_came(before: Option<&&Value>, now: &Buckets) -> Buckets {
    match before {
        Some(Value::Histogram(before)) => now.since(before),
        _ => now.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::{BUCKETS, Kind, Metric};

    fn snapshot(values: Vec<Value>) -> Snapshot {
        let series = values.into_iter().enumerate().map(|(id, value)| Series {
            id: id as u32,
            metric: Arc::new(Metric {
                name: format!("m{id}"),
                kind: Kind::Counter,
                unit: String::new(),
                help: String::new(),
            }),
            labels: Vec::new(),
            value,
        });
        Snapshot {
            instance: Default::default(),
            series: series.collect(),
        }
    }

    fn buckets(count: u64) -> Buckets {
        let mut counts = vec![0; BUCKETS];
        counts[40] = count;
        Buckets { counts, sum: 0 }
    }

    #[test]
    fn points_are_rates_levels_and_quantiles_and_the_oldest_go() {
        let history = History::default();
        let begun = Instant::now();
        for n in 0..POINTS as u64 + 3 {
            let values = vec![
                Value::Counter(n * 10),
                Value::Gauge(-(n as i64)),
                Value::Histogram(buckets(n * 5)),
            ];
            history.take(begun + PERIOD * n as u32, snapshot(values));
        }
        let now = snapshot(vec![Value::Counter(0), Value::Gauge(0), Value::Max(0)]);
        let points = |n: usize| history.points(&now.series[n]).unwrap();
        assert_eq!(points(0), Points::Plain(vec![2.0; POINTS]));
        let levels = (3..POINTS + 3).map(|n| -(n as f32)).collect();
        assert_eq!(points(1), Points::Plain(levels));
        let Points::Histogram { rate, p50, p99 } = points(2) else {
            panic!("no histogram");
        };
        assert_eq!(rate, vec![1.0; POINTS]);
        assert!(p50[0] > 800.0 && p50[0] <= 1024.0 && p99[0] >= p50[0]);
        let base = history.base(begun + PERIOD * (POINTS as u32 + 3)).unwrap();
        assert!(
            base.ago >= PERIOD * 6 && base.ago <= PERIOD * 13,
            "{:?}",
            base.ago
        );
    }

    #[test]
    fn what_was_not_there_was_nothing() {
        let history = History::default();
        let begun = Instant::now();
        for n in 0..4 {
            let late = (n >= 3).then_some(Value::Counter(50));
            let values = [Value::Gauge(1)].into_iter().chain(late);
            history.take(begun + PERIOD * n, snapshot(values.collect()));
        }
        let now = snapshot(vec![Value::Gauge(1), Value::Counter(50)]);
        let Some(Points::Plain(points)) = history.points(&now.series[1]) else {
            panic!("no points");
        };
        assert_eq!(points[POINTS - 3..], [0.0, 0.0, 10.0]);
        assert!(points[..POINTS - 3].iter().all(|p| p.is_nan()));
    }

    #[test]
    fn another_segment_begins_another_history() {
        let history = History::default();
        let begun = Instant::now();
        history.take(begun, snapshot(vec![Value::Counter(5)]));
        history.take(begun + PERIOD, snapshot(vec![Value::Counter(5)]));
        let mut other = snapshot(vec![Value::Counter(5)]);
        other.instance.created_ms = 7;
        history.take(begun + PERIOD * 2, other.clone());
        assert_eq!(history.points(&other.series[0]), None);
        assert_eq!(
            history.base(begun + PERIOD * 2).unwrap().ago,
            Duration::ZERO
        );
    }
}
