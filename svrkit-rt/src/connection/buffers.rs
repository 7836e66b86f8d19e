//! Buffers lent to connections while they have something to read or write, so that an idle connection holds none.

use bytes::BytesMut;
use std::cell::RefCell;

/// Buffers of each kind that a thread keeps.
const KEPT_MAX: usize = 8;
/// A buffer that grew larger than this is not kept.
const KEPT_BYTES_MAX: usize = 256 * 1024;
/// A new write buffer: the answers of a usual batch.
const WRITE_BYTES: usize = 8 * 1024;

thread_local! {
    static WRITE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    static READ: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn take_write() -> Vec<u8> {
    let kept = WRITE.with_borrow_mut(Vec::pop);
    kept.unwrap_or_else(|| Vec::with_capacity(WRITE_BYTES))
}

pub(super) fn give_back_write(mut buffer: Vec<u8>) {
    let capacity = buffer.capacity();
    if capacity == 0 || capacity > KEPT_BYTES_MAX {
        return;
    }
    buffer.clear();
    WRITE.with_borrow_mut(|kept| {
        if kept.len() < KEPT_MAX {
            kept.push(buffer);
        }
    });
}

/// An empty buffer, perhaps with capacity. It may share its allocation with messages still in use; reserving sorts that out.
pub(super) fn take_read() -> BytesMut {
    READ.with_borrow_mut(Vec::pop).unwrap_or_default()
}

pub(super) fn give_back_read(buffer: BytesMut) {
    if buffer.capacity() == 0 || buffer.capacity() > KEPT_BYTES_MAX {
        return;
    }
    READ.with_borrow_mut(|kept| {
        if kept.len() < KEPT_MAX {
            kept.push(buffer);
        }
    });
}
