//! When a call must be over: an instant in memory, remaining time on the wire.

use std::time::Duration;
use tokio::time::Instant;

/// Longest timeout in milliseconds that a deadline can be asked for: it travels as microseconds in four bytes.
pub const TIMEOUT_MS_MAX: u32 = 3_600_000;

/// The instant by which a call must be over. Clocks of two machines need not agree, because only the remaining time is sent
/// (after tarpc and gRPC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// `timeout` from now, at most [`TIMEOUT_MS_MAX`].
    pub fn after(timeout: Duration) -> Deadline {
        Deadline::from(Instant::now(), timeout)
    }

    /// `timeout` from `now`, at most [`TIMEOUT_MS_MAX`]; for those who have read the clock already.
    pub fn from(now: Instant, timeout: Duration) -> Deadline {
        Deadline(now + timeout.min(Duration::from_millis(TIMEOUT_MS_MAX as u64)))
    }

    /// The instant itself.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// Time left now; zero when it has passed.
    pub fn remaining(self) -> Duration {
        self.remaining_at(Instant::now())
    }

    /// Time left at `now`; zero when it has passed.
    pub fn remaining_at(self, now: Instant) -> Duration {
        self.0.saturating_duration_since(now)
    }

    /// The earlier of the two.
    pub fn earlier(self, other: Option<Deadline>) -> Deadline {
        other.map_or(self, |o| o.min(self))
    }

    /// What the header carries: microseconds left, at least one, since zero leaves it to the method's own timeout.
    pub(crate) fn to_wire(self, now: Instant) -> u32 {
        self.remaining_at(now)
            .as_micros()
            .clamp(1, u32::MAX as u128) as u32
    }

    pub(crate) fn from_wire(now: Instant, timeout_us: u32) -> Deadline {
        Deadline::from(now, Duration::from_micros(timeout_us as u64))
    }
}
