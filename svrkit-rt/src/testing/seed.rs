//! The number that all randomness of a test comes from.

use std::fmt;

/// Where [`Seed::from_env`] looks.
const VARIABLE: &str = "SVRKIT_SEED";

/// A number to derive randomness from: the same seed, the same story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed(u64);

impl Seed {
    /// This very seed.
    pub fn new(seed: u64) -> Seed {
        Seed(seed)
    }

    /// The seed in environment variable `SVRKIT_SEED`, else a random one.
    ///
    /// # Panics
    /// When the variable is set to something that is no number: a test that was to be repeated must not run with another seed.
    pub fn from_env() -> Seed {
        match std::env::var(VARIABLE) {
            Ok(text) => match text.trim().parse() {
                Ok(seed) => Seed(seed),
                Err(e) => panic!("{VARIABLE}={text:?} is no seed: {e}"),
            },
            Err(_) => Seed(fastrand::u64(..)),
        }
    }

    /// Another seed, that depends on this one and `what` it is for. Parts of a test with seeds of their own do not disturb each
    /// other: one more random number here changes nothing there.
    pub fn derive(self, what: &str) -> Seed {
        // FNV-1a over the name, then the finalizer of splitmix64 over both.
        let step = |hash: u64, byte: u8| (hash ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
        let name = what.bytes().fold(0xcbf2_9ce4_8422_2325, step);
        let mut z = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ name;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Seed(z ^ (z >> 31))
    }

    /// A generator that begins at this seed.
    pub fn rng(self) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.0)
    }

    /// The number.
    pub fn value(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_seeds_depend_on_both_parts() {
        let seed = Seed::new(7);
        assert_eq!(seed.derive("a"), seed.derive("a"));
        assert_ne!(seed.derive("a"), seed.derive("b"));
        assert_ne!(seed.derive("a"), Seed::new(8).derive("a"));
    }
}
