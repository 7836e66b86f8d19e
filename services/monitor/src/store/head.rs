//! What one series has in one tier that is not in a block's file yet: the page that is being written, and pages that are full.

use super::chunk::{self, BLOCK_PAGES};
use super::page::{PAGE_WINDOWS, Page, Shape};
use super::sample::Sample;

/// The newest pages of a series in a tier.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// Number of the page that is being written, since 1970.
    number: u64,
    page: Page,
    /// Full pages, by block. Rarely more than two.
    sealed: Vec<Sealed>,
}

/// Full pages of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// The block's number since 1970.
    pub(crate) block: u64,
    /// A chunk.
    pub(crate) chunk: Vec<u8>,
}

impl Head {
    /// Without a report.
    pub(crate) fn new(shape: Shape) -> Head {
        Head {
            number: 0,
            page: Page::new(shape),
            sealed: Vec::new(),
        }
    }

    /// As it was kept.
    pub(crate) fn restore(number: u64, page: Page, sealed: Vec<Sealed>) -> Head {
        Head {
            number,
            page,
            sealed,
        }
    }

    /// Adds a report to a window. One before the page that is being written makes a page of its own.
    pub(crate) fn add(&mut self, window: u64, sample: Sample<'_>) {
        let (number, place) = (window / PAGE_WINDOWS, window % PAGE_WINDOWS);
        let fits = number == self.number && place >= self.page.first();
        if !fits {
            self.seal();
        }
        self.number = number;
        self.page.add(place, sample);
    }

    /// Nothing more will be written to the page.
    fn seal(&mut self) {
        if self.page.is_empty() {
            return;
        }
        let shape = self.page.shape();
        let page = std::mem::replace(&mut self.page, Page::new(shape));
        let block = self.number / BLOCK_PAGES;
        let found = self.sealed.iter().position(|sealed| sealed.block == block);
        let place = found.unwrap_or_else(|| {
            let chunk = Vec::new();
            self.sealed.push(Sealed { block, chunk });
            self.sealed.len() - 1
        });
        chunk::push(&mut self.sealed[place].chunk, self.number, &page);
    }

    /// Seals the page if it ended before this window.
    pub(crate) fn seal_before(&mut self, window: u64) {
        if (self.number + 1) * PAGE_WINDOWS <= window {
            self.seal();
        }
    }

    /// The page that is being written, and its number.
    pub(crate) fn open_page(&self) -> (u64, &Page) {
        (self.number, &self.page)
    }

    /// Full pages.
    pub(crate) fn sealed(&self) -> &[Sealed] {
        &self.sealed
    }

    /// Drops full pages of blocks before this one: they are in files now.
    pub(crate) fn drop_before(&mut self, block: u64) {
        self.sealed.retain(|sealed| sealed.block >= block);
        self.sealed.shrink_to_fit();
    }

    /// The pages that have a window in `from..to`, each with the number of its first window.
    pub(crate) fn pages(&self, from: u64, to: u64) -> Vec<(u64, Page)> {
        let sealed = self.sealed.iter();
        let sealed = sealed.flat_map(|sealed| chunk::pages(sealed.block, &sealed.chunk, from, to));
        let mut pages: Vec<_> = sealed.collect();
        let begin = self.number * PAGE_WINDOWS;
        if !self.page.is_empty() && begin < to && begin + PAGE_WINDOWS > from {
            pages.push((begin + self.page.first(), self.page.clone()));
        }
        pages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::chunk::BLOCK_WINDOWS;
    use crate::store::page::SUM;
    use std::collections::BTreeMap;

    fn sums(head: &Head, from: u64, to: u64) -> BTreeMap<u64, i64> {
        let mut sums = BTreeMap::new();
        for (first, page) in head.pages(from, to) {
            for (window, sum) in (first..).zip(page.column(SUM).unwrap()) {
                *sums.entry(window).or_default() += sum;
            }
        }
        sums.retain(|window, sum| *sum != 0 && (from..to).contains(window));
        sums
    }

    #[test]
    fn reports_are_kept_whatever_their_order() {
        fastrand::seed(4);
        let begin = 1_000 * BLOCK_WINDOWS - 100;
        let mut head = Head::new(Shape::Values);
        let mut model: BTreeMap<u64, i64> = BTreeMap::new();
        let mut window = begin;
        for _ in 0..1_000 {
            window = match fastrand::u8(..20) {
                0 => fastrand::u64(begin..=window),
                1 => window + fastrand::u64(..100),
                _ => window + 1,
            };
            let value = fastrand::i64(1..100);
            head.add(window, Sample::Value(value));
            *model.entry(window).or_default() += value;
        }
        assert_eq!(sums(&head, 0, u64::MAX / 2), model);
        let (from, to) = (begin + 200, begin + 333);
        model.retain(|window, _| (from..to).contains(window));
        assert_eq!(sums(&head, from, to), model);
    }

    #[test]
    fn what_is_in_files_goes() {
        let mut head = Head::new(Shape::Values);
        for window in 0..BLOCK_WINDOWS + 1 {
            head.add(window, Sample::Value(1));
        }
        assert_eq!(head.sealed().len(), 1);
        head.drop_before(1);
        assert_eq!(sums(&head, 0, 10_000).len(), 1);
        head.seal_before(2 * BLOCK_WINDOWS);
        head.drop_before(2);
        assert!(head.page.is_empty() && head.sealed().is_empty());
    }
}
