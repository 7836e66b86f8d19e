//! What a report changes. The same report after the same ones before it changes the same, whenever it is applied: so the log can be read
//! again.
//!
//! # Nothing lost, nothing doubled
//!
//! A report says where counters stand. What is added is the difference to where they stood, and where they stand now is kept with it,
//! by the same change. So it does not matter how often a reading comes, whether one was lost on the way, or who was killed when: the
//! increments that are added up to any moment are those up to the last reading that came. Within a run a counter never falls, so one that
//! is lower than it was is old news and adds nothing; counters that begin anew have another run.

use super::placing::{held, is_off, placed_ms, shares, windows};
use super::sample::Sample;
use super::state::{Histogram, Instance, InstanceKey, Reading, Series, State, silent_after_ms};
use crate::definition::Definition;
use crate::history::Tier;
use im_idl::monitor::{HistogramReading, InstanceReport, ReportRequest};
use std::ops::RangeInclusive;
use svrkit_rt::monitor::BUCKETS;

/// An instance that is at most so old when the store is made is counted from its beginning.
const YOUNG_MS: u64 = 60_000;

/// Bounds of what is taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Series of all agents.
    pub(crate) series_max: usize,
    /// Series of one agent.
    pub(crate) agent_series_max: usize,
    /// Instances of all agents.
    pub(crate) instances_max: usize,
}

impl Bounds {
    /// None: for reading what was taken within some.
    pub(crate) const NONE: Bounds = Bounds {
        series_max: usize::MAX,
        agent_series_max: usize::MAX,
        instances_max: usize::MAX,
    };
}

/// What became of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// It had been taken before.
    pub(crate) repeated: bool,
    /// Series that nobody defined.
    pub(crate) unknown: Vec<u64>,
    /// Series there is no room for.
    pub(crate) refused: u64,
    /// Instances that another agent reports.
    pub(crate) contested: Vec<String>,
    /// How far the agent's clock is ahead, when it is too far off.
    pub(crate) skew_ms: Option<i64>,
}

/// Takes a report that came then.
pub(crate) fn take(
    state: &mut State,
    bounds: Bounds,
    received_ms: u64,
    report: &ReportRequest,
) -> Taken {
    let agent = state.agents.entry(report.agent.clone()).or_default();
    if report.seq <= agent.seq {
        return Taken {
            repeated: true,
            ..Taken::default()
        };
    }
    agent.seq = report.seq;
    // More definitions than series are of no use to anybody.
    let room = bounds.series_max.saturating_sub(state.definitions.len());
    let definitions = report.definitions.iter().take(room);
    for definition in definitions.filter_map(Definition::from_wire) {
        state.define(definition);
    }
    let off = is_off(report.sent_ms, received_ms);
    let ahead_ms = report.sent_ms.wrapping_sub(received_ms).cast_signed();
    let mut taking = Taking {
        bounds,
        report,
        received_ms,
        placed_ms: placed_ms(report.taken_ms, report.sent_ms, received_ms),
        taken: Taken {
            skew_ms: off.then_some(ahead_ms),
            ..Taken::default()
        },
    };
    for instance in &report.instances {
        taking.instance(state, instance);
    }
    taking.taken.unknown.sort_unstable();
    taking.taken.unknown.dedup();
    taking.taken
}

/// A report on its way into the state.
struct Taking<'a> {
    bounds: Bounds,
    report: &'a ReportRequest,
    received_ms: u64,
    placed_ms: u64,
    taken: Taken,
}

/// The windows that a reading is about, by tier, and how long a level holds.
struct Spans {
    windows: [RangeInclusive<u64>; Tier::ALL.len()],
    period_ms: u64,
}

