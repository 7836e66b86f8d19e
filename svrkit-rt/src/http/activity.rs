//! What an HTTP connection is doing since when, so that whoever keeps it waiting can be sent away.

use super::options::HttpOptions;
use crate::server::{Limits, Traffic};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::Instant;

/// Milliseconds that a peer without requests has to close an HTTP/2 connection that it was told to.
#[cfg(feature = "grpc")]
const LEAVING_MS: u64 = 1_000;

/// Shared by the connection's task, its stream and its service. All three run in the one task, so that
/// the lock is waited for only while somebody looks at the connection from outside, or the requests of HTTP/2 end.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Many requests at once, and bytes that belong to none.
    multiplexed: bool,
    /// Since when writing stands still.
    stalled: Option<Instant>,
    /// Answers that are there for the peer to take, one of many at once.
    untaken: usize,
    /// When it last took of one of them.
    taken: Instant,
    /// Bytes of a request are left that nobody will read.
    unread: bool,
    /// The server ends; streams end with it.
    draining: bool,
    received_bytes: u64,
    sent_bytes: u64,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Between two requests.
    Idle(Instant),
    /// The head of a request is arriving.
    Head(Instant),
    /// So many requests are being served, or their answers are streams.
    Busy(usize),
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The next request.
    Idle,
    /// The rest of a head.
    Head,
    /// The peer reading what was written.
    Write,
}

impl Activity {
    /// A connection that has sent its first bytes, so many.
    pub(super) fn new(opened: Instant, received: usize) -> Activity {
        Activity(Arc::new(Mutex::new(State {
            phase: Phase::Head(opened),
            multiplexed: false,
            stalled: None,
            untaken: 0,
            taken: opened,
            unread: false,
            draining: false,
            received_bytes: received as u64,
            sent_bytes: 0,
        })))
    }

    /// The connection turned out to be of HTTP/2.
    #[cfg(feature = "grpc")]
    pub(super) fn multiplex(&self) {
        self.state().multiplexed = true;
    }

    /// An answer is there, all of it. Some of it may stay within the windows of HTTP/2, however much is written otherwise.
    #[cfg(feature = "grpc")]
    pub(super) fn owe(&self) {
        let mut state = self.state();
        if state.untaken == 0 {
            state.taken = Instant::now();
        }
        state.untaken += 1;
    }

    /// The peer took of an answer.
    #[cfg(feature = "grpc")]
    pub(super) fn take(&self) {
        self.state().taken = Instant::now();
    }

    /// One of those answers is taken, or nobody wants it any more.
    #[cfg(feature = "grpc")]
    pub(super) fn settle(&self) {
        self.state().untaken -= 1;
    }

    /// Bytes came.
    pub(super) fn received(&self, bytes: usize) {
        let mut state = self.state();
        state.received_bytes += bytes as u64;
        if let (Phase::Idle(_), false) = (state.phase, state.multiplexed) {
            state.phase = Phase::Head(Instant::now());
        }
    }

    /// Bytes went; `None` when the peer takes none now.
    pub(super) fn sent(&self, bytes: Option<usize>) {
        let mut state = self.state();
        let now = Instant::now();
        match bytes {
            Some(bytes) => {
                state.sent_bytes += bytes as u64;
                state.stalled = None;
            }
            None => state.stalled = state.stalled.or(Some(now)),
        }
        // While an answer is on its way the connection is not idle.
        if let Phase::Idle(since) = &mut state.phase {
            *since = now;
        }
    }

    /// A head is whole.
    pub(super) fn begin(&self) {
        self.state().begin();
    }

    /// A request is answered, all but its stream if it has one; `unread` if without having read all of it.
    pub(super) fn end(&self, unread: bool, streams: bool) {
        let mut state = self.state();
        if !streams {
            state.end();
        }
        state.unread |= unread;
    }

    /// A stream is over.
    pub(super) fn end_stream(&self) {
        self.state().end();
    }

    /// The server drains.
    pub(super) fn drain(&self) {
        self.state().draining = true;
    }

    /// As [`Activity::due`], once the peer was told, at `since`, to make no more requests.
    #[cfg(feature = "grpc")]
    pub(super) fn due_leaving(
        &self,
        since: Instant,
        limits: &Limits,
    ) -> Option<(Instant, Overdue)> {
        let state = self.state();
        let write = state.stalled_until(limits);
        let leave = match state.phase {
            Phase::Idle(idle) => Some(idle.max(since)),
            Phase::Head(_) => Some(since),
            Phase::Busy(_) => None,
        };
        let leave = leave.map(|since| since + Duration::from_millis(LEAVING_MS));
        write.or(leave.map(|at| (at, Overdue::Idle)))
    }

    pub(super) fn is_draining(&self) -> bool {
        self.state().draining
    }

    pub(super) fn traffic(&self) -> Traffic {
        let state = self.state();
        Traffic {
            protocol: if state.multiplexed { "grpc" } else { "http" },
            in_flight: state.in_flight(),
            received_bytes: state.received_bytes,
            sent_bytes: state.sent_bytes,
        }
    }

    /// Whether closing now could destroy an answer on its way, because the peer may still be sending.
    pub(super) fn is_unread(&self) -> bool {
        self.state().unread
    }

    /// What will be overdue first, and when.
    pub(super) fn due(&self, limits: &Limits, options: &HttpOptions) -> Option<(Instant, Overdue)> {
        let state = self.state();
        let after = |since: Instant, ms: u64| since + Duration::from_millis(ms);
        let phase = match state.phase {
            Phase::Idle(since) => Some((after(since, options.idle_timeout_ms), Overdue::Idle)),
            Phase::Head(since) => {
                Some((after(since, limits.first_frame_timeout_ms), Overdue::Head))
            }
            Phase::Busy(_) => None,
        };
        let write = state.stalled_until(limits);
        // With answers unread, nothing can be said to the peer, whatever else it owes.
        write.or(phase)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl State {
    fn begin(&mut self) {
        self.phase = Phase::Busy(self.in_flight() + 1);
    }

    fn end(&mut self) {
        self.phase = match self.in_flight() {
            0 | 1 => Phase::Idle(Instant::now()),
            n => Phase::Busy(n - 1),
        };
    }

    fn stalled_until(&self, limits: &Limits) -> Option<(Instant, Overdue)> {
        let timeout = Duration::from_millis(limits.write_stall_timeout_ms);
        let untaken = (self.untaken > 0).then_some(self.taken);
        let since = self.stalled.or(untaken)?;
        Some((since + timeout, Overdue::Write))
    }

    fn in_flight(&self) -> usize {
        match self.phase {
            Phase::Busy(n) => n,
            Phase::Idle(_) | Phase::Head(_) => 0,
        }
    }
}
