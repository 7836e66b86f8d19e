//! Bytes on their way to a socket: small pieces side by side in one buffer, large ones linked in without a copy.

use super::buffers;
use bytes::Bytes;
use std::io::IoSlice;

/// Up to this many bytes are copied next to their neighbours; beyond it a copy costs more than another slice of a vectored write.
const COPIED_BYTES_MAX: usize = 4 * 1024;
/// Slices of one vectored write.
const SLICES_MAX: usize = 64;

/// Frames queued for writing.
#[derive(Debug, Default)]
pub(crate) struct OutQueue {
    copied: Vec<u8>,
    /// Large pieces, each with the position in `copied` before which it goes.
    linked: Vec<(usize, Bytes)>,
    linked_bytes: usize,
}

impl OutQueue {
    /// Bytes queued.
    pub(crate) fn len(&self) -> usize {
        self.copied.len() + self.linked_bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.copied.is_empty() && self.linked.is_empty()
    }

    /// Appends by copying.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.buffer(bytes.len()).extend_from_slice(bytes);
    }

    /// The buffer that small pieces are appended to, with room for `additional` bytes.
    pub(crate) fn buffer(&mut self, additional: usize) -> &mut Vec<u8> {
        if self.copied.capacity() == 0 {
            self.copied = buffers::take_write();
        }
        self.copied.reserve(additional);
        &mut self.copied
    }

    /// Appends by linking if that is cheaper.
    pub(crate) fn put_bytes(&mut self, bytes: &Bytes) {
        if bytes.len() > COPIED_BYTES_MAX {
            self.linked_bytes += bytes.len();
            self.linked.push((self.copied.len(), bytes.clone()));
        } else if !bytes.is_empty() {
            self.put(bytes);
        }
    }

    /// Takes all there is.
    pub(crate) fn take(&mut self) -> Batch {
        let queue = std::mem::take(self);
        Batch {
            left: queue.len(),
            queue,
            at: 0,
            next_linked: 0,
            linked_at: 0,
        }
    }
}

/// What a writer is writing.
#[derive(Debug)]
pub(crate) struct Batch {
    queue: OutQueue,
    /// Bytes not written yet.
    left: usize,
    /// Bytes of `copied` already written.
    at: usize,
    /// Linked pieces already written.
    next_linked: usize,
    /// Bytes of the next linked piece already written.
    linked_at: usize,
}

impl Batch {
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// Calls `write` with what is left.
    pub(crate) fn with_slices<T>(&self, write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
        if self.queue.linked.is_empty() {
            return write(&[IoSlice::new(&self.queue.copied[self.at..])]);
        }
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let mut used = 0;
        let (mut at, mut linked_at) = (self.at, self.linked_at);
        for (before, bytes) in &self.queue.linked[self.next_linked..] {
            if used + 2 > SLICES_MAX {
                return write(&slices[..used]);
            }
            if at < *before {
                slices[used] = IoSlice::new(&self.queue.copied[at..*before]);
                used += 1;
                at = *before;
            }
            slices[used] = IoSlice::new(&bytes[linked_at..]);
            used += 1;
            linked_at = 0;
        }
        if used < SLICES_MAX && at < self.queue.copied.len() {
            slices[used] = IoSlice::new(&self.queue.copied[at..]);
            used += 1;
        }
        write(&slices[..used])
    }

    /// Notes that `written` bytes are on their way.
    pub(crate) fn advance(&mut self, mut written: usize) {
        self.left -= written;
        while written > 0 {
            let next = self.queue.linked.get(self.next_linked);
            let copied_end = next.map_or(self.queue.copied.len(), |(before, _)| *before);
            let copied = written.min(copied_end - self.at);
            self.at += copied;
            written -= copied;
            if let (Some((_, bytes)), true) = (next, self.at == copied_end) {
                let linked = written.min(bytes.len() - self.linked_at);
                self.linked_at += linked;
                written -= linked;
                if self.linked_at == bytes.len() {
                    self.next_linked += 1;
                    self.linked_at = 0;
                }
            }
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        buffers::give_back_write(std::mem::take(&mut self.queue.copied));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever pieces are queued and however few bytes each write takes, the bytes come out in order.
    #[test]
    fn pieces_come_out_in_order_however_they_are_cut() {
        for step in [1, 7, 4096, 5000, 100_000] {
            let mut queue = OutQueue::default();
            let mut expected = Vec::new();
            for (i, len) in [3, 5000, 6000, 0, 10, 9000].into_iter().enumerate() {
                let piece = Bytes::from(vec![i as u8 + 1; len]);
                expected.extend_from_slice(&piece);
                queue.put_bytes(&piece);
            }
            assert_eq!(queue.len(), expected.len());
            let mut batch = queue.take();
            assert!(queue.is_empty());
            let mut out = Vec::new();
            while batch.left() > 0 {
                let written = batch.with_slices(|slices| {
                    let mut room = step;
                    for slice in slices {
                        let n = slice.len().min(room);
                        out.extend_from_slice(&slice[..n]);
                        room -= n;
                    }
                    step - room
                });
                assert!(written > 0);
                batch.advance(written);
            }
            assert!(out == expected, "step {step}");
        }
    }

    #[test]
    fn more_pieces_than_one_write_takes() {
        let mut queue = OutQueue::default();
        for _ in 0..200 {
            queue.put(&[1; 48]);
            queue.put_bytes(&Bytes::from(vec![2; 5000]));
        }
        let mut batch = queue.take();
        let mut total = 0;
        while batch.left() > 0 {
            let n = batch.with_slices(|s| s.iter().map(|s| s.len()).sum());
            total += n;
            batch.advance(n);
        }
        assert_eq!(total, 200 * 5048);
    }
}