impl Taking<'_> {
    fn instance(&mut self, state: &mut State, sent: &InstanceReport) {
        let key = InstanceKey {
            host: self.report.host.clone(),
            name: sent.instance.clone(),
        };
        // Out of the state and back in again, since the state counts its series meanwhile.
        let mut instance = match state.instances.remove(&key) {
            Some(instance) => instance,
            None if state.instances.len() < self.bounds.instances_max => Instance::default(),
            None => {
                let series = sent.counters.len() + sent.gauges.len() + sent.histograms.len();
                self.taken.refused += series as u64;
                return;
            }
        };
        if self.claim(state, &mut instance) {
            self.enter(state, &mut instance, sent);
            self.values(state, &mut instance, sent);
        } else {
            self.taken.contested.push(sent.instance.clone());
        }
        state.instances.insert(key, instance);
    }

    /// One agent reports an instance: else two machines with one name would take turns at beginning its counters anew. Another may when
    /// the first has gone.
    fn claim(&self, state: &mut State, instance: &mut Instance) -> bool {
        let agent = &self.report.agent;
        if instance.agent == *agent {
            return true;
        }
        let heard_ms = self.received_ms.saturating_sub(instance.reported_ms);
        if !instance.agent.is_empty() && heard_ms < silent_after_ms(instance.period_ms) {
            return false;
        }
        let series = instance.series.len();
        if let Some(before) = state.agents.get_mut(&instance.agent) {
            before.series -= series;
        }
        state.agents.entry(agent.clone()).or_default().series += series;
        instance.agent.clone_from(agent);
        true
    }

    /// What an instance says of itself.
    fn enter(&self, state: &State, instance: &mut Instance, sent: &InstanceReport) {
        if instance.run != sent.run {
            instance.begin_run(sent.run);
            let age_ms = self.report.sent_ms.saturating_sub(sent.run_began_ms);
            let young_since_ms = state.born_ms.saturating_sub(YOUNG_MS);
            instance.began_unseen = self.received_ms.saturating_sub(age_ms) < young_since_ms;
        }
        instance.service.clone_from(&sent.service);
        instance.version.clone_from(&sent.version);
        instance.gray.clone_from(&sent.gray);
        instance.started_ms = sent.started_ms;
        instance.silent = sent.silent;
        instance.retired = sent.silent && sent.retired;
        instance.period_ms = u64::from(self.report.period_ms);
        instance.reported_ms = self.received_ms;
    }

    fn values(&mut self, state: &mut State, instance: &mut Instance, sent: &InstanceReport) {
        let read_ms = instance.read_ms;
        let spans = Spans {
            windows: Tier::ALL.map(|tier| windows(tier, read_ms, self.placed_ms)),
            period_ms: instance.period_ms,
        };
        for (id, count) in sent.counters.iter().zip(&sent.counts) {
            self.named(state, instance, *id, &|series, here| {
                if let Reading::Counter(before) = &mut series.reading {
                    let more = if here {
                        0
                    } else {
                        count.saturating_sub(*before)
                    };
                    *before = (*before).max(*count);
                    spans.count(series, more);
                }
            });
        }
        for (id, level) in sent.gauges.iter().zip(&sent.values) {
            self.named(state, instance, *id, &|series, _| {
                if let Reading::Gauge(before) | Reading::Max(before) = &mut series.reading {
                    *before = *level;
                    spans.level(series, *level);
                }
            });
        }
        for sent in &sent.histograms {
            self.named(state, instance, sent.id, &|series, here| {
                if let Reading::Histogram(before) = &mut series.reading {
                    let more = before.advance(sent);
                    let (sum, buckets) = if here { Default::default() } else { more };
                    spans.observed(series, sum, &buckets);
                }
            });
        }
        if sent.more {
            return;
        }
        if !sent.silent {
            spans.unchanged(instance, self.report.taken_ms);
        }
        instance.read_ms = Some(self.placed_ms);
        instance.began_unseen = false;
    }

    /// Hands the series of this number to `change`, which is told whether it begins where it stands now.
    fn named(
        &mut self,
        state: &mut State,
        instance: &mut Instance,
        id: u64,
        change: &dyn Fn(&mut Series, bool),
    ) {
        let mut here = false;
        if !instance.series.contains_key(&id) {
            let Some(series) = self.new_series(state, instance, id) else {
                return;
            };
            here = instance.began_unseen || instance.incomplete;
            instance.series.insert(id, series);
        }
        if let Some(series) = instance.series.get_mut(&id) {
            series.named_ms = self.report.taken_ms;
            change(series, here);
        }
    }

    /// `None` when there is no room, or nobody said what it is.
    fn new_series(
        &mut self,
        state: &mut State,
        instance: &mut Instance,
        id: u64,
    ) -> Option<Series> {
        let Some(definition) = state.definitions.get(&id) else {
            self.taken.unknown.push(id);
            return None;
        };
        let agent = state.agents.get_mut(&self.report.agent)?;
        let full =
            state.series >= self.bounds.series_max || agent.series >= self.bounds.agent_series_max;
        if full {
            self.taken.refused += 1;
            instance.incomplete = true;
            return None;
        }
        agent.series += 1;
        state.series += 1;
        state.next_series += 1;
        Some(Series::new(state.next_series, definition.kind))
    }
}

