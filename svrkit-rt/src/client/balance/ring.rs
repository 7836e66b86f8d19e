//! Consistent hashing with bounded load (Mirrokni, Thorup, Zadimoghaddam, 2016): a key's calls go to its owner, which changes for few keys
//! when instances come and go, and pass it by while it has more than its part to do.

use super::super::stable_hash::{mix, stable_hash};

/// Points of an instance of average weight: with so many the largest part is about a fifth larger than the average.
const POINTS: usize = 128;
/// Points of one instance at most, however heavy.
const POINTS_MAX: usize = 8 * POINTS;
/// What an owner may have to do compared to its part, in percent. Lower, and keys move more often; higher, and a hot key loads its owner more.
const LOAD_PERCENT_MAX: u64 = 125;

/// The points of all instances in order, each with the place of its instance.
#[derive(Debug)]
pub(crate) struct Ring {
    points: Vec<(u64, u16)>,
}

impl Ring {
    /// A ring of names with their weights. The same names give the same ring everywhere, in whatever order they come.
    pub(crate) fn new<'a>(instances: impl Iterator<Item = (&'a str, u32)> + Clone) -> Ring {
        let (count, total) = instances
            .clone()
            .fold((0_u64, 0_u64), |(count, total), (_, w)| {
                (count + 1, total + w as u64)
            });
        let mut points = Vec::new();
        for (place, (name, weight)) in instances.enumerate() {
            let of_average = POINTS as u64 * weight as u64 * count / total.max(1);
            for n in 0..(of_average as usize).clamp(1, POINTS_MAX) {
                points.push((stable_hash(name, n as u64), place as u16));
            }
        }
        points.sort_unstable();
        Ring { points }
    }

    /// The places of a key: its owner, then those that stand in for it, in order. A place may come more than once.
    pub(crate) fn places(&self, key: u64) -> impl Iterator<Item = usize> {
        let at = self.points.partition_point(|(point, _)| *point < mix(key));
        let (before, after) = self.points.split_at(at);
        after.iter().chain(before).map(|(_, place)| *place as usize)
    }
}

/// Whether an instance with `in_flight` calls may take one more, when all together have `total` of them: its part and a quarter more.
pub(crate) fn has_room(in_flight: u32, total: u64, weight: u32, weights: u64) -> bool {
    let part = ((total + 1) * weight as u64 * LOAD_PERCENT_MAX).div_ceil(weights.max(1) * 100);
    (in_flight as u64) < part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("10.0.0.{n}:80")).collect()
    }

    fn ring(names: &[String]) -> Ring {
        Ring::new(names.iter().map(|name| (name.as_str(), 1)))
    }

    fn owner(ring: &Ring, key: u64) -> usize {
        ring.places(key).next().unwrap()
    }

    #[test]
    fn a_key_has_the_same_owner_whoever_asks() {
        let fleet = names(5);
        let reversed: Vec<String> = fleet.iter().rev().cloned().collect();
        let (a, b) = (ring(&fleet), ring(&reversed));
        for key in 0..1_000 {
            assert_eq!(fleet[owner(&a, key)], reversed[owner(&b, key)]);
        }
    }

    #[test]
    fn keys_are_spread_by_weight() {
        let fleet = names(4);
        let weights = [1, 1, 1, 3];
        let ring = Ring::new(fleet.iter().map(String::as_str).zip(weights));
        let mut keys = [0_u32; 4];
        (0..60_000).for_each(|key| keys[owner(&ring, key)] += 1);
        assert!(
            keys[..3].iter().all(|n| (7_500..12_500).contains(n)),
            "{keys:?}"
        );
        assert!((26_000..34_000).contains(&keys[3]), "{keys:?}");
    }

    #[test]
    fn one_that_goes_takes_only_its_own_keys_with_it() {
        let fleet = names(10);
        let (before, after) = (ring(&fleet), ring(&fleet[..9]));
        for key in 0..10_000 {
            let owner_before = owner(&before, key);
            if owner_before < 9 {
                assert_eq!(owner(&after, key), owner_before);
            }
        }
    }

    #[test]
    fn everybody_may_have_his_part_and_a_quarter() {
        assert!(has_room(0, 0, 1, 10), "an idle fleet takes a call anywhere");
        assert!(has_room(12, 99, 1, 10) && !has_room(13, 99, 1, 10));
        assert!(has_room(24, 99, 2, 10) && !has_room(25, 99, 2, 10));
    }
}
