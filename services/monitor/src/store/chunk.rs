//! A chunk: the pages of one series in one block, one after the other, as bytes.
//!
//! Each page is its place in the block (1 byte), the length of its bytes (varint), its bytes. Pages of the same place add up: a report
//! that comes late makes a page of its own.

use super::page::{PAGE_WINDOWS, Page};
use super::varint;

/// Pages of a block.
pub(crate) const BLOCK_PAGES: u64 = 12;
/// Windows of a block: 2 hours of ten seconds, 12 hours of minutes, 30 days of hours.
pub(crate) const BLOCK_WINDOWS: u64 = BLOCK_PAGES * PAGE_WINDOWS;

/// Adds a page behind a chunk; `number` counts pages since 1970.
pub(crate) fn push(chunk: &mut Vec<u8>, number: u64, page: &Page) {
    let bytes = page.write(Vec::new());
    // There are tens of thousands of chunks: no room for what may come.
    chunk.reserve_exact(bytes.len() + 3);
    chunk.push((number % BLOCK_PAGES) as u8);
    varint::write(bytes.len() as u64, chunk);
    chunk.extend(bytes);
}

/// The pages of a chunk in this block that have a window in `from..to`, each with the number of its first window. Ends where the
/// chunk makes no sense.
pub(crate) fn pages(
    block: u64,
    mut chunk: &[u8],
    from: u64,
    to: u64,
) -> impl Iterator<Item = (u64, Page)> {
    std::iter::from_fn(move || {
        loop {
            let (place, rest) = chunk.split_first()?;
            chunk = rest;
            let length = usize::try_from(varint::read(&mut chunk)?).ok()?;
            let (mut bytes, rest) = chunk.split_at_checked(length)?;
            chunk = rest;
            let begin = block * BLOCK_WINDOWS + u64::from(*place) * PAGE_WINDOWS;
            if begin < to && begin + PAGE_WINDOWS > from {
                let page = Page::read(&mut bytes)?;
                return Some((begin + page.first(), page));
            }
        }
    })
}
