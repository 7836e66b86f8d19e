//! In turn, as often as the weights say, and never the same one several times running if it can be helped (nginx's smooth weighted
//! round-robin).

/// Turns of a whole round at most. Weights that would need more are rounded.
const TURNS_MAX: u64 = 1_024;

/// The order of a round: places into `weights`.
pub(crate) fn round(weights: &[u32]) -> Vec<u16> {
    let weights = reduced(weights);
    let total: i64 = weights.iter().sum();
    let mut standing = vec![0_i64; weights.len()];
    let turn = |_| {
        for (standing, weight) in standing.iter_mut().zip(&weights) {
            *standing += weight;
        }
        let next = (0..standing.len()).max_by_key(|n| (standing[*n], std::cmp::Reverse(*n)));
        let next = next.unwrap_or_default();
        standing[next] -= total;
        next as u16
    };
    (0..total).map(turn).collect()
}

/// The same proportions in smaller numbers, none of them 0.
fn reduced(weights: &[u32]) -> Vec<i64> {
    let divisor = weights.iter().fold(0, |a, b| gcd(a, *b)).max(1);
    let total: u64 = weights.iter().map(|w| (w / divisor) as u64).sum();
    let scaled = |weight: &u32| {
        let weight = (weight / divisor) as u64;
        match total > TURNS_MAX {
            true => (weight * TURNS_MAX / total).max(1) as i64,
            false => weight.max(1) as i64,
        }
    };
    weights.iter().map(scaled).collect()
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_as_the_weights_say_and_smooth() {
        assert_eq!(round(&[5, 1, 1]), [0, 0, 1, 0, 2, 0, 0]);
        assert_eq!(round(&[10, 10, 10]), [0, 1, 2]);
        assert_eq!(round(&[]), [] as [u16; 0]);
    }

    #[test]
    fn large_weights_are_rounded_and_nobody_is_left_out() {
        let order = round(&[1_000, 999, 1, 1_000]);
        assert!(order.len() as u64 <= TURNS_MAX + 4);
        let times = |place| order.iter().filter(|n| **n == place).count();
        assert_eq!(times(2), 1);
        assert!(times(0).abs_diff(times(1)) <= 1);
    }
}
