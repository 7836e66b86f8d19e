//! Which bucket a value falls into: base-2 exponential, four buckets an octave (scale 2 of OpenTelemetry's exponential histogram).

/// Buckets with an upper bound: from 1 to 2^26, which as microseconds is 67 seconds.
pub(super) const BOUNDED: usize = 26 * PER_OCTAVE + 1;
/// Buckets of a histogram, the last of which takes what is over all bounds.
pub const BUCKETS: usize = BOUNDED + 1;
/// Where the sum of all values stands.
pub(super) const SUM: usize = BUCKETS;
/// Slots that a histogram takes.
pub(super) const SLOTS: usize = BUCKETS + 1;

const PER_OCTAVE: usize = 4;
/// 2^(1/4), 2^(2/4) and 2^(3/4), with the point after the highest bit.
const STEPS: [u64; 3] = [
    0x9837_F051_8DB8_A96F,
    0xB504_F333_F9DE_6484,
    0xD744_FCCA_D69D_6AF4,
];

/// The bucket of a value: the first whose bound is not less.
#[inline]
pub(super) fn bucket(value: u64) -> usize {
    if value <= 1 {
        return 0;
    }
    let leading = value.leading_zeros();
    let octave = (63 - leading) as usize;
    let mantissa = value << leading;
    // No whole number stands on a bound but powers of two, and those belong to the bucket that they end.
    let steps = STEPS.iter().filter(|step| mantissa > **step).count();
    let begun = usize::from(mantissa > 1 << 63);
    (octave * PER_OCTAVE + steps + begun).min(BOUNDED)
}

/// The largest value of a bucket; `None` for the last, which has no bound.
pub fn bucket_bound(bucket: usize) -> Option<f64> {
    (bucket < BOUNDED).then(|| (bucket as f64 / PER_OCTAVE as f64).exp2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_falls_between_the_bounds_of_its_bucket() {
        let near_bounds = (0..64)
            .flat_map(|bits| [(1_u64 << bits) - 1, 1 << bits, (1 << bits) + 1])
            .chain((0..BOUNDED).flat_map(|n| {
                let bound = bucket_bound(n).unwrap() as u64;
                [bound.saturating_sub(1), bound, bound + 1]
            }));
        for value in near_bounds.chain(0..10_000) {
            let bucket = bucket(value);
            if let Some(bound) = bucket_bound(bucket) {
                assert!(value as f64 <= bound, "{value} in {bucket}");
            }
            if bucket > 0 {
                let below = bucket_bound(bucket - 1).unwrap();
                assert!(value as f64 > below, "{value} in {bucket}");
            }
        }
        assert_eq!(bucket(1 << 26), BOUNDED - 1);
        assert_eq!(bucket((1 << 26) + 1), BUCKETS - 1);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn powers_of_two_are_bounds() {
        for octave in 0..=26 {
            assert_eq!(bucket_bound(octave * 4), Some((1_u64 << octave) as f64));
            assert_eq!(bucket(1 << octave), octave * 4);
        }
    }
}
