//! What admission policies have in common: what they are told, and what they decide.

use super::level::Level;
use std::fmt::Debug;

/// Decides which requests a server takes. Told everything, time included, so that it runs as well under a server as in a simulation.
///
/// Of each request it hears: [`Policy::admit`]; if that said yes, [`Policy::start`] when a handler is free for it, unless its caller
/// has given up by then; and last [`Policy::finish`], once for each that was admitted.
pub trait Policy: Debug + Send + Sync + 'static {
    /// Whether to take a request of this level that has just arrived, while so many others wait for a handler.
    fn admit(&self, now_us: u64, level: Level, waiting: usize) -> bool;

    /// Whether to begin, after it has waited, a request that was admitted.
    fn start(&self, now_us: u64, wait: Wait) -> bool;

    /// A request that was begun has had to wait again (a handler that blocks, for a thread).
    fn wait_again(&self, _wait: Wait) {}

    /// An admitted request is done with, or will never begin. Only called if [`Policy::watches_finish`].
    fn finish(&self, _now_us: u64, _end: End) {}

    /// Whether [`Policy::finish`] is of interest. Saves a look at the clock for each request if not.
    fn watches_finish(&self) -> bool {
        false
    }

    /// The least important level that is admitted now if hardly anybody waits, as callers are told.
    fn level(&self) -> Level {
        Level::OPEN
    }
}

/// How long a request has waited, and what of that was reasonable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Microseconds since it arrived.
    pub queued_us: u64,
    /// Microseconds of waiting, in the mean, beyond which the server has too much to do ([`super::QueueTarget`]).
    pub target_us: u64,
    /// Microseconds that its caller had when it arrived.
    pub timeout_us: u64,
}

/// How an admitted request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its handler ran; microseconds from arrival to answer, or until its caller gave up.
    Served(u64),
    /// It never began: given up by its caller, or by [`Policy::start`].
    Dropped,
}

/// Admits everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct AdmitAll;

impl Policy for AdmitAll {
    fn admit(&self, _: u64, _: Level, _: usize) -> bool {
        true
    }

    fn start(&self, _: u64, _: Wait) -> bool {
        true
    }
}
