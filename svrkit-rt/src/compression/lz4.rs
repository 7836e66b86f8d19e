//! LZ4, block format.

use lz4_flex::block::{
    CompressTable, compress_into_with_table, decompress_into, get_maximum_output_size,
};
use std::cell::RefCell;

thread_local! {
    /// 8 KiB once something was compressed here, 16 after a body over 64 KiB.
    static TABLE: RefCell<CompressTable> = RefCell::default();
}

/// The encoder wants room for the worst, and does not begin with less.
pub(super) fn room(len: usize) -> usize {
    get_maximum_output_size(len)
}

/// Compresses into the beginning of `out`. Returns how much it is; `None` if it does not fit.
pub(super) fn compress(body: &[u8], out: &mut [u8]) -> Option<usize> {
    TABLE.with_borrow_mut(|table| compress_into_with_table(body, out, table).ok())
}

/// Decompresses into the beginning of `out`. Returns how much it is; `None` if it does not fit, or the block is none.
pub(super) fn decompress(block: &[u8], out: &mut [u8]) -> Option<usize> {
    decompress_into(block, out).ok()
}
