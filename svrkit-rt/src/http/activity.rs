//! What an HTTP connection is doing since when, so that whoever keeps it waiting can be sent away.

use super::options::HttpOptions;
use crate::server::{Limits, Traffic};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::Instant;

/// Shared by the connection's task, its stream and its service. All three run in the one task, so that
/// the lock is waited for only while somebody looks at the connection from outside.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Since when writing stands still.
    stalled: Option<Instant>,
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
    /// A request is being served, or its answer is a stream.
    Busy,
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
            stalled: None,
            unread: false,
            draining: false,
            received_bytes: received as u64,
            sent_bytes: 0,
        })))
    }

    /// Bytes came.
    pub(super) fn received(&self, bytes: usize) {
        let mut state = self.state();
        state.received_bytes += bytes as u64;
        if let Phase::Idle(_) = state.phase {
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
        self.state().phase = Phase::Busy;
    }

    /// A request is answered, all but its stream if it has one; `unread` if without having read all of it.
    pub(super) fn end(&self, unread: bool, streams: bool) {
        let mut state = self.state();
        if !streams {
            state.phase = Phase::Idle(Instant::now());
        }
        state.unread |= unread;
    }

    /// A stream is over.
    pub(super) fn end_stream(&self) {
        self.state().phase = Phase::Idle(Instant::now());
    }

    /// The server drains.
    pub(super) fn drain(&self) {
        self.state().draining = true;
    }

    pub(super) fn is_draining(&self) -> bool {
        self.state().draining
    }

    pub(super) fn traffic(&self) -> Traffic {
        let state = self.state();
        Traffic {
            protocol: "http",
            in_flight: usize::from(matches!(state.phase, Phase::Busy)),
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
            Phase::Busy => None,
        };
        let stalled = state.stalled;
        let write = stalled.map(|s| (after(s, limits.write_stall_timeout_ms), Overdue::Write));
        // With answers unread, nothing can be said to the peer, whatever else it owes.
        write.or(phase)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}
