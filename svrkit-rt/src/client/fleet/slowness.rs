//! How much longer one instance takes than is usual.
//!
//! Compared with what the same method takes elsewhere, not in milliseconds: a channel carries calls of a microsecond and calls that wait
//! for half a minute, and the instance that has just answered one of the latter is not a slow one.

/// What a new call counts in the average: a few calls make an opinion.
const NEW: f32 = 0.2;
/// Time after which half of an opinion is forgotten. Who is not asked can show nothing, so what is held against him fades.
const HALF_LIFE_MS: f32 = 2_000.0;
/// Nobody is held to be slower, or he would not be asked again for a minute.
const SLOWEST: f32 = 100.0;

/// An average of `took / usual`, 1 for an instance like the others. It fades towards 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slowness {
    factor: f32,
    at_ms: u32,
}

impl Slowness {
    /// Nothing is known.
    pub(super) const USUAL: Slowness = Slowness {
        factor: 1.0,
        at_ms: 0,
    };

    /// The average as it stands at `now_ms`.
    pub(super) fn at(self, now_ms: u32) -> f32 {
        let age_ms = now_ms.saturating_sub(self.at_ms);
        if age_ms == 0 || self.factor == 1.0 {
            return self.factor;
        }
        1.0 + (self.factor - 1.0) * (-(age_ms as f32) / HALF_LIFE_MS).exp2()
    }

    /// With one more call in it.
    pub(super) fn with(self, now_ms: u32, sample: f32) -> Slowness {
        let before = self.at(now_ms);
        Slowness {
            factor: before + (sample.clamp(0.0, SLOWEST) - before) * NEW,
            at_ms: now_ms.max(self.at_ms),
        }
    }

    /// For an atomic.
    pub(super) fn to_bits(self) -> u64 {
        (self.at_ms as u64) << 32 | self.factor.to_bits() as u64
    }

    pub(super) fn from_bits(bits: u64) -> Slowness {
        Slowness {
            factor: f32::from_bits(bits as u32),
            at_ms: (bits >> 32) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_within_a_few_calls() {
        let mut slowness = Slowness::USUAL;
        slowness = slowness.with(0, 100.0);
        assert!(slowness.at(0) > 20.0);
        for n in 1..20 {
            slowness = slowness.with(n, 1.0);
        }
        assert!(slowness.at(20) < 1.5, "{slowness:?}");
    }

    #[test]
    fn it_fades_towards_the_usual_and_not_below() {
        let slow = Slowness::USUAL.with(0, 51.0);
        assert_eq!(slow.at(0), 11.0);
        assert_eq!(slow.at(2_000), 6.0);
        assert!((1.0..1.01).contains(&slow.at(60_000)));
        let fast = Slowness::USUAL.with(0, 0.0);
        assert!(fast.at(0) < 1.0 && fast.at(60_000) > 0.99);
    }

    #[test]
    fn bits_and_back() {
        let slowness = Slowness::USUAL.with(7, 3.0);
        assert_eq!(Slowness::from_bits(slowness.to_bits()), slowness);
    }
}
