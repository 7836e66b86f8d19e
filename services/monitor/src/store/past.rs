//! The past that the store has, for those who ask.

use super::answers::{Question, STEPS_MAX, answer};
use super::state::{Instance, InstanceKey, Reading, State};
use super::writing::read;
use crate::definition::Definition;
use crate::history::{History, Lines, Selector, Value};
use std::sync::{Arc, RwLock};
use svrkit_rt::clock;

/// What the store keeps, to be asked. Answering reads files: an asynchronous caller asks on a thread that may block.
#[derive(Clone, Debug)]
pub struct Past {
    state: Arc<RwLock<State>>,
}

impl Past {
    pub(super) fn new(state: Arc<RwLock<State>>) -> Past {
        Past { state }
    }

    #[cfg(test)]
    pub(super) fn state(&self) -> &RwLock<State> {
        &self.state
    }

    /// The first definition of a name: its kind, unit and help are the name's.
    pub(crate) fn metric(&self, name: &str) -> Option<Arc<Definition>> {
        let state = read(&self.state);
        let first = state.named(name).next();
        first.map(|(_, definition)| definition.clone())
    }

    /// Every definition, by name and labels.
    pub(crate) fn definitions(&self) -> Vec<Arc<Definition>> {
        let state = read(&self.state);
        let mut all = Vec::with_capacity(state.definitions.len());
        for name in state.by_name.keys() {
            let begin = all.len();
            all.extend(state.named(name).map(|(_, definition)| definition.clone()));
            all[begin..].sort_by(|a, b| a.labels.cmp(&b.labels));
        }
        all
    }

    /// Hands each instance to `each`, in the order of hosts and names.
    pub(crate) fn each_instance(&self, mut each: impl FnMut(&InstanceKey, &Instance)) {
        let state = read(&self.state);
        state.instances.iter().for_each(|(key, i)| each(key, i));
    }

    /// Hands every series of the instances that are alive to `each`, with where it stands.
    pub(crate) fn each_series(
        &self,
        now_ms: u64,
        mut each: impl FnMut(&InstanceKey, &Instance, &Definition, &Reading),
    ) {
        let state = read(&self.state);
        let instances = state.instances.iter();
        for (key, instance) in instances.filter(|(_, i)| i.is_heard_of(now_ms)) {
            for (id, series) in &instance.series {
                if let Some(definition) = state.definitions.get(id) {
                    each(key, instance, definition, &series.reading);
                }
            }
        }
    }

    /// Series of all instances.
    pub(crate) fn series_count(&self) -> usize {
        read(&self.state).series
    }
}

impl History for Past {
    fn series(
        &self,
        selector: &Selector,
        value: Value,
        from_s: u64,
        to_s: u64,
        step_s: u64,
    ) -> Vec<Option<f64>> {
        let lines = self.lines(selector, &[], value, from_s, to_s, step_s);
        let line = lines.into_values().next();
        line.unwrap_or_else(|| {
            let steps = to_s.saturating_sub(from_s).div_ceil(step_s.max(1));
            vec![None; steps.min(STEPS_MAX) as usize]
        })
    }

    fn lines(
        &self,
        selector: &Selector,
        by: &[String],
        value: Value,
        from_s: u64,
        to_s: u64,
        step_s: u64,
    ) -> Lines {
        let question = Question {
            selector,
            by,
            value,
            from_s,
            to_s,
            step_s: step_s.max(1),
        };
        answer(&self.state, self.now_s(), question)
    }

    fn label_values(&self, name: &str, label: &str) -> Vec<String> {
        let values = read(&self.state).label_values(name, label);
        values.into_iter().collect()
    }

    fn now_s(&self) -> u64 {
        clock::now_ms() / 1_000
    }
}
