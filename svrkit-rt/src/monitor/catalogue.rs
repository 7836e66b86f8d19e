//! What stands in a registry, looked up by name and labels, and how much of the segment is given out.

use super::header::FormatError;
use super::histogram;
use super::kind::Kind;
use super::layout::Geometry;
use super::records::{MetricRecord, Record, parse};
use std::collections::HashMap;

/// Where those count whom there is no room for at all: the first slots of each shard, which belong to nobody.
pub(super) const REFUSED_SLOT: u32 = 0;
const REFUSED_SLOTS: usize = histogram::SLOTS;

/// What the registry's bytes say, and what of the segment is in use.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// By id.
    pub(super) metrics: Vec<MetricEntry>,
    /// The one that counts now, of those with the name.
    pub(super) by_name: HashMap<String, u16>,
    /// Slots, by metric and labels as records carry them.
    pub(super) series: HashMap<(u16, Box<[u8]>), u32>,
    /// Slots of the series whose two slots take turns.
    pub(super) maxes: Vec<u32>,
    /// Bytes with records, and bytes that certainly have memory behind them.
    pub(super) registry_used: usize,
    pub(super) registry_reserved: usize,
    /// Slots given out, and slots that have memory behind them in each shard in use.
    pub(super) slots_used: usize,
    pub(super) slots_reserved: usize,
    pub(super) shards_used: usize,
    pub(super) free_shards: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct MetricEntry {
    pub(super) kind: Kind,
    pub(super) unit: String,
    pub(super) help: String,
    /// Declared by this process, not only by one before it.
    pub(super) declared: bool,
    pub(super) series: usize,
    pub(super) overflow: Option<u32>,
}

/// That of an empty registry.
impl Default for Catalogue {
    fn default() -> Catalogue {
        Catalogue {
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

impl Catalogue {
    /// What the registry of a file says.
    ///
    /// # Errors
    /// When it makes no sense.
    pub(super) fn parse(bytes: &[u8], geometry: Geometry) -> Result<Catalogue, FormatError> {
        let mut catalogue = Catalogue {
            registry_used: bytes.len(),
            ..Catalogue::default()
        };
        for record in parse(bytes) {
            let damaged = FormatError::Damaged { what: "registry" };
            match record.map_err(|_| damaged.clone())? {
                Record::Metric(metric) => catalogue.enter_metric(metric).ok_or(damaged)?,
                Record::Series(series) => {
                    let kind = match catalogue.metrics.get(series.metric as usize) {
                        Some(metric) => metric.kind,
                        None => return Err(damaged),
                    };
                    let end = series.slot as usize + kind.slots();
                    // Slots are given out in order, so no two series have the same.
                    if (series.slot as usize) < catalogue.slots_used || end > geometry.slots {
                        return Err(damaged);
                    }
                    catalogue.slots_used = end;
                    catalogue.enter(series.metric, series.labels.into(), series.slot);
                }
                Record::Unknown => {}
            }
        }
        Ok(catalogue)
    }

    fn enter_metric(&mut self, record: MetricRecord<'_>) -> Option<()> {
        let next = self.metrics.len();
        match self.metrics.get_mut(record.id as usize) {
            Some(metric) if metric.kind == record.kind => {
                record.unit.clone_into(&mut metric.unit);
                record.help.clone_into(&mut metric.help);
            }
            None if record.id as usize == next => self.metrics.push(MetricEntry {
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

    pub(super) fn enter(&mut self, metric: u16, labels: Box<[u8]>, slot: u32) {
        let entry = &mut self.metrics[metric as usize];
        entry.series += 1;
        if entry.kind == Kind::Max {
            self.maxes.push(slot);
        }
        self.series.insert((metric, labels), slot);
    }
}
