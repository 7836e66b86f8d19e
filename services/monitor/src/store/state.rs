//! What the store knows: definitions, agents, instances with their series, and the blocks there are.

use super::block::Block;
use super::head::Head;
use super::page::Shape;
use crate::definition::Definition;
use crate::history::Tier;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use svrkit_rt::monitor::Kind;

/// All of it. Changed by reports and checkpoints only.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// When the store was made.
    pub(crate) born_ms: u64,
    /// By number.
    pub(crate) definitions: HashMap<u64, Arc<Definition>>,
    /// Numbers by name.
    pub(crate) by_name: BTreeMap<String, Vec<u64>>,
    pub(crate) agents: HashMap<String, Agent>,
    pub(crate) instances: BTreeMap<InstanceKey, Instance>,
    /// Of all instances.
    pub(crate) series: usize,
    /// Never given twice.
    pub(crate) next_series: u32,
    /// Finest tier first, oldest first.
    pub(crate) blocks: Vec<Arc<Block>>,
}

/// An instance's name is its own on its host only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct InstanceKey {
    pub(crate) host: String,
    pub(crate) name: String,
}

/// Who reports for a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Agent {
    /// The last report that counted.
    pub(crate) seq: u64,
    /// Series of the instances that it reports.
    pub(crate) series: usize,
}

/// A process, or a host, that has figures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Instance {
    pub(crate) service: String,
    pub(crate) version: String,
    pub(crate) gray: String,
    /// Who reports it.
    pub(crate) agent: String,
    /// The life of its counters.
    pub(crate) run: u64,
    pub(crate) started_ms: u64,
    pub(crate) silent: bool,
    /// It ended in good order.
    pub(crate) retired: bool,
    pub(crate) period_ms: u64,
    /// When the last whole reading was made, by the centre's clock: increments since then are new.
    pub(crate) read_ms: Option<u64>,
    /// When its last report came.
    pub(crate) reported_ms: u64,
    /// It was counting before anybody noted where it stood: where a new series stands now is where it begins.
    pub(crate) began_unseen: bool,
    /// There was no room for some of its series: one that finds room later begins where it stands.
    pub(crate) incomplete: bool,
    /// By number of their definitions.
    pub(crate) series: HashMap<u64, Series>,
}

/// One series of one instance.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// Its number in blocks.
    pub(crate) id: u32,
    pub(crate) reading: Reading,
    /// The reading that named it last.
    pub(crate) named_ms: u64,
    /// By tier.
    pub(crate) heads: [Head; Tier::ALL.len()],
}

/// What a series stood at when it was reported last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Counter(u64),
    Gauge(i64),
    Max(i64),
    Histogram(Histogram),
}

/// What a histogram stood at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Histogram {
    pub(crate) sum: u64,
    /// Buckets up to the last that anything fell into.
    pub(crate) counts: Vec<u64>,
}

impl State {
    /// Adds a definition that is new.
    pub(crate) fn define(&mut self, definition: Definition) {
        let id = definition.id();
        if self.definitions.contains_key(&id) {
            return;
        }
        let name = definition.name.clone();
        self.by_name.entry(name).or_default().push(id);
        self.definitions.insert(id, Arc::new(definition));
    }

    /// Drops definitions that no series has.
    pub(crate) fn drop_unused_definitions(&mut self) {
        let instances = self.instances.values();
        let used: std::collections::HashSet<u64> =
            instances.flat_map(|i| i.series.keys().copied()).collect();
        self.definitions.retain(|id, _| used.contains(id));
        for ids in self.by_name.values_mut() {
            ids.retain(|id| used.contains(id));
        }
        self.by_name.retain(|_, ids| !ids.is_empty());
    }

    /// Forgets instances that were not heard of since then, with all their series.
    pub(crate) fn forget_silent_since(&mut self, ms: u64) {
        let (agents, series) = (&mut self.agents, &mut self.series);
        self.instances.retain(|_, instance| {
            let stays = instance.reported_ms >= ms;
            if !stays {
                *series -= instance.series.len();
                if let Some(agent) = agents.get_mut(&instance.agent) {
                    agent.series -= instance.series.len();
                }
            }
            stays
        });
    }
}

impl Instance {
    /// Whether it has not been heard of for too long, or its agent says that it is gone, and should be there.
    pub(crate) fn is_silent(&self, now_ms: u64) -> bool {
        !self.retired && !self.is_heard_of(now_ms)
    }

    /// Whether it lives, as far as is known.
    pub(crate) fn is_heard_of(&self, now_ms: u64) -> bool {
        let unheard_ms = now_ms.saturating_sub(self.reported_ms);
        !self.silent && unheard_ms <= silent_after_ms(self.period_ms)
    }

    /// Its counters begin anew.
    pub(crate) fn begin_run(&mut self, run: u64) {
        self.run = run;
        self.incomplete = false;
        for series in self.series.values_mut() {
            match &mut series.reading {
                Reading::Counter(count) => *count = 0,
                Reading::Histogram(histogram) => *histogram = Histogram::default(),
                Reading::Gauge(_) | Reading::Max(_) => {}
            }
        }
    }
}

/// Three periods, and time to arrive.
pub(crate) fn silent_after_ms(period_ms: u64) -> u64 {
    const ARRIVAL_MS: u64 = 5_000;
    3 * period_ms + ARRIVAL_MS
}

impl Series {
    pub(crate) fn new(id: u32, kind: Kind) -> Series {
        let shape = shape_of(kind);
        Series {
            id,
            reading: Reading::zero(kind),
            named_ms: 0,
            heads: [Head::new(shape), Head::new(shape), Head::new(shape)],
        }
    }
}

impl Reading {
    /// Where a series of this kind begins.
    pub(crate) fn zero(kind: Kind) -> Reading {
        match kind {
            Kind::Counter => Reading::Counter(0),
            Kind::Gauge => Reading::Gauge(0),
            Kind::Max => Reading::Max(0),
            Kind::Histogram => Reading::Histogram(Histogram::default()),
        }
    }
}

impl Histogram {
    /// The count of a bucket, to be changed.
    pub(crate) fn count_mut(&mut self, bucket: u8) -> &mut u64 {
        let bucket = usize::from(bucket);
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        &mut self.counts[bucket]
    }
}

/// How pages of a kind are laid out.
pub(crate) fn shape_of(kind: Kind) -> Shape {
    match kind {
        Kind::Histogram => Shape::Histogram,
        Kind::Counter | Kind::Gauge | Kind::Max => Shape::Values,
    }
}
