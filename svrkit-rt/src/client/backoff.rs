//! Pauses between attempts, with full jitter (after "Exponential Backoff And Jitter", AWS Architecture Blog, 2015): many clients of
//! one server that died do not come back in step.

use std::time::Duration;

/// Doublings after which the bound certainly stands at its maximum.
const DOUBLINGS_MAX: u32 = 20;

/// The pause after the `failures`-th failure in a row, the first being 1.
pub(super) fn pause(base_ms: u64, max_ms: u64, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(DOUBLINGS_MAX);
    let bound = base_ms.saturating_mul(1 << doublings).min(max_ms);
    Duration::from_millis(fastrand::u64(0..=bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_below_a_bound_that_doubles() {
        for failures in 1..100 {
            let bound = 50 * 2_u64.pow(failures.min(8) - 1);
            assert!(pause(50, 5_000, failures) <= Duration::from_millis(bound.min(5_000)));
        }
    }
}
