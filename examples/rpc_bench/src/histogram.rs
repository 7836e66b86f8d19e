//! A log-linear latency histogram: 64 buckets a power of two, so an error of at most 1.6 %.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

const SUB_BITS: u32 = 6;
const SUB: usize = 1 << SUB_BITS;
/// Up to 2^45 ns, nine hours.
const BUCKETS: usize = 40 * SUB;

/// Written by one thread, read by another.
pub(crate) struct Histogram {
    buckets: Box<[AtomicU64]>,
}

/// The sum of many histograms.
pub(crate) struct Latencies {
    buckets: Vec<u64>,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self {
            buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// One writer a histogram, so a load and a store do, without a locked add.
    pub(crate) fn record(&self, latency: Duration) {
        let bucket = &self.buckets[index(latency.as_nanos() as u64)];
        bucket.store(bucket.load(Relaxed) + 1, Relaxed);
    }
}

impl Latencies {
    pub(crate) fn new() -> Self {
        Self {
            buckets: vec![0; BUCKETS],
        }
    }

    pub(crate) fn add(&mut self, histogram: &Histogram) {
        for (sum, bucket) in self.buckets.iter_mut().zip(&histogram.buckets) {
            *sum += bucket.load(Relaxed);
        }
    }

    /// The latency in µs that this share of the calls does not exceed; 0 without calls.
    pub(crate) fn quantile_us(&self, share: f64) -> f64 {
        let calls: u64 = self.buckets.iter().sum();
        let wanted = ((calls as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (index, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper_ns(index) as f64 / 1000.0;
            }
        }
        0.0
    }
}

fn index(ns: u64) -> usize {
    if ns < SUB as u64 {
        return ns as usize;
    }
    let exponent = 63 - ns.leading_zeros();
    let within = (ns >> (exponent - SUB_BITS)) as usize & (SUB - 1);
    ((exponent - SUB_BITS + 1) as usize * SUB + within).min(BUCKETS - 1)
}

fn upper_ns(index: usize) -> u64 {
    if index < SUB {
        return index as u64;
    }
    let shift = (index / SUB) as u32 - 1;
    (((index % SUB + SUB) as u64 + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_within_a_64th_of_what_it_holds() {
        for ns in [
            0,
            1,
            63,
            64,
            65,
            127,
            128,
            1000,
            65_535,
            65_536,
            1_234_567,
            999_999_999,
        ] {
            let upper = upper_ns(index(ns));
            assert!(
                upper >= ns && upper - ns <= ns / 64,
                "{ns} in a bucket up to {upper}"
            );
        }
    }

    #[test]
    fn quantiles_of_a_thousand_calls() {
        let histogram = Histogram::new();
        for us in 1..=1000 {
            histogram.record(Duration::from_micros(us));
        }
        let mut latencies = Latencies::new();
        latencies.add(&histogram);
        for (share, us) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0)] {
            let got = latencies.quantile_us(share);
            assert!((got / us - 1.0).abs() < 0.016, "{share}: {got}");
        }
    }
}
