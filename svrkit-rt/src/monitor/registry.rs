//! Which series there are in the process's segment, which slots they have, and which thread has which shard.

use super::header::FormatError;
use super::kind::{
    HELP_BYTES_MAX, Kind, LABEL_VALUE_BYTES_MAX, NameError, OVERFLOW_LABEL, check_labels,
    check_metric, cut,
};
use super::layout::{Geometry, PAGE_BYTES, put_bytes, word};
use super::memory::WORD_BYTES;
use super::records::{MetricRecord, Record, SeriesRecord, encode_labels, parse};
use super::segment::Segment;
use super::snapshot::{Instance, Snapshot, take};
use super::{histogram, open};
use std::collections::HashMap;
use std::io;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Mutex, MutexGuard, OnceLock};

/// Where those count whom there is no room for at all: the first slots of each shard, which belong to nobody.
pub(super) const REFUSED_SLOT: u32 = 0;
const REFUSED_SLOTS: usize = histogram::SLOTS;
/// The shard that threads without one of their own share.
const SHARED: usize = 0;
/// Names a process may have. Ids of metrics are two bytes.
const METRICS_MAX: usize = 4_096;
/// Series of one name, so that one with labels of many values leaves room for the others.
pub(super) const SERIES_PER_METRIC_MAX: usize = 2_048;
/// Memory is taken from the file system in steps of so many bytes.
const RESERVE_BYTES: usize = 8 * PAGE_BYTES;

static ACTIVE: OnceLock<Registry> = OnceLock::new();

/// The two slots of a [`Kind::Max`] take turns: which one is written now.
static MAX_TURN: AtomicU32 = AtomicU32::new(0);

/// A segment and what is known of it.
#[derive(Debug)]
pub(super) struct Registry {
    segment: Segment,
    series_max: usize,
    /// A lock is right: series are entered once, and a thread takes a shard once.
    state: Mutex<State>,
}

/// What the registry's bytes say, and what of the segment is in use.
#[derive(Debug)]
pub(super) struct State {
    /// By id.
    metrics: Vec<MetricState>,
    /// The one that counts now, of those with the name.
    by_name: HashMap<String, u16>,
    series: HashMap<(u16, Box<[u8]>), u32>,
    maxes: Vec<u32>,
    registry_used: usize,
    registry_reserved: usize,
    slots_used: usize,
    slots_reserved: usize,
    shards_used: usize,
    free_shards: Vec<usize>,
}

#[derive(Debug)]
struct MetricState {
    kind: Kind,
    unit: String,
    help: String,
    /// Declared by this process, not only by one before it.
    declared: bool,
    series: usize,
    overflow: Option<u32>,
}

/// What a handle says of its metric.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declaration<'a> {
    pub(super) kind: Kind,
    pub(super) name: &'a str,
    pub(super) unit: &'a str,
    pub(super) help: &'a str,
}

/// Where a series counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) slot: u32,
    /// Not the series of its own that was asked for, because there is no room for more.
    pub(super) overflow: bool,
}

