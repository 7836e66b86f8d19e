//! Answers from heads and blocks: which series a question is about, from which tier, and their pages put into steps.

use super::block::Block;
use super::chunk::{self, BLOCK_WINDOWS};
use super::page::Page;
use super::state::{Instance, InstanceKey, State};
use super::steps::{Folding, Steps};
use super::writing::read;
use crate::definition::Definition;
use crate::history::{Lines, Scope, Selector, Tier, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};
use svrkit_rt::monitor::Kind;

/// Steps of an answer, at most: more than a screen has points.
pub(crate) const STEPS_MAX: u64 = 20_000;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) selector: &'a Selector,
    /// A line for each combination of values of these labels.
    pub(crate) by: &'a [String],
    pub(crate) value: Value,
    pub(crate) from_s: u64,
    pub(crate) to_s: u64,
    /// Not 0.
    pub(crate) step_s: u64,
}

/// A series that a question is about, as it was when the state was looked at.
struct Found {
    id: u32,
    kind: Kind,
    line: Vec<String>,
    pages: Vec<(u64, Page)>,
}

impl State {
    /// The definitions of a name.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = (u64, &Arc<Definition>)> {
        let ids = self.by_name.get(name).into_iter().flatten();
        ids.filter_map(|id| Some((*id, self.definitions.get(id)?)))
    }

    /// The values of a label among the series of a name.
    pub(crate) fn label_values(&self, name: &str, label: &str) -> BTreeSet<String> {
        let mut values = BTreeSet::new();
        for (id, definition) in self.named(name) {
            let instances = self.instances.iter();
            for (key, instance) in instances.filter(|(_, i)| i.series.contains_key(&id)) {
                values.extend(label_of(label, definition, key, instance).map(str::to_owned));
            }
        }
        values
    }
}

/// Answers a question. Not more than [`STEPS_MAX`] steps.
pub(crate) fn answer(state: &RwLock<State>, now_s: u64, question: Question<'_>) -> Lines {
    let step_s = question.step_s;
    let tier = tier_for(question.value, question.from_s, step_s, now_s);
    let width_s = tier.width_s();
    let count = question
        .to_s
        .saturating_sub(question.from_s)
        .div_ceil(step_s);
    let count = count.min(STEPS_MAX);
    let to_s = question.from_s + count * step_s;
    let steps = Steps {
        from_s: question.from_s,
        step_s,
        count: count as usize,
        width_s,
    };
    let (from, to) = (question.from_s / width_s, to_s.div_ceil(width_s));
    let (found, blocks) = find(&read(state), question, tier, from, to);
    let mut lines: BTreeMap<Vec<String>, Folding> = BTreeMap::new();
    for series in found {
        let mut pages = series.pages;
        for block in &blocks {
            pages.extend(pages_of(block, series.id, from, to));
        }
        let line = lines.entry(series.line);
        let line = line.or_insert_with(|| Folding::new(steps, question.value, series.kind));
        line.add_series(&pages);
    }
    let lines = lines.into_iter();
    lines
        .map(|(line, folding)| (line, folding.finish()))
        .collect()
}

/// The finest tier that still has the beginning, or a coarser one whose windows fit into steps as well.
fn tier_for(value: Value, from_s: u64, step_s: u64, now_s: u64) -> Tier {
    let fits = |tier: &Tier| {
        let width_s = tier.width_s();
        // The last report is only in the finest.
        value != Value::Last && step_s.is_multiple_of(width_s) && from_s.is_multiple_of(width_s)
    };
    let kept = |tier: &Tier| from_s + tier.kept_s() >= now_s;
    let coarsest = Tier::ALL
        .into_iter()
        .rev()
        .find(|tier| fits(tier) && kept(tier));
    let finest = Tier::ALL.into_iter().find(kept);
    coarsest.or(finest).unwrap_or(Tier::Hour)
}

fn find(
    state: &State,
    question: Question<'_>,
    tier: Tier,
    from: u64,
    to: u64,
) -> (Vec<Found>, Vec<Arc<Block>>) {
    let selector = question.selector;
    let mut found = Vec::new();
    for (id, definition) in state.named(&selector.name) {
        for (key, instance) in &state.instances {
            let Some(series) = instance.series.get(&id) else {
                continue;
            };
            let matches = is_in(&selector.scope, key, instance)
                && !(selector.without_retired && instance.retired)
                && selector.labels.iter().all(|(label, value)| {
                    label_of(label, definition, key, instance).is_some_and(|own| own == value)
                });
            if !matches {
                continue;
            }
            let by = question.by.iter();
            let value_of = |label: &String| label_of(label, definition, key, instance);
            let line = by.map(|label| value_of(label).unwrap_or_default().to_owned());
            found.push(Found {
                id: series.id,
                kind: definition.kind,
                line: line.collect(),
                pages: series.heads[tier as usize].pages(from, to),
            });
        }
    }
    let blocks = state.blocks.iter().filter(|block| {
        let begin = block.name().number * BLOCK_WINDOWS;
        block.name().tier == tier && begin < to && begin + BLOCK_WINDOWS > from
    });
    (found, blocks.cloned().collect())
}

fn is_in(scope: &Scope, key: &InstanceKey, instance: &Instance) -> bool {
    match scope {
        Scope::All => true,
        Scope::Service(service) => instance.service == *service,
        Scope::Host(host) => key.host == *host,
        Scope::Instance(name) => key.name == *name,
    }
}

/// A label of a series: its own, or what is known of its instance. A series may have a label `service` of its own, and calls have; what
/// its instance runs is `role`, too.
fn label_of<'a>(
    label: &str,
    definition: &'a Definition,
    key: &'a InstanceKey,
    instance: &'a Instance,
) -> Option<&'a str> {
    definition.label(label).or(match label {
        "service" | "role" => Some(&instance.service),
        "host" => Some(&key.host),
        "instance" => Some(&key.name),
        "gray" => Some(&instance.gray),
        _ => None,
    })
}

/// A block that cannot be read has nothing, and says so.
fn pages_of(block: &Block, series: u32, from: u64, to: u64) -> Vec<(u64, Page)> {
    match block.chunk(series) {
        Ok(chunk) => chunk::pages(block.name().number, &chunk, from, to).collect(),
        Err(error) => {
            let path = block.path().display();
            tracing::error!(%path, series, %error, "a block of the past cannot be read");
            Vec::new()
        }
    }
}
