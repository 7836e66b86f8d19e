//! Above or below a limit.

use super::Verdict;
use crate::alarms::condition::Limit;

/// A verdict for each point that there is.
pub(crate) fn level(points: &[Option<f64>], limit: Limit) -> Vec<Option<Verdict>> {
    let judge = |value: &Option<f64>| value.map(|value| limit.judge(value));
    points.iter().map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarms::condition::Side;

    #[test]
    fn a_figure_on_the_limit_is_not_beyond_it() {
        let against = |side, value| {
            let verdicts = level(&[Some(value)], Limit { side, at: 5.0 });
            verdicts[0].unwrap().against
        };
        assert!(!against(Side::Above, 5.0) && !against(Side::Below, 5.0));
        assert!(against(Side::Above, 5.1) && !against(Side::Below, 5.1));
        assert!(against(Side::Below, 4.9) && !against(Side::Above, 4.9));
    }

    #[test]
    fn where_there_is_no_figure_there_is_no_verdict() {
        let limit = Limit {
            side: Side::Below,
            at: 5.0,
        };
        assert_eq!(level(&[None], limit), [None]);
    }
}