impl Registry {
    /// The process's registry: that of [`open::open`], or one in anonymous memory if something counts before.
    pub(super) fn active() -> &'static Registry {
        ACTIVE.get_or_init(Registry::anonymous)
    }

    pub(super) fn is_active() -> bool {
        ACTIVE.get().is_some()
    }

    /// Makes it the process's; `None` when there is one already.
    pub(super) fn activate(self) -> Option<&'static Registry> {
        ACTIVE.set(self).ok()?;
        ACTIVE.get()
    }

    fn anonymous() -> Registry {
        let config = open::Config::default();
        let segment = Segment::anonymous(config.geometry());
        segment.enter(&config.identity());
        Registry::of(segment, State::default(), config.series_max)
    }

    /// For a segment of a file, with the series of earlier owners if there are any.
    ///
    /// # Errors
    /// When the file system has no room.
    pub(super) fn new(segment: Segment, state: State, series_max: usize) -> io::Result<Registry> {
        let registry = Registry::of(segment, state, series_max);
        let reserved = {
            let state = &mut *registry.state();
            registry.reserve_slots(state, state.slots_used)
        };
        match reserved {
            true => Ok(registry),
            false => Err(io::ErrorKind::StorageFull.into()),
        }
    }

    fn of(segment: Segment, mut state: State, series_max: usize) -> Registry {
        let shards = segment.geometry().shards;
        let used = segment.header(word::SHARDS_USED);
        state.shards_used = (used.load(Relaxed) as usize).clamp(SHARED + 1, shards.max(1));
        state.free_shards = (SHARED + 1..state.shards_used).rev().collect();
        used.store(state.shards_used as u64, Release);
        let slots_used = segment.header(word::SLOTS_USED);
        slots_used.store(state.slots_used as u64, Release);
        let registry = Registry {
            segment,
            series_max,
            state: Mutex::new(state),
        };
        registry.begin_levels();
        registry
    }

    /// Levels and largest values are of the process, so they begin with it.
    fn begin_levels(&self) {
        let state = self.state();
        let levels = state.series.iter().filter_map(|((metric, _), slot)| {
            let kind = state.metrics[*metric as usize].kind;
            matches!(kind, Kind::Gauge | Kind::Max).then_some((*slot as usize, kind.slots()))
        });
        for (slot, len) in levels {
            for shard in 0..state.shards_used {
                for word in &self.segment.shard(shard)[slot..slot + len] {
                    word.store(0, Relaxed);
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// The place of a series, made if there is none yet.
    ///
    /// # Errors
    /// When the name, the unit or a label cannot be had.
    pub(super) fn place(
        &self,
        declaration: Declaration<'_>,
        labels: &[(&str, &str)],
    ) -> Result<Placed, NameError> {
        let mut sorted: Vec<(&str, &str)> = labels
            .iter()
            .map(|(key, value)| (*key, cut(value, LABEL_VALUE_BYTES_MAX)))
            .collect();
        sorted.sort_unstable();
        check_metric(declaration.name, declaration.unit)?;
        check_labels(&sorted)?;
        let state = &mut *self.state();
        let Some(metric) = self.metric(state, declaration)? else {
            return Ok(Placed {
                slot: REFUSED_SLOT,
                overflow: true,
            });
        };
        let key = (metric, encode_labels(&sorted).into_boxed_slice());
        if let Some(slot) = state.series.get(&key) {
            return Ok(Placed {
                slot: *slot,
                overflow: false,
            });
        }
        let full = state.series.len() >= self.series_max
            || state.metrics[metric as usize].series >= SERIES_PER_METRIC_MAX;
        let made = (!full).then(|| self.add_series(state, metric, &sorted));
        if let Some(slot) = made.flatten() {
            return Ok(Placed {
                slot,
                overflow: false,
            });
        }
        Ok(Placed {
            slot: self.overflow(state, metric, declaration.name),
            overflow: true,
        })
    }

    /// The id of a metric; `None` when there is no room for it.
    fn metric(
        &self,
        state: &mut State,
        declaration: Declaration<'_>,
    ) -> Result<Option<u16>, NameError> {
        let help = cut(declaration.help, HELP_BYTES_MAX);
        let known = state.by_name.get(declaration.name).copied();
        if let Some(id) = known {
            let metric = &mut state.metrics[id as usize];
            if metric.kind == declaration.kind {
                let same = metric.unit == declaration.unit && metric.help == help;
                if metric.declared || same {
                    metric.declared = true;
                    return Ok(Some(id));
                }
                // The program was changed: same metric, other words.
                metric.declared = true;
                declaration.unit.clone_into(&mut metric.unit);
                help.clone_into(&mut metric.help);
                self.append(state, &record_of(id, declaration, help).encode());
                return Ok(Some(id));
            }
            if metric.declared {
                return Err(NameError::KindTaken {
                    name: declaration.name.to_owned(),
                    kind: metric.kind,
                });
            }
        }
        // A kind that the program changed makes another metric, and the old one obsolete.
        let id = state.metrics.len();
        if id >= METRICS_MAX
            || !self.append(state, &record_of(id as u16, declaration, help).encode())
        {
            return Ok(None);
        }
        state.metrics.push(MetricState {
            kind: declaration.kind,
            unit: declaration.unit.to_owned(),
            help: help.to_owned(),
            declared: true,
            series: 0,
            overflow: None,
        });
        let name = declaration.name.to_owned();
        state.by_name.insert(name, id as u16);
        Ok(Some(id as u16))
    }

    fn add_series(&self, state: &mut State, metric: u16, labels: &[(&str, &str)]) -> Option<u32> {
        let kind = state.metrics[metric as usize].kind;
        let slot = state.slots_used as u32;
        let end = state.slots_used + kind.slots();
        if !self.reserve_slots(state, end) {
            return None;
        }
        let labels_bytes = encode_labels(labels);
        let record = SeriesRecord {
            metric,
            slot,
            labels: &labels_bytes,
            labels_len: labels.len() as u8,
        };
        // Readers that see the record must see its slots in use.
        self.segment
            .header(word::SLOTS_USED)
            .store(end as u64, Release);
        if !self.append(state, &record.encode()) {
            return None;
        }
        state.enter(metric, labels_bytes.into_boxed_slice(), slot);
        state.slots_used = end;
        Some(slot)
    }

    /// Where the series of a metric count for which there is no room.
    fn overflow(&self, state: &mut State, metric: u16, name: &str) -> u32 {
        if let Some(slot) = state.metrics[metric as usize].overflow {
            return slot;
        }
        let labels = [(OVERFLOW_LABEL, "true")];
        let known = (metric, encode_labels(&labels).into_boxed_slice());
        let known = state.series.get(&known).copied();
        let slot = known.or_else(|| self.add_series(state, metric, &labels));
        let slot = slot.unwrap_or(REFUSED_SLOT);
        tracing::warn!(
            metric = name,
            "too many series: further ones count as one, with the label overflow"
        );
        state.metrics[metric as usize].overflow = Some(slot);
        slot
    }

    /// Adds a record; false when there is no room for it.
    fn append(&self, state: &mut State, record: &[u8]) -> bool {
        let end = state.registry_used + record.len();
        if end > self.segment.geometry().registry_bytes {
            return false;
        }
        if end > state.registry_reserved {
            let reserved = end
                .next_multiple_of(RESERVE_BYTES)
                .min(self.segment.geometry().registry_bytes);
            let begin = self.segment.geometry().registry_at() + state.registry_reserved;
            let len = reserved - state.registry_reserved;
            if self.segment.reserve(begin, len).is_err() {
                return false;
            }
            state.registry_reserved = reserved;
        }
        let words = &self.segment.registry()[state.registry_used / WORD_BYTES..];
        put_bytes(words, record);
        state.registry_used = end;
        // Who sees the length sees the record; who dies before has written nothing.
        let used = self.segment.header(word::REGISTRY_USED);
        used.store(end as u64, Release);
        true
    }

    /// Makes sure that slots up to `end` have memory in all shards in use.
    fn reserve_slots(&self, state: &mut State, end: usize) -> bool {
        let geometry = self.segment.geometry();
        if end > geometry.slots {
            return false;
        }
        if end <= state.slots_reserved {
            return true;
        }
        let step = RESERVE_BYTES / WORD_BYTES;
        let reserved = end.next_multiple_of(step).min(geometry.slots);
        for shard in 0..state.shards_used {
            let begin = geometry.shard_at(shard) + state.slots_reserved * WORD_BYTES;
            let len = (reserved - state.slots_reserved) * WORD_BYTES;
            if self.segment.reserve(begin, len).is_err() {
                return false;
            }
        }
        state.slots_reserved = reserved;
        true
    }

    /// A shard for one thread alone; `None` when all are taken.
    pub(super) fn claim_shard(&self) -> Option<usize> {
        let state = &mut *self.state();
        if let Some(shard) = state.free_shards.pop() {
            return Some(shard);
        }
        let (shard, geometry) = (state.shards_used, self.segment.geometry());
        let len = state.slots_reserved * WORD_BYTES;
        if shard >= geometry.shards || self.segment.reserve(geometry.shard_at(shard), len).is_err()
        {
            return None;
        }
        state.shards_used += 1;
        let used = self.segment.header(word::SHARDS_USED);
        used.store(state.shards_used as u64, Release);
        Some(shard)
    }

    /// Gives a shard back. The lock orders what its thread wrote before what its next one writes.
    pub(super) fn release_shard(&self, shard: usize) {
        self.state().free_shards.push(shard);
    }

    pub(super) fn shard(&self, shard: usize) -> &'static [AtomicU64] {
        self.segment.shard(shard)
    }

    /// The shard of threads without one of their own.
    pub(super) fn shared(&self) -> &'static [AtomicU64] {
        match self.segment.geometry().shards {
            0 => &[],
            _ => self.segment.shard(SHARED),
        }
    }

    /// Makes the sum over all shards `level`.
    pub(super) fn set(&self, slot: u32, level: u64) {
        let used = self.segment.header(word::SHARDS_USED).load(Relaxed) as usize;
        let others = (SHARED + 1..used).map(|n| self.segment.shard(n)[slot as usize].load(Relaxed));
        let others = others.fold(0, u64::wrapping_add);
        if let Some(word) = self.shared().get(slot as usize) {
            word.store(level.wrapping_sub(others), Relaxed);
        }
    }

    /// Begins the next turn of the slots of all largest values, so that what was two turns ago is forgotten.
    pub(super) fn turn_maxes(&self) {
        let state = self.state();
        let next = max_turn() ^ 1;
        for slot in &state.maxes {
            for shard in 0..state.shards_used {
                self.segment.shard(shard)[(slot + next) as usize].store(0, Relaxed);
            }
        }
        MAX_TURN.store(next, Relaxed);
    }

    pub(super) fn beat(&self) {
        self.segment.header(word::BEATS).fetch_add(1, Relaxed);
    }

    pub(super) fn is_file(&self) -> bool {
        self.segment.is_file()
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        take(&self.segment).unwrap_or_else(|e| {
            tracing::error!(error = %e, "own counters cannot be read");
            Snapshot {
                instance: Instance::default(),
                series: Vec::new(),
            }
        })
    }
}

/// Which of the two slots of largest values is written now.
#[inline]
pub(super) fn max_turn() -> u32 {
    MAX_TURN.load(Relaxed)
}

fn record_of<'a>(id: u16, declaration: Declaration<'a>, help: &'a str) -> MetricRecord<'a> {
    MetricRecord {
        id,
        kind: declaration.kind,
        name: declaration.name,
        unit: declaration.unit,
        help,
    }
}

/// That of an empty registry.
impl Default for State {
    fn default() -> State {
        State {
            metrics: Vec::new(),
            by_name: HashMap::new(),
            series: HashMap::new(),
            maxes: Vec::new(),
            registry_used: 0,
            registry_reserved: 0,
            slots_used: REFUSED_SLOTS,
            slots_reserved: 0,
            shards_used: 0,
            free_shards: Vec::new(),
        }
    }
}

impl State {
    /// What the registry of a file says.
    ///
    /// # Errors
    /// When it makes no sense.
    pub(super) fn parse(bytes: &[u8], geometry: Geometry) -> Result<State, FormatError> {
        let mut state = State {
            registry_used: bytes.len(),
            ..State::default()
        };
        for record in parse(bytes) {
            let damaged = FormatError::Damaged { what: "registry" };
            match record.map_err(|_| damaged.clone())? {
                Record::Metric(metric) => state.enter_metric(metric).ok_or(damaged)?,
                Record::Series(series) => {
                    let kind = match state.metrics.get(series.metric as usize) {
                        Some(metric) => metric.kind,
                        None => return Err(damaged),
                    };
                    let end = series.slot as usize + kind.slots();
                    // Slots are given out in order, so no two series have the same.
                    if (series.slot as usize) < state.slots_used || end > geometry.slots {
                        return Err(damaged);
                    }
                    state.slots_used = end;
                    state.enter(series.metric, series.labels.into(), series.slot);
                }
                Record::Unknown => {}
            }
        }
        Ok(state)
    }

    fn enter_metric(&mut self, record: MetricRecord<'_>) -> Option<()> {
        let next = self.metrics.len();
        match self.metrics.get_mut(record.id as usize) {
            Some(metric) if metric.kind == record.kind => {
                record.unit.clone_into(&mut metric.unit);
                record.help.clone_into(&mut metric.help);
            }
            None if record.id as usize == next => self.metrics.push(MetricState {
                kind: record.kind,
                unit: record.unit.to_owned(),
                help: record.help.to_owned(),
                declared: false,
                series: 0,
                overflow: None,
            }),
            _ => return None,
        }
        self.by_name.insert(record.name.to_owned(), record.id);
        Some(())
    }

    fn enter(&mut self, metric: u16, labels: Box<[u8]>, slot: u32) {
        let state = &mut self.metrics[metric as usize];
        state.series += 1;
        if state.kind == Kind::Max {
            self.maxes.push(slot);
        }
        self.series.insert((metric, labels), slot);
    }
}
