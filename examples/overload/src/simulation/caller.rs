//! Whoever calls: takes instances in turn, and remembers what each says it admits.

use std::ops::Range;
use svrkit_rt::admission::{Level, PeerLevel};

/// Instances that a call is offered to.
const TRIES: usize = 2;

#[derive(Debug)]
pub(super) struct Caller {
    /// By instance.
    peers: Vec<PeerLevel>,
    turn: usize,
    sheds: bool,
}

impl Caller {
    pub(super) fn new(instances: usize, first_turn: usize, sheds: bool) -> Caller {
        Caller {
            peers: (0..instances).map(|_| PeerLevel::default()).collect(),
            turn: first_turn,
            sheds,
        }
    }

    /// The next instance in turn, or the one after it, whichever would admit the call; `None` if both would refuse it.
    ///
    /// To try all of them would send whatever is refused elsewhere to the one that happens to admit most, until it does not.
    pub(super) fn pick(
        &mut self,
        now_us: u64,
        of: &Range<usize>,
        level: Level,
        random: u32,
    ) -> Option<usize> {
        // Not strictly in turn: callers would fall into step with each other.
        self.turn += 1 + random as usize % of.len();
        let tries = if self.sheds { TRIES } else { 1 };
        let mut picked = (0..tries).map(|n| of.start + (self.turn + n) % of.len());
        picked.find(|i| !self.sheds || self.peers[*i].admits(now_us, level, random))
    }

    pub(super) fn hear(&mut self, now_us: u64, instance: usize, level: Level) {
        self.peers[instance].hear(now_us, level);
    }
}
