//! Which series there are in the process's segment, which slots they have, and which thread has which shard.

use super::catalogue::{Catalogue, MetricEntry, REFUSED_SLOT};
use super::kind::{
    HELP_BYTES_MAX, Kind, LABEL_VALUE_BYTES_MAX, NameError, OVERFLOW_LABEL, check_labels,
    check_metric, cut,
};
use super::layout::{PAGE_BYTES, put_bytes, word};
use super::memory::WORD_BYTES;
use super::open;
use super::records::{MetricRecord, SeriesRecord, encode_labels};
use super::segment::Segment;
use super::snapshot::{Instance, Snapshot, take};
use std::io;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Mutex, MutexGuard, OnceLock};

/// The shard that threads without one of their own share.
const SHARED: usize = 0;
/// Names a process may have. Ids of metrics are two bytes.
const METRICS_MAX: usize = 4_096;
/// Series of one name, so that one with labels of many values leaves room for the others.
const SERIES_PER_METRIC_MAX: usize = 2_048;
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
    catalogue: Mutex<Catalogue>,
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
        Registry::of(segment, Catalogue::default(), config.series_max)
    }

    /// For a segment of a file, with the series of earlier owners if there are any.
    ///
    /// # Errors
    /// When the file system has no room.
    pub(super) fn new(
        segment: Segment,
        catalogue: Catalogue,
        series_max: usize,
    ) -> io::Result<Registry> {
        let registry = Registry::of(segment, catalogue, series_max);
        let reserved = {
            let catalogue = &mut *registry.catalogue();
            registry.reserve_slots(catalogue, catalogue.slots_used)
        };
        match reserved {
            true => Ok(registry),
            false => Err(io::ErrorKind::StorageFull.into()),
        }
    }

    fn of(segment: Segment, mut catalogue: Catalogue, series_max: usize) -> Registry {
        let shards = segment.geometry().shards;
        let used = segment.header(word::SHARDS_USED);
        catalogue.shards_used = (used.load(Relaxed) as usize).clamp(SHARED + 1, shards.max(1));
        catalogue.free_shards = (SHARED + 1..catalogue.shards_used).rev().collect();
        used.store(catalogue.shards_used as u64, Release);
        let slots_used = segment.header(word::SLOTS_USED);
        slots_used.store(catalogue.slots_used as u64, Release);
        let registry = Registry {
            segment,
            series_max,
            catalogue: Mutex::new(catalogue),
        };
        registry.begin_levels();
        registry
    }

    /// Levels and largest values are of the process, so they begin with it.
    fn begin_levels(&self) {
        let catalogue = self.catalogue();
        let levels = catalogue.series.iter().filter_map(|((metric, _), slot)| {
            let kind = catalogue.metrics[*metric as usize].kind;
            matches!(kind, Kind::Gauge | Kind::Max).then_some((*slot as usize, kind.slots()))
        });
        for (slot, len) in levels {
            for shard in 0..catalogue.shards_used {
                for word in &self.segment.shard(shard)[slot..slot + len] {
                    word.store(0, Relaxed);
                }
            }
        }
    }

    fn catalogue(&self) -> MutexGuard<'_, Catalogue> {
        self.catalogue.lock().unwrap_or_else(|e| e.into_inner())
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
        let (placed, first_overflow) = self.enter(declaration, &sorted)?;
        // Without the lock: who listens may count, too.
        if first_overflow {
            tracing::warn!(
                metric = declaration.name,
                "too many series: further ones count as one, with the label overflow"
            );
        }
        Ok(placed)
    }

    /// The place of a series, and whether it is the first of its metric that there is no room for.
    fn enter(
        &self,
        declaration: Declaration<'_>,
        labels: &[(&str, &str)],
    ) -> Result<(Placed, bool), NameError> {
        let own = |slot| Placed {
            slot,
            overflow: false,
        };
        let shared = |slot| Placed {
            slot,
            overflow: true,
        };
        let catalogue = &mut *self.catalogue();
        let Some(metric) = self.metric(catalogue, declaration)? else {
            return Ok((shared(REFUSED_SLOT), false));
        };
        let key = (metric, encode_labels(labels).into_boxed_slice());
        if let Some(slot) = catalogue.series.get(&key) {
            return Ok((own(*slot), false));
        }
        let full = catalogue.series.len() >= self.series_max
            || catalogue.metrics[metric as usize].series >= SERIES_PER_METRIC_MAX;
        let made = (!full).then(|| self.add_series(catalogue, metric, labels));
        if let Some(slot) = made.flatten() {
            return Ok((own(slot), false));
        }
        let first = catalogue.metrics[metric as usize].overflow.is_none();
        Ok((shared(self.overflow(catalogue, metric)), first))
    }

    /// The id of a metric; `None` when there is no room for it.
    fn metric(
        &self,
        catalogue: &mut Catalogue,
        declaration: Declaration<'_>,
    ) -> Result<Option<u16>, NameError> {
        let help = cut(declaration.help, HELP_BYTES_MAX);
        let known = catalogue.by_name.get(declaration.name).copied();
        if let Some(id) = known {
            let metric = &mut catalogue.metrics[id as usize];
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
                self.append(catalogue, &record_of(id, declaration, help).encode());
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
        let id = catalogue.metrics.len();
        if id >= METRICS_MAX
            || !self.append(catalogue, &record_of(id as u16, declaration, help).encode())
        {
            return Ok(None);
        }
        catalogue.metrics.push(MetricEntry {
            kind: declaration.kind,
            unit: declaration.unit.to_owned(),
            help: help.to_owned(),
            declared: true,
            series: 0,
            overflow: None,
        });
        let name = declaration.name.to_owned();
        catalogue.by_name.insert(name, id as u16);
        Ok(Some(id as u16))
    }

    fn add_series(
        &self,
        catalogue: &mut Catalogue,
        metric: u16,
        labels: &[(&str, &str)],
    ) -> Option<u32> {
        let kind = catalogue.metrics[metric as usize].kind;
        let slot = catalogue.slots_used as u32;
        let end = catalogue.slots_used + kind.slots();
        if !self.reserve_slots(catalogue, end) {
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
        if !self.append(catalogue, &record.encode()) {
            return None;
        }
        catalogue.enter(metric, labels_bytes.into_boxed_slice(), slot);
        catalogue.slots_used = end;
        Some(slot)
    }

    /// Where the series of a metric count for which there is no room.
    fn overflow(&self, catalogue: &mut Catalogue, metric: u16) -> u32 {
        if let Some(slot) = catalogue.metrics[metric as usize].overflow {
            return slot;
        }
        let labels = [(OVERFLOW_LABEL, "true")];
        let key = (metric, encode_labels(&labels).into_boxed_slice());
        let known = catalogue.series.get(&key).copied();
        let slot = known.or_else(|| self.add_series(catalogue, metric, &labels));
        let slot = slot.unwrap_or(REFUSED_SLOT);
        catalogue.metrics[metric as usize].overflow = Some(slot);
        slot
    }

    /// Adds a record; false when there is no room for it.
    fn append(&self, catalogue: &mut Catalogue, record: &[u8]) -> bool {
        let end = catalogue.registry_used + record.len();
        if end > self.segment.geometry().registry_bytes {
            return false;
        }
        if end > catalogue.registry_reserved {
            let reserved = end
                .next_multiple_of(RESERVE_BYTES)
                .min(self.segment.geometry().registry_bytes);
            let begin = self.segment.geometry().registry_at() + catalogue.registry_reserved;
            let len = reserved - catalogue.registry_reserved;
            if self.segment.reserve(begin, len).is_err() {
                return false;
            }
            catalogue.registry_reserved = reserved;
        }
        let words = &self.segment.registry()[catalogue.registry_used / WORD_BYTES..];
        put_bytes(words, record);
        catalogue.registry_used = end;
        // Who sees the length sees the record; who dies before has written nothing.
        let used = self.segment.header(word::REGISTRY_USED);
        used.store(end as u64, Release);
        true
    }

    /// Makes sure that slots up to `end` have memory in all shards in use.
    fn reserve_slots(&self, catalogue: &mut Catalogue, end: usize) -> bool {
        let geometry = self.segment.geometry();
        if end > geometry.slots {
            return false;
        }
        if end <= catalogue.slots_reserved {
            return true;
        }
        let step = RESERVE_BYTES / WORD_BYTES;
        let reserved = end.next_multiple_of(step).min(geometry.slots);
        for shard in 0..catalogue.shards_used {
            let begin = geometry.shard_at(shard) + catalogue.slots_reserved * WORD_BYTES;
            let len = (reserved - catalogue.slots_reserved) * WORD_BYTES;
            if self.segment.reserve(begin, len).is_err() {
                return false;
            }
        }
        catalogue.slots_reserved = reserved;
        true
    }

    /// A shard for one thread alone; `None` when all are taken.
    pub(super) fn claim_shard(&self) -> Option<usize> {
        let catalogue = &mut *self.catalogue();
        if let Some(shard) = catalogue.free_shards.pop() {
            return Some(shard);
        }
        let (shard, geometry) = (catalogue.shards_used, self.segment.geometry());
        let len = catalogue.slots_reserved * WORD_BYTES;
        if shard >= geometry.shards || self.segment.reserve(geometry.shard_at(shard), len).is_err()
        {
            return None;
        }
        catalogue.shards_used += 1;
        let used = self.segment.header(word::SHARDS_USED);
        used.store(catalogue.shards_used as u64, Release);
        Some(shard)
    }

    /// Gives a shard back. The lock orders what its thread wrote before what its next one writes.
    pub(super) fn release_shard(&self, shard: usize) {
        self.catalogue().free_shards.push(shard);
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
        let catalogue = self.catalogue();
        let next = max_turn() ^ 1;
        for slot in &catalogue.maxes {
            for shard in 0..catalogue.shards_used {
                self.segment.shard(shard)[(slot + next) as usize].store(0, Relaxed);
            }
        }
        MAX_TURN.store(next, Relaxed);
    }

    pub(super) fn retire(&self) {
        self.segment.retire();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::layout::Geometry;

    #[test]
    fn without_memory_everything_is_refused_and_nothing_panics() {
        let more_than_there_is = Geometry {
            registry_bytes: PAGE_BYTES,
            slots: 1 << 40,
            shards: 256,
        };
        let segment = Segment::anonymous(more_than_there_is);
        let registry = Registry::of(segment, Catalogue::default(), 10);
        let declaration = Declaration {
            kind: Kind::Gauge,
            name: "level",
            unit: "",
            help: "",
        };
        let placed = registry.place(declaration, &[]).unwrap();
        assert_eq!(placed.slot, REFUSED_SLOT);
        assert_eq!(registry.claim_shard(), None);
        registry.set(placed.slot, 7);
        registry.turn_maxes();
        assert!(registry.snapshot().series.is_empty());
    }
}
