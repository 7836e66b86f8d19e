//! Buffers lent to links while they read or write, so that an idle link holds none.

use std::cell::RefCell;

/// Bytes that one read may bring.
const READ_BYTES: usize = 64 * 1024;
/// A new write buffer: the answers of a usual turn.
const WRITE_BYTES: usize = 4 * 1024;
/// Write buffers that a thread keeps.
const WRITE_KEPT_MAX: usize = 8;
/// A write buffer that grew larger than this is not kept.
const WRITE_KEPT_BYTES_MAX: usize = 64 * 1024;

thread_local! {
    static READ: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static WRITE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// The thread's read buffer, of full length, whatever is in it. To be given back before anybody waits.
pub(crate) fn take_read() -> Vec<u8> {
    let kept = READ.take();
    if kept.is_empty() {
        return vec![0; READ_BYTES];
    }
    kept
}

pub(crate) fn give_back_read(buffer: Vec<u8>) {
    READ.set(buffer);
}

/// An empty buffer with room.
pub(crate) fn take_write() -> Vec<u8> {
    let kept = WRITE.with_borrow_mut(Vec::pop);
    kept.unwrap_or_else(|| Vec::with_capacity(WRITE_BYTES))
}

pub(crate) fn give_back_write(mut buffer: Vec<u8>) {
    if buffer.capacity() == 0 || buffer.capacity() > WRITE_KEPT_BYTES_MAX {
        return;
    }
    buffer.clear();
    WRITE.with_borrow_mut(|kept| {
        if kept.len() < WRITE_KEPT_MAX {
            kept.push(buffer);
        }
    });
}
