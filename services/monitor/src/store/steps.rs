//! Windows of many series put into the steps of an answer.

use super::page::{MAX, MIN, Page, SUM};
use crate::history::Value;
use svrkit_rt::monitor::{BUCKETS, Buckets, Kind, bucket_bound};

/// The steps of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    pub(crate) from_s: u64,
    pub(crate) step_s: u64,
    pub(crate) count: usize,
    /// Seconds of the windows that they are made of.
    pub(crate) width_s: u64,
}

/// The line that several series make together.
pub(crate) struct Folding {
    steps: Steps,
    value: Value,
    kind: Kind,
    cells: Vec<Cell>,
}

/// What the series so far reported in one step.
#[derive(Clone, Default)]
struct Cell {
    /// Reports.
    count: u64,
    sum: f64,
    /// Averages of each series, put together.
    levels: f64,
    /// The last window of each series, put together.
    lasts: f64,
    min: f64,
    max: f64,
    /// Of histograms.
    buckets: Option<Box<Buckets>>,
}

/// What one series reported in one step.
#[derive(Clone, Default)]
struct OfSeries {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    last_at: u64,
    last: f64,
}

impl Folding {
    pub(crate) fn new(steps: Steps, value: Value, kind: Kind) -> Folding {
        Folding {
            steps,
            value,
            kind,
            cells: vec![Cell::default(); steps.count],
        }
    }

    /// Adds the pages of one series.
    pub(crate) fn add_series(&mut self, pages: &[(u64, Page)]) {
        let mut own: Vec<OfSeries> = vec![OfSeries::default(); self.cells.len()];
        for (first, page) in pages {
            let sums = page.column(SUM);
            let (least, most) = (page.column(MIN), page.column(MAX));
            for (place, count) in page.counts().iter().enumerate().filter(|(_, n)| **n > 0) {
                let window = first + place as u64;
                let at = |column: Option<&[i64]>| column.map_or(0, |column| column[place]) as f64;
                let report = Report {
                    window,
                    count: u64::from(*count),
                    sum: at(sums),
                    min: at(least),
                    max: at(most),
                };
                for step in self.steps.of_window(window) {
                    own[step].add(report);
                    if self.kind == Kind::Histogram {
                        self.cells[step].add_buckets(page, place);
                    }
                }
            }
        }
        let adds_up = self.kind != Kind::Max;
        for (cell, own) in self
            .cells
            .iter_mut()
            .zip(own)
            .filter(|(_, own)| own.count > 0)
        {
            cell.add(own, adds_up);
        }
    }

    /// A number for each step.
    pub(crate) fn finish(self) -> Vec<Option<f64>> {
        let (steps, value, kind) = (self.steps, self.value, self.kind);
        let cells = self.cells.into_iter();
        cells.map(|cell| cell.value(value, kind, steps)).collect()
    }
}

impl Steps {
    /// The steps that a window is in: that in which it begins; where steps are shorter than windows, those that begin in it.
    fn of_window(self, window: u64) -> std::ops::Range<usize> {
        let begin_s = window * self.width_s;
        let (first, end) = if self.step_s >= self.width_s {
            match begin_s.checked_sub(self.from_s) {
                Some(since_s) => (since_s / self.step_s, since_s / self.step_s + 1),
                None => (0, 0),
            }
        } else {
            let step_of = |at_s: u64| at_s.saturating_sub(self.from_s).div_ceil(self.step_s);
            (step_of(begin_s), step_of(begin_s + self.width_s))
        };
        let count = self.count as u64;
        first.min(count) as usize..end.min(count) as usize
    }

    /// Seconds that the reports of a step are of.
    fn covered_s(self) -> f64 {
        self.step_s.max(self.width_s) as f64
    }

    /// The share of them that is the step's.
    fn share(self) -> f64 {
        self.step_s as f64 / self.covered_s()
    }
}

#[derive(Clone, Copy)]
struct Report {
    window: u64,
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

impl OfSeries {
    fn add(&mut self, report: Report) {
        if self.count == 0 {
            (self.min, self.max) = (report.min, report.max);
        }
        self.min = self.min.min(report.min);
        self.max = self.max.max(report.max);
        self.count += report.count;
        self.sum += report.sum;
        if report.window >= self.last_at {
            self.last_at = report.window;
            self.last = report.sum / report.count as f64;
        }
    }
}

impl Cell {
    fn add(&mut self, own: OfSeries, adds_up: bool) {
        if self.count == 0 {
            (self.min, self.max) = (own.min, own.max);
        }
        self.min = self.min.min(own.min);
        self.max = self.max.max(own.max);
        self.sum += own.sum;
        self.count += own.count;
        let level = own.sum / own.count as f64;
        if adds_up {
            self.levels += level;
            self.lasts += own.last;
        } else {
            self.levels = self.levels.max(level);
            self.lasts = self.lasts.max(own.last);
        }
    }

    fn add_buckets(&mut self, page: &Page, place: usize) {
        let all = self.buckets.get_or_insert_default();
        for (bucket, counts) in page.buckets() {
            if let Some(count) = all.counts.get_mut(usize::from(bucket)) {
                *count = count.saturating_add(counts[place].max(0) as u64);
            }
        }
    }

    fn value(&self, value: Value, kind: Kind, steps: Steps) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        match kind {
            Kind::Histogram => self.observed(value, steps),
            Kind::Counter => match value {
                Value::Rate => Some(self.sum / steps.covered_s()),
                Value::Sum => Some(self.sum * steps.share()),
                Value::Quantile(_) => None,
                value => Some(self.of_reports(value)),
            },
            Kind::Gauge | Kind::Max => match value {
                Value::Sum => Some(self.levels),
                Value::Rate | Value::Quantile(_) => None,
                value => Some(self.of_reports(value)),
            },
        }
    }

    fn of_reports(&self, value: Value) -> f64 {
        match value {
            Value::Min => self.min,
            Value::Max => self.max,
            Value::Last => self.lasts,
            _ => self.sum / self.count as f64,
        }
    }

    fn observed(&self, value: Value, steps: Steps) -> Option<f64> {
        let buckets = self.buckets.as_deref()?;
        let observed = buckets.count();
        let filled = || (0..BUCKETS).filter(|n| buckets.counts[*n] > 0);
        let bound = |bucket: usize| bucket_bound(bucket).or_else(|| bucket_bound(BUCKETS - 2));
        match value {
            Value::Rate => Some(observed as f64 / steps.covered_s()),
            Value::Sum => Some(self.sum * steps.share()),
            Value::Average | Value::Last => (observed > 0).then(|| self.sum / observed as f64),
            Value::Min => filled()
                .next()
                .map(|n| n.checked_sub(1).and_then(bound).unwrap_or(0.0)),
            Value::Max => filled().next_back().and_then(bound),
            Value::Quantile(share) => buckets.quantile(share),
        }
    }
}
