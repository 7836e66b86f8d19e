//! What a segment held at one time: its instance, and the value of each series.

use super::header::{FormatError, Header};
use super::histogram::{BUCKETS, SUM, bucket_bound};
use super::kind::Kind;
use super::layout::{Geometry, PAGE_BYTES};
use super::memory::WORD_BYTES;
use super::records::{Record, decode_labels, parse};
use std::collections::HashMap;
use std::sync::Arc;

/// Whose segment it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instance {
    /// Its name, one a machine at a time.
    pub name: String,
    /// The service (or role) that it runs.
    pub service: String,
    /// Its gray tag; empty for none.
    pub gray: String,
    /// The program's version; empty when it did not say.
    pub version: String,
    /// Process id of the owner, or of the last one.
    pub pid: u32,
    /// The machine's boot during which it was opened; 0 when the system does not tell.
    pub boot_id: u128,
    /// How often the segment was opened: changes when the process was started again. Counters go on.
    pub generation: u64,
    /// When the segment was made, in milliseconds since 1970: changes when counters begin anew.
    pub created_ms: u64,
    /// When this generation began, in milliseconds since 1970.
    pub opened_ms: u64,
    /// One more each second while the owner lives: tells a silent one without comparing clocks.
    pub beats: u64,
    /// The owner is ending in good order, or has: nobody need miss it. See [`retire`](super::retire).
    pub retired: bool,
}

/// What all series of a name have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// In snake case, ending in its unit; of a counter without `_total`.
    pub name: String,
    /// How to read its values.
    pub kind: Kind,
    /// In the plural: `bytes`, `microseconds`; empty for none.
    pub unit: String,
    /// A sentence for people.
    pub help: String,
}

/// A metric with labels, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Stays the same as long as the segment exists.
    pub id: u32,
    /// Name, kind, unit, help.
    pub metric: Arc<Metric>,
    /// Sorted by key.
    pub labels: Vec<(String, String)>,
    /// What it stood at.
    pub value: Value,
}

/// The value of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Everything since the segment was made, modulo 2^64.
    Counter(u64),
    /// The level.
    Gauge(i64),
    /// The largest value of the last ten to twenty seconds.
    Max(u64),
    /// Everything since the segment was made.
    Histogram(Buckets),
}

/// The values of a histogram, by size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets {
    /// How many values fell into each bucket alone ([`bucket_bound`] tells up to where it reaches); [`BUCKETS`] of them.
    pub counts: Vec<u64>,
    /// All values added.
    pub sum: u64,
}

impl Default for Buckets {
    fn default() -> Buckets {
        Buckets {
            counts: vec![0; BUCKETS],
            sum: 0,
        }
    }
}

impl Buckets {
    /// How many values there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, n| sum.wrapping_add(*n))
    }

    /// What came since `earlier`, an earlier reading of the same series.
    pub fn since(&self, earlier: &Buckets) -> Buckets {
        let pairs = self.counts.iter().zip(&earlier.counts);
        Buckets {
            counts: pairs.map(|(now, then)| now.wrapping_sub(*then)).collect(),
            sum: self.sum.wrapping_sub(earlier.sum),
        }
    }

    /// Adds the values of another.
    pub fn add(&mut self, other: &Buckets) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.wrapping_add(*more);
        }
        self.sum = self.sum.wrapping_add(other.sum);
    }

    /// The value that a share `q` (0 to 1) of all values does not exceed, as exact as buckets are: within 19 %. `None` without values.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let count = self.count();
        let wanted = q.clamp(0.0, 1.0) * count as f64;
        let mut below = 0;
        for (n, in_bucket) in self.counts.iter().enumerate() {
            let up_to = below + in_bucket;
            if *in_bucket > 0 && up_to as f64 >= wanted {
                let lower = n.checked_sub(1).and_then(bucket_bound).unwrap_or(0.0);
                let upper = bucket_bound(n).unwrap_or(lower);
                let share = (wanted - below as f64) / *in_bucket as f64;
                return Some(lower + (upper - lower) * share);
            }
            below = up_to;
        }
        None
    }
}

/// A segment at one time. Each value is exact; they were read one after the other, while the owner went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Whose it is.
    pub instance: Instance,
    /// In the order of their first use.
    pub series: Vec<Series>,
}

impl Snapshot {
    /// The series of a name with exactly these labels, in any order.
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<&Value> {
        let same = |series: &&Series| {
            series.metric.name == name
                && series.labels.len() == labels.len()
                && labels.iter().all(|wanted| {
                    let mut own = series.labels.iter();
                    own.any(|(key, value)| (key.as_str(), value.as_str()) == *wanted)
                })
        };
        self.series.iter().find(same).map(|series| &series.value)
    }
}

/// The bytes of a segment, wherever they come from.
pub(super) trait Source {
    type Error: From<FormatError>;

    /// Fills `bytes` from byte `at` of the segment.
    fn read(&self, at: usize, bytes: &mut [u8]) -> Result<(), Self::Error>;

    /// Its length.
    fn file_bytes(&self) -> Result<u64, Self::Error>;
}

