//! A page: up to 60 windows of one series in one tier, beside each other.
//!
//! A window that nobody reported in has count 0. Of counters and gauges a page has a sum, a smallest and a greatest report for each
//! window; of histograms the sum of what was observed, and a column for each bucket that anything fell into.

use super::column;
use super::sample::Sample;

/// Windows of a page.
pub(crate) const PAGE_WINDOWS: u64 = 60;

/// The sum of a window's reports.
pub(crate) const SUM: u8 = 0;
/// The smallest.
pub(crate) const MIN: u8 = 1;
/// The greatest.
pub(crate) const MAX: u8 = 2;
/// Bucket `n` of a histogram is column `BUCKETS + n`.
pub(crate) const BUCKETS: u8 = 8;

/// As written: a window's sum divided by its count; what remains; how far the smallest is below the quotient, and the greatest above.
const QUOTIENT: u8 = 4;
const REMAINDER: u8 = 5;
const BELOW: u8 = 6;
const ABOVE: u8 = 7;

/// Set in a written page's first byte when it is a histogram's.
const HISTOGRAM_BIT: u8 = 1 << 7;

/// What the columns of a page are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Sum, smallest, greatest.
    Values,
    /// Sum, buckets.
    Histogram,
}

/// Reports of consecutive windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    shape: Shape,
    /// Place of the first window in the page.
    first: u8,
    counts: Vec<u32>,
    /// As long as `counts`, in order of their ids. Smallest and greatest are there once a window has several reports; until then they are
    /// the sum.
    columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Column {
    id: u8,
    values: Vec<i64>,
}

impl Page {
    /// Without a report.
    pub(crate) fn new(shape: Shape) -> Page {
        Page {
            shape,
            first: 0,
            counts: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// What its columns are.
    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Whether nothing was reported.
    pub(crate) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Place of the first window.
    pub(crate) fn first(&self) -> u64 {
        u64::from(self.first)
    }

    /// Reports of each window, from the first on.
    pub(crate) fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// A column, as long as the counts. Smallest and greatest fall back to the sum.
    pub(crate) fn column(&self, id: u8) -> Option<&[i64]> {
        let found = self.columns.iter().find(|column| column.id == id);
        let found = found.or_else(|| match id {
            MIN | MAX => self.columns.iter().find(|column| column.id == SUM),
            _ => None,
        });
        found.map(|column| &column.values[..])
    }

    /// Columns of buckets, by bucket.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (u8, &[i64])> {
        let buckets = self.columns.iter().filter(|column| column.id >= BUCKETS);
        buckets.map(|column| (column.id - BUCKETS, &column.values[..]))
    }

    /// Adds a report to the window at this place of the page, which is not before the first, and as its shape is.
    pub(crate) fn add(&mut self, place: u64, sample: Sample<'_>) {
        debug_assert!(place < PAGE_WINDOWS);
        if self.counts.is_empty() {
            self.first = place as u8;
        }
        let at = place as usize - usize::from(self.first);
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
            for column in &mut self.columns {
                column.values.resize(at + 1, 0);
            }
        }
        match sample {
            Sample::Value(value) => self.add_value(at, value),
            Sample::Observed { sum, buckets } => {
                if sum != 0 {
                    add(&mut self.column_mut(SUM)[at], sum);
                }
                for (bucket, count) in buckets.iter().filter(|(_, count)| *count > 0) {
                    let id = BUCKETS.saturating_add(*bucket);
                    let count = i64::try_from(*count).unwrap_or(i64::MAX);
                    add(&mut self.column_mut(id)[at], count);
                }
            }
        }
        self.counts[at] = self.counts[at].saturating_add(1);
    }

    fn add_value(&mut self, at: usize, value: i64) {
        let before = self.counts[at];
        if before > 0 && !self.columns.iter().any(|column| column.id == MIN) {
            let sums = self.column_mut(SUM).to_vec();
            self.column_mut(MIN).copy_from_slice(&sums);
            self.column_mut(MAX).copy_from_slice(&sums);
        }
        add(&mut self.column_mut(SUM)[at], value);
        // Smallest and greatest are there.
        if self.columns.len() > 1 {
            let least = &mut self.column_mut(MIN)[at];
            *least = if before == 0 {
                value
            } else {
                value.min(*least)
            };
            let most = &mut self.column_mut(MAX)[at];
            *most = if before == 0 { value } else { value.max(*most) };
        }
    }

