//! Rates a key: so many at once, so many a second after that.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::Duration;
use tokio::time::Instant;

/// A rate: `burst` at once, then one each `refill`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many at once. At least 1.
    pub burst: u32,
    /// Time that gives one back.
    pub refill: Duration,
}

impl Rate {
    /// Takes a token of a bucket that will be full at `full_at`. Returns when it will be full then, or how long until there is a token.
    fn take(self, full_at: Instant, now: Instant) -> Result<Instant, Duration> {
        let latest = now + self.refill * self.burst.max(1);
        let next = full_at.max(now) + self.refill;
        if next > latest {
            return Err(next - latest);
        }
        Ok(next)
    }
}

/// One bucket.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    rate: Rate,
    full_at: Option<Instant>,
}

impl TokenBucket {
    /// A full one.
    pub(crate) fn new(rate: Rate) -> TokenBucket {
        TokenBucket {
            rate,
            full_at: None,
        }
    }

    /// Takes a token. `false` if there is none.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.unwrap_or(now);
        let taken = self.rate.take(full_at, now);
        if let Ok(full_at) = taken {
            self.full_at = Some(full_at);
        }
        taken.is_ok()
    }
}

/// A token bucket for each key (a user, an address), at most `keys_max` of them.
///
/// A bucket that is full again is forgotten, so memory follows the keys that are in use. When all `keys_max` are in use, a new key is
/// refused: whoever spreads a flood over ever new keys does not thereby make room for himself.
///
/// Keys are hashed with a secret unless [`TokenBuckets::with_hasher`] says otherwise.
#[derive(Debug)]
pub struct TokenBuckets<K, S = RandomState> {
    rate: Rate,
    keys_max: usize,
    /// When each key's bucket will be full again.
    full_at: HashMap<K, Instant, S>,
}

impl<K: Hash + Eq> TokenBuckets<K> {
    /// Buckets that are all full.
    pub fn new(rate: Rate, keys_max: usize) -> TokenBuckets<K> {
        TokenBuckets::with_hasher(rate, keys_max, RandomState::new())
    }
}

impl<K: Hash + Eq, S: BuildHasher> TokenBuckets<K, S> {
    /// The same with another hash: a cheaper one is enough for keys that nobody can choose.
    pub fn with_hasher(rate: Rate, keys_max: usize, hasher: S) -> TokenBuckets<K, S> {
        TokenBuckets {
            rate,
            keys_max,
            full_at: HashMap::with_hasher(hasher),
        }
    }

    /// Takes a token of `key`'s bucket.
    ///
    /// # Errors
    /// How long until there is one, when there is none.
    pub fn take(&mut self, key: K) -> Result<(), Duration> {
        self.take_at(key, Instant::now())
    }

    /// The same when it is known what time it is.
    ///
    /// # Errors
    /// As [`TokenBuckets::take`].
    pub fn take_at(&mut self, key: K, now: Instant) -> Result<(), Duration> {
        if self.full_at.len() >= self.keys_max && !self.full_at.contains_key(&key) {
            self.full_at.retain(|_, full_at| *full_at > now);
            if self.full_at.len() >= self.keys_max {
                return Err(self.rate.refill);
            }
        }
        let full_at = self.full_at.entry(key).or_insert(now);
        *full_at = self.rate.take(*full_at, now)?;
        Ok(())
    }

    /// Gives `key`'s tokens back: it has shown that it may.
    pub fn forgive(&mut self, key: &K) {
        self.full_at.remove(key);
    }

    /// Other bounds from now on; what was taken stays taken.
    pub fn set_rate(&mut self, rate: Rate) {
        self.rate = rate;
    }

    /// Keys in use or not yet forgotten.
    pub fn keys(&self) -> usize {
        self.full_at.len()
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::run_test;
    use tokio::time::advance;

    const RATE: Rate = Rate {
        burst: 3,
        refill: Duration::from_secs(10),
    };

    #[test]
    fn a_burst_then_one_each_refill() {
        run_test("buckets", |_| async {
            let mut buckets = TokenBuckets::new(RATE, 10);
            for _ in 0..3 {
                buckets.take("ada").unwrap();
            }
            assert_eq!(buckets.take("ada"), Err(Duration::from_secs(10)));
            buckets.take("bob").expect("another key has its own");
            advance(Duration::from_secs(10)).await;
            buckets.take("ada").unwrap();
            buckets.take("ada").unwrap_err();
            buckets.forgive(&"ada");
            buckets.take("ada").unwrap();
        });
    }

    #[test]
    fn full_buckets_make_room_and_others_do_not() {
        run_test("buckets", |_| async {
            let mut buckets = TokenBuckets::new(RATE, 2);
            buckets.take(1).unwrap();
            buckets.take(2).unwrap();
            buckets.take(3).unwrap_err();
            buckets.take(1).expect("a known key goes on");
            advance(Duration::from_secs(20)).await;
            buckets.take(3).unwrap();
            assert_eq!(buckets.keys(), 1);
        });
    }
}
