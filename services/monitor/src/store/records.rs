//! What a checkpoint is made of, as protobuf messages. `FORMAT.md` has the same in the language of the IDL.

use super::block::BlockName;
use super::head::{Head, Sealed};
use super::page::Page;
use super::state::{Agent, Histogram, Instance, InstanceKey, Reading, Series, shape_of};
use crate::history::Tier;
use prost::Message;
use svrkit_rt::monitor::Kind;

/// Says what the store is, and which blocks are part of it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct StoreRecord {
    /// Names the store: random.
    #[prost(fixed64, tag = "1")]
    pub(super) id: u64,
    #[prost(uint64, tag = "2")]
    pub(super) born_ms: u64,
    /// The first segment of the log whose reports are not in the checkpoint.
    #[prost(uint64, tag = "3")]
    pub(super) log_first: u64,
    #[prost(uint32, tag = "4")]
    pub(super) next_series: u32,
    #[prost(message, repeated, tag = "5")]
    pub(super) blocks: Vec<BlockRecord>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct BlockRecord {
    #[prost(uint32, tag = "1")]
    pub(super) tier: u32,
    #[prost(uint64, tag = "2")]
    pub(super) number: u64,
    #[prost(uint32, tag = "3")]
    pub(super) part: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AgentRecord {
    #[prost(string, tag = "1")]
    pub(super) agent: String,
    #[prost(uint64, tag = "2")]
    pub(super) seq: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct InstanceRecord {
    #[prost(string, tag = "1")]
    pub(super) host: String,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    #[prost(string, tag = "3")]
    pub(super) service: String,
    #[prost(string, tag = "4")]
    pub(super) version: String,
    #[prost(string, tag = "5")]
    pub(super) gray: String,
    #[prost(string, tag = "6")]
    pub(super) agent: String,
    #[prost(fixed64, tag = "7")]
    pub(super) run: u64,
    #[prost(uint64, tag = "8")]
    pub(super) started_ms: u64,
    #[prost(bool, tag = "9")]
    pub(super) silent: bool,
    #[prost(uint64, tag = "10")]
    pub(super) period_ms: u64,
    #[prost(uint64, optional, tag = "11")]
    pub(super) read_ms: Option<u64>,
    #[prost(uint64, tag = "12")]
    pub(super) reported_ms: u64,
    #[prost(bool, tag = "13")]
    pub(super) began_unseen: bool,
    #[prost(bool, tag = "14")]
    pub(super) incomplete: bool,
    #[prost(bool, tag = "15")]
    pub(super) retired: bool,
}

/// A series of the instance before it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SeriesRecord {
    #[prost(uint32, tag = "1")]
    pub(super) id: u32,
    #[prost(fixed64, tag = "2")]
    pub(super) definition: u64,
    /// Of a counter.
    #[prost(uint64, tag = "3")]
    pub(super) count: u64,
    /// Of a gauge or a maximum.
    #[prost(sint64, tag = "4")]
    pub(super) level: i64,
    /// Of a histogram.
    #[prost(uint64, tag = "5")]
    pub(super) sum: u64,
    #[prost(uint64, repeated, tag = "6")]
    pub(super) counts: Vec<u64>,
    #[prost(uint64, tag = "7")]
    pub(super) named_ms: u64,
    /// Finest tier first.
    #[prost(message, repeated, tag = "8")]
    pub(super) heads: Vec<HeadRecord>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct HeadRecord {
    #[prost(uint64, tag = "1")]
    pub(super) page_number: u64,
    /// Empty when no page is being written.
    #[prost(bytes = "vec", tag = "2")]
    pub(super) page: Vec<u8>,
    #[prost(message, repeated, tag = "3")]
    pub(super) sealed: Vec<SealedRecord>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SealedRecord {
    #[prost(uint64, tag = "1")]
    pub(super) block: u64,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) chunk: Vec<u8>,
}

impl BlockRecord {
    pub(super) fn of(name: BlockName) -> BlockRecord {
        BlockRecord {
            tier: name.tier as u32,
            number: name.number,
            part: name.part,
        }
    }

    pub(super) fn name(&self) -> Option<BlockName> {
        Some(BlockName {
            tier: *Tier::ALL.get(self.tier as usize)?,
            number: self.number,
            part: self.part,
        })
    }
}

impl AgentRecord {
    pub(super) fn of(name: &str, agent: &Agent) -> AgentRecord {
        AgentRecord {
            agent: name.to_owned(),
            seq: agent.seq,
        }
    }
}

impl InstanceRecord {
    pub(super) fn of(key: &InstanceKey, instance: &Instance) -> InstanceRecord {
        InstanceRecord {
            host: key.host.clone(),
            name: key.name.clone(),
            service: instance.service.clone(),
            version: instance.version.clone(),
            gray: instance.gray.clone(),
            agent: instance.agent.clone(),
            run: instance.run,
            started_ms: instance.started_ms,
            silent: instance.silent,
            period_ms: instance.period_ms,
            read_ms: instance.read_ms,
            reported_ms: instance.reported_ms,
            began_unseen: instance.began_unseen,
            incomplete: instance.incomplete,
            retired: instance.retired,
        }
    }

    pub(super) fn into_instance(self) -> (InstanceKey, Instance) {
        let key = InstanceKey {
            host: self.host,
            name: self.name,
        };
        let instance = Instance {
            service: self.service,
            version: self.version,
            gray: self.gray,
            agent: self.agent,
            run: self.run,
            started_ms: self.started_ms,
            silent: self.silent,
            period_ms: self.period_ms,
            read_ms: self.read_ms,
            reported_ms: self.reported_ms,
            began_unseen: self.began_unseen,
            incomplete: self.incomplete,
            retired: self.retired,
            series: Default::default(),
        };
        (key, instance)
    }
}

impl SeriesRecord {
    pub(super) fn of(definition: u64, series: &Series) -> SeriesRecord {
        let mut record = SeriesRecord {
            id: series.id,
            definition,
            named_ms: series.named_ms,
            heads: series.heads.iter().map(HeadRecord::of).collect(),
            ..SeriesRecord::default()
        };
        match &series.reading {
            Reading::Counter(count) => record.count = *count,
            Reading::Gauge(level) | Reading::Max(level) => record.level = *level,
            Reading::Histogram(histogram) => {
                record.sum = histogram.sum;
                record.counts.clone_from(&histogram.counts);
            }
        }
        record
    }

    /// `None` when its pages make no sense.
    pub(super) fn into_series(self, kind: Kind) -> Option<Series> {
        let mut series = Series::new(self.id, kind);
        series.named_ms = self.named_ms;
        series.reading = match kind {
            Kind::Counter => Reading::Counter(self.count),
            Kind::Gauge => Reading::Gauge(self.level),
            Kind::Max => Reading::Max(self.level),
            Kind::Histogram => Reading::Histogram(Histogram {
                sum: self.sum,
                counts: self.counts,
            }),
        };
        for (head, record) in series.heads.iter_mut().zip(self.heads) {
            *head = record.into_head(kind)?;
        }
        Some(series)
    }
}

impl HeadRecord {
    fn of(head: &Head) -> HeadRecord {
        let (page_number, page) = head.open_page();
        let page = match page.is_empty() {
            true => Vec::new(),
            false => page.write(Vec::new()),
        };
        let sealed = head.sealed().iter().map(|sealed| SealedRecord {
            block: sealed.block,
            chunk: sealed.chunk.clone(),
        });
        HeadRecord {
            page_number,
            page,
            sealed: sealed.collect(),
        }
    }

    fn into_head(self, kind: Kind) -> Option<Head> {
        let page = match self.page.is_empty() {
            true => Page::new(shape_of(kind)),
            false => Page::read(&mut &self.page[..])?,
        };
        let sealed = self.sealed.into_iter().map(|sealed| Sealed {
            block: sealed.block,
            chunk: sealed.chunk,
        });
        Some(Head::restore(self.page_number, page, sealed.collect()))
    }
}