    /// The column, made of zeros if it is new.
    fn column_mut(&mut self, id: u8) -> &mut [i64] {
        let windows = self.counts.len();
        let place = match self.columns.binary_search_by_key(&id, |column| column.id) {
            Ok(place) => place,
            Err(place) => {
                let values = vec![0; windows];
                self.columns.insert(place, Column { id, values });
                place
            }
        };
        &mut self.columns[place].values
    }

    /// The page as bytes, behind those that are there.
    pub(crate) fn write(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let shape = match self.shape {
            Shape::Values => 0,
            Shape::Histogram => HISTOGRAM_BIT,
        };
        bytes.extend([self.first | shape, self.counts.len() as u8]);
        let counts: Vec<i64> = self.counts.iter().map(|count| i64::from(*count)).collect();
        bytes = column::write(&counts, bytes);
        let split;
        let columns = match self.shape {
            Shape::Histogram => &self.columns,
            Shape::Values => {
                split = self.split();
                &split
            }
        };
        let written: Vec<&Column> = columns.iter().filter(|c| !c.is_zero()).collect();
        bytes.push(written.len() as u8);
        for column in written {
            bytes.push(column.id);
            bytes = column::write(&column.values, bytes);
        }
        bytes
    }

    /// Sums, smallest and greatest as what is small and scatters little: a gauge that does not move becomes columns that do not.
    fn split(&self) -> Vec<Column> {
        let of = |id| self.column(id).unwrap_or(&[]).iter();
        let (mut quotients, mut remainders) = (Vec::new(), Vec::new());
        let (mut below, mut above) = (Vec::new(), Vec::new());
        let windows = of(SUM).zip(of(MIN)).zip(of(MAX)).zip(&self.counts);
        for (((sum, min), max), count) in windows {
            let count = i64::from(*count).max(1);
            let quotient = sum.div_euclid(count);
            quotients.push(quotient);
            remainders.push(sum.rem_euclid(count));
            below.push(quotient.wrapping_sub(*min));
            above.push(max.wrapping_sub(quotient));
        }
        let columns = [
            (QUOTIENT, quotients),
            (REMAINDER, remainders),
            (BELOW, below),
            (ABOVE, above),
        ];
        columns
            .into_iter()
            .map(|(id, values)| Column { id, values })
            .collect()
    }

    /// Reads a page from the front of `bytes`, which then begin behind it. `None` when it is none.
    pub(crate) fn read(bytes: &mut &[u8]) -> Option<Page> {
        let [first, windows, rest @ ..] = *bytes else {
            return None;
        };
        *bytes = rest;
        let shape = match first & HISTOGRAM_BIT {
            0 => Shape::Values,
            _ => Shape::Histogram,
        };
        let (first, windows) = (first & !HISTOGRAM_BIT, usize::from(*windows));
        if windows == 0 || u64::from(first) + windows as u64 > PAGE_WINDOWS {
            return None;
        }
        let counts = column::read(windows, bytes)?;
        let counts = counts.into_iter().map(u32::try_from);
        let counts = counts.collect::<Result<Vec<u32>, _>>().ok()?;
        let (columns_written, rest) = bytes.split_first()?;
        *bytes = rest;
        let mut columns = Vec::with_capacity(usize::from(*columns_written));
        for _ in 0..*columns_written {
            let (id, rest) = bytes.split_first()?;
            *bytes = rest;
            let id = *id;
            if columns.last().is_some_and(|last: &Column| last.id >= id) {
                return None;
            }
            let values = column::read(windows, bytes)?;
            columns.push(Column { id, values });
        }
        if shape == Shape::Values {
            columns = join(&counts, columns);
        }
        Some(Page {
            shape,
            first,
            counts,
            columns,
        })
    }
}

/// The opposite of [`Page::split`].
fn join(counts: &[u32], mut written: Vec<Column>) -> Vec<Column> {
    let mut take = |id: u8| {
        let place = written.iter().position(|column| column.id == id);
        let found = place.map(|place| written.swap_remove(place).values);
        found.unwrap_or_else(|| vec![0; counts.len()])
    };
    let quotients = take(QUOTIENT);
    let (remainders, below, above) = (take(REMAINDER), take(BELOW), take(ABOVE));
    let windows = quotients.iter().zip(&remainders).zip(counts);
    let sums = windows.map(|((quotient, remainder), count)| {
        let product = quotient.wrapping_mul(i64::from(*count).max(1));
        product.wrapping_add(*remainder)
    });
    let column = |id, values| Column { id, values };
    let mut columns = vec![column(SUM, sums.collect())];
    if counts.iter().any(|count| *count > 1) {
        let least = quotients.iter().zip(below);
        let most = quotients.iter().zip(above);
        let least = least.map(|(quotient, by)| quotient.wrapping_sub(by));
        let most = most.map(|(quotient, by)| quotient.wrapping_add(by));
        columns.push(column(MIN, least.collect()));
        columns.push(column(MAX, most.collect()));
    }
    columns
}

