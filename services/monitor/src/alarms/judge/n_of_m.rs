//! So many of the last so many points.

use super::{Failure, Outcome, Seen, Verdict};

/// The outcome of a rule's points. A point without a figure counts for the system; without any point there is no data.
///
/// What is seen is the newest point; while the condition holds, the newest of those that count.
pub(crate) fn n_of_m(verdicts: &[Option<Verdict>], needed: u32) -> Outcome {
    let finite = |seen: &Seen| seen.value.is_finite() && seen.threshold.is_finite();
    if verdicts.iter().flatten().any(|v| !finite(&v.seen)) {
        return Outcome::Failed(Failure::NotFinite);
    }
    let Some(newest) = verdicts.iter().rev().flatten().next() else {
        return Outcome::NoData;
    };
    let mut against = verdicts.iter().rev().flatten().filter(|v| v.against);
    let newest_against = against.next();
    let counted = against.count() + usize::from(newest_against.is_some());
    match newest_against {
        Some(verdict) if counted >= needed as usize => Outcome::Holds(verdict.seen),
        _ => Outcome::Clear(newest.seen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(points: &str) -> Vec<Option<Verdict>> {
        let verdict = |(place, point): (usize, char)| {
            (point != '_').then_some(Verdict {
                against: point == 'x',
                seen: Seen {
                    value: place as f64,
                    threshold: 0.0,
                },
            })
        };
        points.chars().enumerate().map(verdict).collect()
    }

    fn seen(value: f64) -> Seen {
        let threshold = 0.0;
        Seen { value, threshold }
    }

    #[test]
    fn enough_of_the_last_ones_must_count() {
        assert_eq!(n_of_m(&verdicts("xx.x."), 3), Outcome::Holds(seen(3.0)));
        assert_eq!(n_of_m(&verdicts("xx..."), 3), Outcome::Clear(seen(4.0)));
    }

    #[test]
    fn a_gap_counts_for_the_system() {
        assert_eq!(n_of_m(&verdicts("xx_x_"), 3), Outcome::Holds(seen(3.0)));
        assert_eq!(n_of_m(&verdicts("x__x_"), 3), Outcome::Clear(seen(3.0)));
        assert_eq!(n_of_m(&verdicts("_____"), 3), Outcome::NoData);
    }

    #[test]
    fn what_is_no_number_decides_nothing() {
        let mut points = verdicts("xxx");
        points[1].as_mut().unwrap().seen.value = f64::NAN;
        let failed = Outcome::Failed(Failure::NotFinite);
        assert_eq!(n_of_m(&points, 3), failed);
    }
}
