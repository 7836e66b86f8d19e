//! Counting: a thread writes its own shard with plain loads and stores, or the shared one with atomic additions.
//!
//! A shard of one's own costs no locked instruction, and is never in another processor's cache line. There are fewer shards than a
//! process may have threads, so a thread gives its shard back when it ends, and one that finds none shares.

use super::histogram::{SUM, bucket};
use super::registry::{Registry, max_turn};
use std::cell::Cell;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Counts of a thread without a shard until it asks for one again.
const CLAIM_AGAIN_COUNTS: u32 = 10_000;

thread_local! {
    /// The thread's shard; empty as long as it has none. Without a destructor, so looking at it is one load.
    static OWN: Cell<&'static [AtomicU64]> = const { Cell::new(&[]) };
    /// What gives it back.
    static CLAIM: Claim = const { Claim { shard: Cell::new(None), wait: Cell::new(0) } };
}

struct Claim {
    shard: Cell<Option<usize>>,
    /// Counts until it is asked for a shard again.
    wait: Cell<u32>,
}

impl Claim {
    fn own(&self) -> &'static [AtomicU64] {
        if self.shard.get().is_some() {
            return OWN.get();
        }
        if let Some(wait) = self.wait.get().checked_sub(1) {
            self.wait.set(wait);
            return &[];
        }
        let registry = Registry::active();
        let Some(shard) = registry.claim_shard() else {
            self.wait.set(CLAIM_AGAIN_COUNTS);
            return &[];
        };
        self.shard.set(Some(shard));
        OWN.set(registry.shard(shard));
        OWN.get()
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // What other destructors of this thread count goes to the shared shard.
        OWN.set(&[]);
        if let Some(shard) = self.shard.get() {
            Registry::active().release_shard(shard);
        }
    }
}

/// Adds to a slot, modulo 2^64.
#[inline]
pub(super) fn add(slot: u32, n: u64) {
    match OWN.get().get(slot as usize) {
        Some(word) => add_own(word, n),
        None => add_slowly(slot, n),
    }
}

/// Adds a value to the histogram that begins at a slot.
#[inline]
pub(super) fn observe(slot: u32, value: u64) {
    let counted = slot as usize + bucket(value);
    let sum = slot as usize + SUM;
    let own = OWN.get();
    match (own.get(counted), own.get(sum)) {
        (Some(counted), Some(sum)) => {
            add_own(counted, 1);
            add_own(sum, value);
        }
        _ => {
            add_slowly(counted as u32, 1);
            add_slowly(sum as u32, value);
        }
    }
}

/// Raises the largest value whose two slots begin at a slot.
#[inline]
pub(super) fn max(slot: u32, value: u64) {
    let slot = slot + max_turn();
    match OWN.get().get(slot as usize) {
        Some(word) => max_own(word, value),
        None => max_slowly(slot, value),
    }
}

/// Nobody else writes the word.
#[inline]
fn add_own(word: &AtomicU64, n: u64) {
    word.store(word.load(Relaxed).wrapping_add(n), Relaxed);
}

#[inline]
fn max_own(word: &AtomicU64, value: u64) {
    if word.load(Relaxed) < value {
        word.store(value, Relaxed);
    }
}

#[cold]
fn add_slowly(slot: u32, n: u64) {
    if let Some(word) = claim().get(slot as usize) {
        add_own(word, n);
    } else if let Some(word) = Registry::active().shared().get(slot as usize) {
        word.fetch_add(n, Relaxed);
    }
}

#[cold]
fn max_slowly(slot: u32, value: u64) {
    if let Some(word) = claim().get(slot as usize) {
        max_own(word, value);
    } else if let Some(word) = Registry::active().shared().get(slot as usize) {
        word.fetch_max(value, Relaxed);
    }
}

/// A shard for this thread; empty when there is none, and when the thread is ending.
fn claim() -> &'static [AtomicU64] {
    CLAIM.try_with(Claim::own).unwrap_or(&[])
}