impl Column {
    fn is_zero(&self) -> bool {
        self.values.iter().all(|value| *value == 0)
    }
}

fn add(to: &mut i64, value: i64) {
    *to = to.saturating_add(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(page: &Page) -> usize {
        let bytes = page.write(Vec::new());
        let mut rest = &bytes[..];
        assert!(Page::read(&mut rest).as_ref() == Some(page), "{page:?}");
        assert!(rest.is_empty());
        bytes.len()
    }

    #[test]
    fn windows_keep_sum_count_smallest_and_greatest() {
        let mut page = Page::new(Shape::Values);
        for (place, value) in [(7, 5), (7, -3), (7, 4), (9, 10)] {
            page.add(place, Sample::Value(value));
        }
        assert_eq!(page.first(), 7);
        assert_eq!(page.counts(), [3, 0, 1]);
        assert_eq!(page.column(SUM).unwrap(), [6, 0, 10]);
        assert_eq!(page.column(MIN).unwrap(), [-3, 0, 10]);
        assert_eq!(page.column(MAX).unwrap(), [5, 0, 10]);
        through(&page);
    }

    #[test]
    fn histograms_keep_their_buckets() {
        let mut page = Page::new(Shape::Histogram);
        let none = Sample::Observed {
            sum: 0,
            buckets: &[],
        };
        page.add(0, none);
        through(&page);
        for place in 1..PAGE_WINDOWS {
            let buckets = [(3, place), (103, 1)];
            let sum = 1_000;
            page.add(
                place,
                Sample::Observed {
                    sum,
                    buckets: &buckets,
                },
            );
        }
        let buckets: Vec<_> = page
            .buckets()
            .map(|(bucket, counts)| (bucket, counts[59]))
            .collect();
        assert_eq!(buckets, [(3, 59), (103, 1)]);
        through(&page);
    }

    #[test]
    fn pages_of_any_reports_are_read_as_they_were_written() {
        fastrand::seed(11);
        for _ in 0..500 {
            let shape = fastrand::choice([Shape::Values, Shape::Histogram]).unwrap();
            let mut page = Page::new(shape);
            let first = fastrand::u64(..PAGE_WINDOWS);
            let shift = fastrand::u32(..64);
            for _ in 0..fastrand::usize(1..200) {
                let place = match page.is_empty() {
                    true => first,
                    false => fastrand::u64(first..PAGE_WINDOWS),
                };
                let buckets = [(fastrand::u8(..104), fastrand::u64(..) >> 1 >> shift)];
                page.add(
                    place,
                    match shape {
                        Shape::Values => Sample::Value(fastrand::i64(..) >> shift),
                        Shape::Histogram => Sample::Observed {
                            sum: fastrand::i64(..) >> shift,
                            buckets: &buckets,
                        },
                    },
                );
            }
            through(&page);
        }
    }

    #[test]
    fn what_stands_still_is_cheap() {
        let mut page = Page::new(Shape::Values);
        for place in 0..PAGE_WINDOWS {
            for _ in 0..6 {
                page.add(place, Sample::Value(1_234_567));
            }
        }
        assert!(through(&page) <= 12);
    }

    #[test]
    fn damage_gives_no_page_or_some_page_and_never_panics() {
        fastrand::seed(2);
        let mut page = Page::new(Shape::Histogram);
        for place in 0..PAGE_WINDOWS {
            page.add(
                place,
                Sample::Observed {
                    sum: 7,
                    buckets: &[(1, place)],
                },
            );
        }
        let sound = page.write(Vec::new());
        for _ in 0..5_000 {
            let mut bytes = sound.clone();
            let at = fastrand::usize(..bytes.len());
            bytes[at] = fastrand::u8(..);
            bytes.truncate(fastrand::usize(1..=bytes.len()));
            Page::read(&mut &bytes[..]);
        }
    }
}
