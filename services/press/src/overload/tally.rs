//! What became of the asks of one load.

use super::asks::Kind;
use hdrhistogram::Histogram;
use std::collections::HashMap;
use std::time::Duration;

/// Microseconds up to which an answer's time is told apart.
const LATENCY_US_MAX: u64 = 60_000_000;

/// Reasons that are told apart for each kind; there are a handful.
const REASONS_MAX: usize = 32;

/// By kind.
#[derive(Debug)]
pub(super) struct Tally([KindTally; 4]);

/// What became of the asks of one kind. What is neither answered nor refused was lost with its link, or is still waited for.
#[derive(Debug)]
pub(super) struct KindTally {
    pub(super) asked: u64,
    /// Well, and in time.
    pub(super) answered: u64,
    /// Well, and too late.
    pub(super) late: u64,
    /// Because of overload.
    pub(super) refused: u64,
    /// For any other reason.
    pub(super) failed: u64,
    pub(super) took_us: Histogram<u64>,
    /// What those that were refused or failed were told, and how many.
    reasons: HashMap<String, u64>,
}

/// How an ask ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered,
    /// Because of overload, in these words.
    Refused(String),
    /// For another reason, in these words.
    Failed(String),
}

impl Tally {
    pub(super) fn new() -> Tally {
        Tally(std::array::from_fn(|_| KindTally::new()))
    }

    pub(super) fn of(&self, kind: Kind) -> &KindTally {
        &self.0[kind as usize]
    }

    /// Asks of all kinds that were answered in time.
    pub(super) fn answered(&self) -> u64 {
        self.0.iter().map(|kind| kind.answered).sum()
    }

    pub(super) fn asked(&mut self, kind: Kind) {
        self.0[kind as usize].asked += 1;
    }

    pub(super) fn ended(&mut self, kind: Kind, outcome: Outcome, took: Duration) {
        let tally = &mut self.0[kind as usize];
        match outcome {
            Outcome::Answered if took <= kind.patience() => {
                tally.answered += 1;
                tally.took_us.saturating_record(took.as_micros() as u64);
            }
            Outcome::Answered => tally.late += 1,
            Outcome::Refused(why) => {
                tally.refused += 1;
                tally.note(why);
            }
            Outcome::Failed(why) => {
                tally.failed += 1;
                tally.note(why);
            }
        }
    }
}

impl KindTally {
    fn new() -> KindTally {
        let took_us = Histogram::new_with_bounds(1, LATENCY_US_MAX, 2);
        KindTally {
            asked: 0,
            answered: 0,
            late: 0,
            refused: 0,
            failed: 0,
            took_us: took_us.expect("two digits of a minute"),
            reasons: HashMap::new(),
        }
    }

    fn note(&mut self, why: String) {
        if let Some(count) = self.reasons.get_mut(&why) {
            *count += 1;
        } else if self.reasons.len() < REASONS_MAX {
            self.reasons.insert(why, 1);
        }
    }

    /// What was said most often, and how often.
    pub(super) fn main_reason(&self) -> Option<(&str, u64)> {
        let most = self.reasons.iter().max_by_key(|(_, count)| **count);
        most.map(|(why, count)| (why.as_str(), *count))
    }
}
