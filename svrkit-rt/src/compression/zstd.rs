//! Zstandard: one frame, of which the reader knows the length beforehand.

use std::cell::RefCell;
use std::io;
use zstd::bulk::{Compressor, Decompressor};

/// The quickest of the levels that compress better than LZ4 on everything.
const LEVEL: i32 = 1;

// Contexts cost more to make than a short body to compress, and up to a megabyte each: one a thread, made when it is first used.
thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// No more than there is to compress: beyond that, it is given up.
pub(super) fn room(len: usize) -> usize {
    len
}

/// Compresses into the beginning of `out`. Returns how much it is; `None` if it does not fit.
pub(super) fn compress(body: &[u8], out: &mut [u8]) -> Option<usize> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = get_or_make(kept, || Compressor::new(LEVEL))?;
        compressor.compress_to_buffer(body, out).ok()
    })
}

/// Decompresses into the beginning of `out`. Returns how much it is; `None` if it does not fit, or the block is none. Whatever window the
/// frame asks for, `out` is all that there is.
pub(super) fn decompress(block: &[u8], out: &mut [u8]) -> Option<usize> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = get_or_make(kept, Decompressor::new)?;
        decompressor.decompress_to_buffer(block, out).ok()
    })
}

/// `None` when there is no memory for one.
fn get_or_make<T>(kept: &mut Option<T>, make: impl FnOnce() -> io::Result<T>) -> Option<&mut T> {
    if kept.is_none() {
        *kept = make().ok();
    }
    kept.as_mut()
}