impl Spans {
    /// A counter rose by this much.
    fn count(&self, series: &mut Series, more: u64) {
        for (head, windows) in series.heads.iter_mut().zip(&self.windows) {
            for (window, share) in shares(more, windows) {
                head.add(window, Sample::Value(share.min(i64::MAX as u64) as i64));
            }
        }
    }

    /// A gauge stands at this.
    fn level(&self, series: &mut Series, level: i64) {
        let tiers = Tier::ALL.into_iter().zip(&self.windows);
        for (head, (tier, windows)) in series.heads.iter_mut().zip(tiers) {
            for window in held(tier, windows, self.period_ms) {
                head.add(window, Sample::Value(level));
            }
        }
    }

    /// A histogram observed this.
    fn observed(&self, series: &mut Series, sum: u64, buckets: &[(u8, u64)]) {
        for (head, windows) in series.heads.iter_mut().zip(&self.windows) {
            for (place, (window, sum)) in shares(sum, windows).enumerate() {
                let share = |count| shares(count, windows).nth(place).map_or(0, |share| share.1);
                let shares = buckets
                    .iter()
                    .map(|(bucket, count)| (*bucket, share(*count)));
                let buckets: Vec<(u8, u64)> = shares.collect();
                let sum = sum.min(i64::MAX as u64) as i64;
                head.add(
                    window,
                    Sample::Observed {
                        sum,
                        buckets: &buckets,
                    },
                );
            }
        }
    }

    /// What the reading did not name stands where it stood.
    fn unchanged(&self, instance: &mut Instance, reading_ms: u64) {
        let series = instance.series.values_mut();
        for series in series.filter(|series| series.named_ms != reading_ms) {
            match series.reading {
                Reading::Counter(_) => self.count(series, 0),
                Reading::Gauge(level) | Reading::Max(level) => self.level(series, level),
                Reading::Histogram(_) => self.observed(series, 0, &[]),
            }
        }
    }
}

impl Histogram {
    /// Goes on to where a report says it stands, and tells what was observed meanwhile.
    fn advance(&mut self, sent: &HistogramReading) -> (u64, Vec<(u8, u64)>) {
        let mut more = Vec::with_capacity(sent.buckets.len());
        for (bucket, count) in sent.buckets.iter().zip(&sent.counts) {
            let Some(bucket) = u8::try_from(*bucket)
                .ok()
                .filter(|b| usize::from(*b) < BUCKETS)
            else {
                continue;
            };
            let before = self.count_mut(bucket);
            more.push((bucket, count.saturating_sub(*before)));
            *before = (*before).max(*count);
        }
        let sum = sent.sum.saturating_sub(self.sum);
        self.sum = self.sum.max(sent.sum);
        (sum, more)
    }
}