/// The header of a segment.
pub(super) fn read_header<S: Source>(source: &S) -> Result<Header, S::Error> {
    let file_bytes = source.file_bytes()?;
    let mut page = vec![0; PAGE_BYTES.min(file_bytes as usize)];
    source.read(0, &mut page)?;
    Ok(Header::parse(&page, file_bytes)?)
}

/// The registry of a segment.
pub(super) fn read_registry<S: Source>(source: &S, header: &Header) -> Result<Vec<u8>, S::Error> {
    let mut registry = vec![0; header.registry_used];
    source.read(header.geometry.registry_at(), &mut registry)?;
    Ok(registry)
}

/// Everything in a segment.
pub(super) fn take<S: Source>(source: &S) -> Result<Snapshot, S::Error> {
    let header = read_header(source)?;
    let registry = read_registry(source, &header)?;
    // After the registry, so that each series in it has its slots here.
    let after = read_header(source)?;
    if header.changes != after.changes || header.changes % 2 == 1 {
        return Err(FormatError::NotReady.into());
    }
    let values = Values::read(source, header.geometry, &after)?;
    let mut metrics: HashMap<u16, Arc<Metric>> = HashMap::new();
    let mut current: HashMap<&str, u16> = HashMap::new();
    let mut found = Vec::new();
    for record in parse(&registry) {
        let damaged = FormatError::Damaged { what: "registry" };
        match record.map_err(|_| damaged.clone())? {
            Record::Metric(metric) => {
                current.insert(metric.name, metric.id);
                let shared = Metric {
                    name: metric.name.to_owned(),
                    kind: metric.kind,
                    unit: metric.unit.to_owned(),
                    help: metric.help.to_owned(),
                };
                metrics.insert(metric.id, Arc::new(shared));
            }
            Record::Series(series) => found.push(series),
            Record::Unknown => {}
        }
    }
    let mut series = Vec::with_capacity(found.len());
    for record in found {
        let damaged = FormatError::Damaged { what: "a series" };
        let Some(metric) = metrics.get(&record.metric) else {
            return Err(damaged.into());
        };
        // The name has another kind now; nobody counts here any more.
        if current.get(metric.name.as_str()) != Some(&record.metric) {
            continue;
        }
        let labels = decode_labels(record.labels, record.labels_len);
        let value = values.value(metric.kind, record.slot as usize);
        let (Some(labels), Some(value)) = (labels, value) else {
            return Err(damaged.into());
        };
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        series.push(Series {
            id: record.slot,
            metric: metric.clone(),
            labels: labels.into_iter().map(owned).collect(),
            value,
        });
    }
    let instance = after.instance;
    Ok(Snapshot { instance, series })
}

/// The slots of all shards in use, put together.
struct Values {
    sums: Vec<u64>,
    maxes: Vec<u64>,
}

impl Values {
    fn read<S: Source>(
        source: &S,
        geometry: Geometry,
        header: &Header,
    ) -> Result<Values, S::Error> {
        let mut values = Values {
            sums: vec![0; header.slots_used],
            maxes: vec![0; header.slots_used],
        };
        let mut shard = vec![0; header.slots_used * WORD_BYTES];
        for n in 0..header.shards_used {
            source.read(geometry.shard_at(n), &mut shard)?;
            let (words, _) = shard.as_chunks();
            for (slot, word) in words.iter().enumerate() {
                let word = u64::from_ne_bytes(*word);
                values.sums[slot] = values.sums[slot].wrapping_add(word);
                values.maxes[slot] = values.maxes[slot].max(word);
            }
        }
        Ok(values)
    }

    /// `None` when the slots are not all within the shards.
    fn value(&self, kind: Kind, slot: usize) -> Option<Value> {
        let slots = slot..slot.checked_add(kind.slots())?;
        let sums = self.sums.get(slots.clone())?;
        Some(match kind {
            Kind::Counter => Value::Counter(sums[0]),
            Kind::Gauge => Value::Gauge(sums[0] as i64),
            Kind::Max => Value::Max(self.maxes[slots].iter().copied().max()?),
            Kind::Histogram => Value::Histogram(Buckets {
                counts: sums[..BUCKETS].to_vec(),
                sum: sums[SUM],
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::histogram::bucket;

    fn buckets(values: impl IntoIterator<Item = u64>) -> Buckets {
        let mut buckets = Buckets::default();
        for value in values {
            buckets.counts[bucket(value)] += 1;
            buckets.sum += value;
        }
        buckets
    }

    #[test]
    fn quantiles_are_within_a_bucket() {
        let even = buckets(1..=10_000);
        for q in [0.01, 0.1, 0.5, 0.9, 0.99, 1.0] {
            let value = even.quantile(q).unwrap();
            let exact = 10_000.0 * q;
            assert!((value / exact - 1.0).abs() < 0.19, "{q}: {value}");
        }
        assert_eq!(Buckets::default().quantile(0.5), None);
    }

    #[test]
    fn what_came_since_is_what_is_left() {
        let (before, after) = (buckets([5, 700]), buckets([5, 700, 9, 9]));
        assert_eq!(after.since(&before), buckets([9, 9]));
        let mut sum = before.clone();
        sum.add(&buckets([9, 9]));
        assert_eq!(sum, after);
    }
}
