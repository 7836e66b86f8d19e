//! Too much more, or too much less, than at another time.

use super::{Seen, Verdict};
use crate::alarms::condition::Change;

/// A verdict for each point. `base` begins at what the first point is compared with, less the tolerance, and has twice the tolerance
/// more windows than there are points.
///
/// A point is compared with that window of its neighbourhood which is nearest to it: what was as high a minute earlier yesterday is no
/// change.
pub(crate) fn change(
    points: &[Option<f64>],
    base: &[Option<f64>],
    change: &Change,
) -> Vec<Option<Verdict>> {
    let width = 1 + 2 * change.against.tolerance();
    let judge = |(place, point): (usize, &Option<f64>)| {
        let value = (*point)?;
        let around = base.get(place..place + width)?;
        let nearest = around
            .iter()
            .flatten()
            .copied()
            .min_by(|a, b| (value - a).abs().total_cmp(&(value - b).abs()))?;
        Some(judge(value, nearest, change))
    };
    points.iter().enumerate().map(judge).collect()
}

fn judge(value: f64, base: f64, change: &Change) -> Verdict {
    let up = change.up_percent.filter(|_| value >= base);
    let down = change.down_percent.filter(|_| value < base);
    // Of a base below zero a percentage is still a distance.
    let part = |percent: f64| base.abs() * percent / 100.0;
    let allowed = match (up, down) {
        (Some(percent), _) | (None, Some(percent)) => part(percent).max(change.floor),
        (None, None) => f64::INFINITY,
    };
    let threshold = match value >= base {
        true => base + allowed,
        false => base - allowed,
    };
    let against = (value - base).abs() > allowed;
    // A direction that nobody minds has no limit to show; what it was compared with will do.
    let threshold = if allowed.is_finite() { threshold } else { base };
    Verdict {
        against,
        seen: Seen { value, threshold },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarms::condition::Against;

    fn against(against: Against, points: &[f64], base: &[f64], floor: f64) -> Vec<bool> {
        let rule = Change {
            against,
            up_percent: Some(50.0),
            down_percent: Some(30.0),
            floor,
        };
        let some = |figures: &[f64]| figures.iter().map(|f| Some(*f)).collect::<Vec<_>>();
        let verdicts = change(&some(points), &some(base), &rule);
        verdicts.iter().map(|v| v.unwrap().against).collect()
    }

    #[test]
    fn percentages_are_of_what_was_before() {
        let points = [150.0, 151.0, 70.0, 69.0];
        let base = [100.0; 4];
        let found = against(Against::Previous, &points, &base, 0.0);
        assert_eq!(found, [false, true, false, true]);
    }

    #[test]
    fn a_small_change_of_little_is_none() {
        assert_eq!(against(Against::Previous, &[6.0], &[2.0], 10.0), [false]);
        assert_eq!(against(Against::Previous, &[13.0], &[2.0], 10.0), [true]);
        // Nothing before: only the floor can say how much is much.
        assert_eq!(against(Against::Previous, &[9.0], &[0.0], 10.0), [false]);
        assert_eq!(against(Against::Previous, &[11.0], &[0.0], 10.0), [true]);
    }

    #[test]
    fn yesterdays_neighbours_will_do_as_well() {
        let points = [100.0, 1_000.0];
        let base = [100.0, 110.0, 120.0, 900.0];
        assert_eq!(
            against(Against::Yesterday, &points, &base, 0.0),
            [false, false]
        );
        let base = [100.0, 110.0, 120.0, 130.0];
        assert_eq!(
            against(Against::Yesterday, &points, &base, 0.0),
            [false, true]
        );
    }

    #[test]
    fn only_the_direction_that_is_minded_counts() {
        let rule = Change {
            against: Against::Previous,
            up_percent: None,
            down_percent: Some(30.0),
            floor: 0.0,
        };
        let verdicts = change(&[Some(900.0), Some(1.0)], &[Some(1.0), Some(900.0)], &rule);
        assert!(!verdicts[0].unwrap().against);
        assert!(verdicts[1].unwrap().against);
    }

    #[test]
    fn nothing_to_compare_with_is_no_verdict() {
        let rule = Change {
            against: Against::LastWeek,
            up_percent: Some(1.0),
            down_percent: None,
            floor: 0.0,
        };
        assert_eq!(change(&[Some(1.0)], &[None, None, None], &rule), [None]);
        assert_eq!(change(&[None], &[Some(1.0); 3], &rule), [None]);
        assert_eq!(change(&[Some(1.0)], &[], &rule), [None]);
    }
}
