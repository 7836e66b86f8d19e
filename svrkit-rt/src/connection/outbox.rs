//! Who writes, and when: many frames, one vectored write.
//!
//! Any task may queue a frame. At any time at most one party has the duty to write (`State::writing`):
//!
//! - the task that queued the frame, at once, when nothing else is in flight that could join it: a lone call costs no task
//!   switch (yielding first costs 0.8 µs there);
//! - else the connection's own task, which first lets the other ready tasks run once, so that their frames go out in the same
//!   write. tokio runs a task that was just woken before all others; without that yield it would find one frame each time,
//!   which is a write a call and ten times the cost.
//!
//! The duty ends under the lock, with the queue seen empty, so no frame is forgotten.

use super::out_queue::{Batch, OutQueue};
use crate::transport::{DirectWriter, Stream};
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// A batch this large is worth a write of its own; nobody is waited for.
const FULL_BATCH_BYTES: usize = 128 * 1024;
/// Batches that a task other than the connection's writes before it hands the duty over.
const DIRECT_BATCHES_MAX: usize = 4;

/// The queue of frames to write, and with it (under one lock, held for nanoseconds) a table `T` of calls.
#[derive(Debug)]
pub(crate) struct Outbox<T> {
    state: Mutex<State<T>>,
    direct: Option<DirectWriter>,
}

#[derive(Debug)]
pub(crate) struct State<T> {
    pub(crate) out: OutQueue,
    pub(crate) table: T,
    writing: Writing,
    /// The connection's task wants to know when somebody else has written everything.
    tell_when_written: bool,
    /// A batch that somebody else began to write and the connection's task is to finish.
    handed_over: Option<Batch>,
    /// Bytes in the hands of a writer.
    being_written: usize,
    /// Bytes that writers have taken so far.
    taken: u64,
    waker: Option<Waker>,
}

/// Who has the duty to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    Nobody,
    /// The connection's task, woken or about to be.
    Task,
    /// A task that queued a frame. Until it gives the duty up or hands it over, the connection's task must not write a byte: what it
    /// wrote could land in the middle of the other's frame.
    Other,
}

/// How soon queued frames should leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flush {
    /// Nothing else is in flight: write now, from here if possible.
    Now,
    /// Others may have frames soon.
    Soon,
}

/// What is to be done once the lock is released.
#[must_use]
pub(crate) enum Duty {
    Nothing,
    Wake(Option<Waker>),
    Write(Batch),
}

impl<T> State<T> {
    /// Bytes that have not reached the socket.
    pub(crate) fn unwritten(&self) -> usize {
        self.out.len() + self.being_written
    }

    /// Bytes that reached the socket so far.
    pub(crate) fn written(&self) -> u64 {
        self.taken - self.being_written as u64
    }

    /// All that is queued, to be written by whoever has the duty.
    fn take(&mut self) -> Batch {
        let batch = self.out.take();
        self.being_written = batch.left();
        self.taken += batch.left() as u64;
        batch
    }

    /// Wakes the connection's task for another reason than writing.
    pub(crate) fn wake(&mut self) -> Option<Waker> {
        self.waker.take()
    }

    /// Gives the duty to the connection's task without waking it: it is the one asking.
    pub(crate) fn claim(&mut self) -> bool {
        let free = self.writing == Writing::Nobody;
        if free {
            self.writing = Writing::Task;
        }
        free
    }

    /// Whether the connection's task is woken when somebody else has written all there was. Usually it does not care.
    pub(crate) fn tell_when_written(&mut self, tell: bool) {
        self.tell_when_written = tell;
    }
}

