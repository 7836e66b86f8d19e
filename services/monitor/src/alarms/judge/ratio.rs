//! One figure as a part of another.

use super::{Seen, Verdict};
use crate::alarms::condition::Limit;

/// A verdict for each window of which the divisor is known. A dividend that was not reported is zero: errors that never happened have
/// no series. Under the volume the ratio is shown and counts for the system: one of two calls failing is no news.
pub(crate) fn ratio(
    dividends: &[Option<f64>],
    divisors: &[Option<f64>],
    limit: Limit,
    volume: f64,
) -> Vec<Option<Verdict>> {
    let judge = |(dividend, divisor): (&Option<f64>, &Option<f64>)| {
        let divisor = (*divisor)?;
        let threshold = limit.at;
        if divisor == 0.0 {
            let value = 0.0;
            return Some(Verdict {
                against: false,
                seen: Seen { value, threshold },
            });
        }
        let verdict = limit.judge(dividend.unwrap_or(0.0) / divisor);
        Some(Verdict {
            against: verdict.against && divisor >= volume,
            ..verdict
        })
    };
    dividends.iter().zip(divisors).map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarms::condition::Side;

    const FIVE_PERCENT: Limit = Limit {
        side: Side::Above,
        at: 0.05,
    };

    fn one(dividend: Option<f64>, divisor: Option<f64>) -> Option<bool> {
        let verdicts = ratio(&[dividend], &[divisor], FIVE_PERCENT, 100.0);
        verdicts[0].map(|verdict| verdict.against)
    }

    #[test]
    fn little_traffic_is_no_news() {
        assert_eq!(one(Some(50.0), Some(99.0)), Some(false));
        assert_eq!(one(Some(50.0), Some(100.0)), Some(true));
        assert_eq!(one(Some(5.0), Some(100.0)), Some(false));
        assert_eq!(one(Some(3.0), Some(0.0)), Some(false));
    }

    #[test]
    fn what_was_not_counted_did_not_happen_unless_nothing_was() {
        assert_eq!(one(None, Some(1_000.0)), Some(false));
        assert_eq!(one(Some(7.0), None), None);
    }
}
