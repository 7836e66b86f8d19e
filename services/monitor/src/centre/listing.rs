//! Series by a piece of their names or labels.

use super::value;
use crate::definition::Definition;
use crate::history::{History, Selector};
use crate::store::Past;
use std::sync::Arc;

/// Series that are listed when nobody says.
const SERIES_USUAL: usize = 100;
/// Series that are listed at most.
const SERIES_MAX: usize = 1_000;
/// What counts as now, for a last value.
const LAST_S: u64 = 60;

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) series: Vec<FoundSeries>,
    /// There are others.
    pub(super) more: bool,
}

/// A series of all instances together.
#[derive(Debug)]
pub(super) struct FoundSeries {
    pub(super) definition: Arc<Definition>,
    /// What suits its kind, of the last minute.
    pub(super) last: Option<f64>,
}

/// Series with every word of `text` in their name or labels, upper and lower case alike. Blocks.
pub(super) fn find(past: &Past, text: &str, series_max: usize) -> Found {
    let words: Vec<String> = text
        .to_lowercase()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let series_max = match series_max {
        0 => SERIES_USUAL,
        series_max => series_max.min(SERIES_MAX),
    };
    let mut found = past.definitions();
    found.retain(|definition| words.iter().all(|word| has(definition, word)));
    let more = found.len() > series_max;
    found.truncate(series_max);
    let series = found.into_iter().map(|definition| FoundSeries {
        last: last(past, &definition),
        definition,
    });
    Found {
        series: series.collect(),
        more,
    }
}

fn has(definition: &Definition, word: &str) -> bool {
    let labels = definition.labels.iter();
    let mut texts = labels.flat_map(|(name, value)| [name, value]);
    definition.name.contains(word) || texts.any(|text| text.to_lowercase().contains(word))
}

fn last(past: &Past, definition: &Definition) -> Option<f64> {
    let selector = Selector {
        labels: definition.labels.clone(),
        ..Selector::named(&definition.name)
    };
    let to_s = past.now_s() / 10 * 10;
    let value = value::usual(definition.kind);
    let line = past.series(&selector, value, to_s.saturating_sub(LAST_S), to_s, LAST_S);
    line.first().copied().flatten()
}
