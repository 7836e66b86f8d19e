//! Places of numbers that nobody can guess from other numbers: whoever counts upwards from his own group meets no other.

/// Bits of a number, and of the halves that a round works on.
const HALF_BITS: u32 = 24;
const HALF_MASK: u64 = (1 << HALF_BITS) - 1;
/// Four make a permutation that looks random to whoever may ask for any place (Luby and Rackoff 1988); small halves want some more.
const ROUNDS: u64 = 8;

/// The place of a number below 2^48 among all of them: another one for each, the same each time. A Feistel network.
pub(crate) fn scatter(number: u64, key: u64) -> u64 {
    let halves = ((number >> HALF_BITS) & HALF_MASK, number & HALF_MASK);
    let (left, right) = (0..ROUNDS).fold(halves, |(left, right), round| {
        let mixed = mix(mix(key ^ round) ^ right);
        (right, left ^ (mixed & HALF_MASK))
    });
    left << HALF_BITS | right
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection in which each bit depends on all.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_number_has_a_place_of_its_own_far_from_the_next() {
        for key in [0, 1, u64::MAX] {
            let places: Vec<u64> = (1..=100_000).map(|n| scatter(n, key)).collect();
            assert!(places.iter().all(|place| *place < 1 << 48));
            let distinct: HashSet<&u64> = places.iter().collect();
            assert_eq!(distinct.len(), places.len());
            let near = places.windows(2).filter(|p| p[0].abs_diff(p[1]) < 1 << 24);
            assert!(near.count() < 10);
        }
        assert_ne!(scatter(1, 1), scatter(1, 2));
    }
}