impl<T> Outbox<T> {
    pub(crate) fn new(table: T, direct: Option<DirectWriter>) -> Outbox<T> {
        Outbox {
            state: Mutex::new(State {
                out: OutQueue::default(),
                table,
                writing: Writing::Nobody,
                tell_when_written: false,
                handed_over: None,
                being_written: 0,
                taken: 0,
                waker: None,
            }),
            direct,
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing panics while it holds the lock; if something did, the state would still be whole.
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// To be called after queueing, with the lock still held. Carry out the duty with [`Outbox::carry_out`].
    pub(crate) fn flush(&self, state: &mut State<T>, flush: Flush) -> Duty {
        if state.writing != Writing::Nobody {
            return Duty::Nothing;
        }
        if flush == Flush::Now && self.direct.is_some() {
            state.writing = Writing::Other;
            return Duty::Write(state.take());
        }
        state.writing = Writing::Task;
        Duty::Wake(state.waker.take())
    }

    pub(crate) fn carry_out(&self, duty: Duty) {
        match duty {
            Duty::Nothing => {}
            Duty::Wake(waker) => {
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
            Duty::Write(batch) => self.write_directly(batch),
        }
    }

    fn write_directly(&self, mut batch: Batch) {
        let Some(direct) = &self.direct else { return };
        for round in 1.. {
            while batch.left() > 0 {
                match batch.with_slices(|slices| direct.try_write(slices)) {
                    Ok(written) if written > 0 => batch.advance(written),
                    // Not ready, or broken: the connection's task sees it too and knows what to do.
                    _ => return self.hand_over(batch),
                }
            }
            drop(batch);
            let mut state = self.lock();
            state.being_written = 0;
            if state.out.is_empty() {
                state.writing = Writing::Nobody;
                let waker = state.tell_when_written.then(|| state.wake()).flatten();
                drop(state);
                if let Some(waker) = waker {
                    waker.wake();
                }
                return;
            }
            batch = state.take();
            if round == DIRECT_BATCHES_MAX {
                drop(state);
                return self.hand_over(batch);
            }
        }
    }

    fn hand_over(&self, batch: Batch) {
        let mut state = self.lock();
        state.being_written = batch.left();
        state.handed_over = Some(batch);
        state.writing = Writing::Task;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The writing half of the connection's own task.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    batch: Option<Batch>,
    /// Whether others were let run since the duty came.
    yielded: bool,
}

impl Writer {
    /// Leaves its waker for those who queue frames. Every poll of the connection's task begins with this.
    pub(crate) fn register<T>(state: &mut State<T>, waker: &Waker) {
        match &mut state.waker {
            Some(w) => w.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// Takes the duty to write before there is anything to write: frames are coming from tasks that will run before this one runs
    /// again, and none of them needs to wake it.
    pub(crate) fn expect_more<T>(&mut self, state: &mut State<T>) {
        if state.claim() {
            self.yielded = false;
        }
    }

    /// Whether the socket takes no more for now.
    pub(crate) fn is_blocked(&self) -> bool {
        self.batch.is_some()
    }

    /// Writes what is queued if the duty is with the connection's task. Ready when it has nothing (more) to write.
    pub(crate) fn poll_flush<T>(
        &mut self,
        outbox: &Outbox<T>,
        stream: &mut Stream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if let Some(batch) = &mut self.batch {
                while batch.left() > 0 {
                    let written = match batch.with_slices(|slices| stream.poll_write(cx, slices)) {
                        Poll::Ready(written) => written?,
                        Poll::Pending => {
                            outbox.lock().being_written = batch.left();
                            return Poll::Pending;
                        }
                    };
                    if written == 0 {
                        return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                    }
                    batch.advance(written);
                }
                self.batch = None;
            }
            let mut state = outbox.lock();
            if state.writing != Writing::Task {
                drop(state);
                return stream.poll_flushed(cx);
            }
            state.being_written = 0;
            if let Some(batch) = state.handed_over.take() {
                state.being_written = batch.left();
                self.batch = Some(batch);
            } else if !self.yielded && state.out.len() < FULL_BATCH_BYTES {
                self.yielded = true;
                let_others_run(cx);
                return Poll::Pending;
            } else if state.out.is_empty() {
                self.yielded = false;
                state.writing = Writing::Nobody;
                drop(state);
                return stream.poll_flushed(cx);
            } else {
                self.batch = Some(state.take());
            }
        }
    }
}

/// Wakes this task once all others that are ready have run. Waking it directly would put it at the end of a queue of 256 tasks, before
/// those that did not fit: with 8 connections of 128 calls each, the overflow waited 18 ms while the others went round.
fn let_others_run(cx: &mut Context<'_>) {
    // The future's first poll leaves the waker with the scheduler, which is all that is wanted of it.
    let yielded = pin!(tokio::task::yield_now()).poll(cx);
    debug_assert!(yielded.is_pending());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::time::Duration;
    use tokio::io::AsyncReadExt;
    use tokio::net::UnixStream;

    /// While one thread is in the middle of a frame, the connection's task leaves the socket alone, whatever is queued meanwhile.
    #[tokio::test]
    async fn two_writers_never_mix_their_bytes() {
        let (near, mut far) = UnixStream::pair().unwrap();
        let mut stream = Stream::from(near);
        let outbox = Outbox::new((), stream.direct_writer());
        let mut writer = Writer::default();

        let duty = {
            let mut state = outbox.lock();
            state.out.put(b"first ");
            let duty = outbox.flush(&mut state, Flush::Now);
            state.out.put(b"second");
            let second = outbox.flush(&mut state, Flush::Now);
            assert!(matches!(second, Duty::Nothing));
            state.tell_when_written(true);
            duty
        };
        for _ in 0..3 {
            let done = poll_fn(|cx| {
                Writer::register(&mut outbox.lock(), cx.waker());
                writer.poll_flush(&outbox, &mut stream, cx)
            });
            done.await.unwrap();
        }
        assert_eq!(outbox.lock().unwritten(), 12);
        outbox.carry_out(duty);
        assert_eq!(outbox.lock().unwritten(), 0);
        assert!(outbox.lock().waker.is_none(), "the task was told");

        let mut bytes = [0; 12];
        let read = tokio::time::timeout(Duration::from_secs(5), far.read_exact(&mut bytes));
        read.await.unwrap().unwrap();
        assert_eq!(&bytes, b"first second");
    }
}
