//! Whether a release does as well as the one that it is to replace: a pure rule over figures of both.

use im_serve::Gray;
use std::fmt;

/// Milliseconds that p99 may differ by whatever the percentage: a quarter of a millisecond more is nothing that users feel.
const SLOWER_MS_MIN: f64 = 1.0;

/// What instances of one release did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Figures {
    pub(super) calls: f64,
    /// Of them, those that failed and were to blame for it.
    pub(super) failed: f64,
    pub(super) p99_ms: f64,
}

/// One service's releases.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Compared {
    pub(super) role: String,
    pub(super) tagged: Figures,
    pub(super) others: Figures,
}

/// Why a release is not promoted.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Refusal {
    /// No instance with the tag reports.
    Nobody { tag: String },
    /// One of both has served too little to tell.
    TooFewCalls {
        role: String,
        of_tagged: bool,
        calls: f64,
        min: u64,
    },
    /// Too many more calls fail.
    Fails {
        role: String,
        tagged_percent: f64,
        others_percent: f64,
        more_max: f64,
    },
    /// Its slowest hundredth takes too much longer.
    Slow {
        role: String,
        tagged_ms: f64,
        others_ms: f64,
        percent_max: f64,
    },
}

impl Figures {
    pub(super) fn failed_percent(&self) -> f64 {
        self.failed * 100.0 / self.calls.max(1.0)
    }
}

/// All that speaks against promoting a release; nothing does when it is empty.
pub(super) fn judge(gray: &Gray, compared: &[Compared]) -> Vec<Refusal> {
    if compared.is_empty() {
        let tag = gray.tag.clone();
        return vec![Refusal::Nobody { tag }];
    }
    compared.iter().flat_map(|one| against(gray, one)).collect()
}

fn against(gray: &Gray, compared: &Compared) -> Vec<Refusal> {
    let Compared {
        role,
        tagged,
        others,
    } = compared;
    let min = gray.promote_calls_min;
    let too_few = [(true, tagged), (false, others)];
    let too_few = too_few.iter().filter(|(_, of)| of.calls < min as f64);
    let mut refusals: Vec<Refusal> = too_few
        .map(|(of_tagged, of)| Refusal::TooFewCalls {
            role: role.clone(),
            of_tagged: *of_tagged,
            calls: of.calls,
            min,
        })
        .collect();
    // Figures of a handful of calls say nothing.
    if !refusals.is_empty() {
        return refusals;
    }
    let (tagged_percent, others_percent) = (tagged.failed_percent(), others.failed_percent());
    if tagged_percent - others_percent > gray.promote_failed_more_max {
        refusals.push(Refusal::Fails {
            role: role.clone(),
            tagged_percent,
            others_percent,
            more_max: gray.promote_failed_more_max,
        });
    }
    let by_percent = others.p99_ms * gray.promote_slower_percent_max / 100.0;
    if tagged.p99_ms - others.p99_ms > by_percent.max(SLOWER_MS_MIN) {
        refusals.push(Refusal::Slow {
            role: role.clone(),
            tagged_ms: tagged.p99_ms,
            others_ms: others.p99_ms,
            percent_max: gray.promote_slower_percent_max,
        });
    }
    refusals
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Nobody { tag } => write!(f, "no instance with tag {tag} reports"),
            Refusal::TooFewCalls {
                role,
                of_tagged,
                calls,
                min,
            } => {
                let whose = if *of_tagged { "tagged" } else { "other" };
                write!(
                    f,
                    "{role}: {calls:.0} calls at {whose} instances are too few to tell; {min} are needed"
                )
            }
            Refusal::Fails {
                role,
                tagged_percent,
                others_percent,
                more_max,
            } => write!(
                f,
                "{role}: {tagged_percent:.2} % of calls fail at tagged instances, {others_percent:.2} % at others; {more_max:.2} more are allowed"
            ),
            Refusal::Slow {
                role,
                tagged_ms,
                others_ms,
                percent_max,
            } => write!(
                f,
                "{role}: p99 is {tagged_ms:.1} ms at tagged instances, {others_ms:.1} ms at others; {percent_max:.0} % more are allowed"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Figures = Figures {
        calls: 5_000.0,
        failed: 1.0,
        p99_ms: 10.0,
    };

    fn refusals(tagged: Figures) -> Vec<Refusal> {
        let compared = Compared {
            role: "message".to_owned(),
            tagged,
            others: WELL,
        };
        judge(&Gray::default(), &[compared])
    }

    #[test]
    fn what_does_as_well_is_promoted() {
        assert_eq!(refusals(WELL), []);
        let better = Figures {
            failed: 0.0,
            p99_ms: 2.0,
            ..WELL
        };
        assert_eq!(refusals(better), []);
        let within = Figures {
            failed: 5.0,
            p99_ms: 14.0,
            ..WELL
        };
        assert_eq!(refusals(within), []);
    }

    #[test]
    fn more_failures_or_slower_answers_are_told_by_how_much() {
        let worse = Figures {
            failed: 100.0,
            p99_ms: 40.0,
            ..WELL
        };
        let told: Vec<String> = refusals(worse).iter().map(Refusal::to_string).collect();
        let expected = [
            "message: 2.00 % of calls fail at tagged instances, 0.02 % at others; 0.10 more are allowed",
            "message: p99 is 40.0 ms at tagged instances, 10.0 ms at others; 50 % more are allowed",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn little_says_nothing() {
        let few = Figures {
            calls: 10.0,
            failed: 10.0,
            ..WELL
        };
        let told: Vec<String> = refusals(few).iter().map(Refusal::to_string).collect();
        let expected = "message: 10 calls at tagged instances are too few to tell; 1000 are needed";
        assert_eq!(told, [expected]);
        let nobody = judge(&Gray::default(), &[]);
        assert_eq!(nobody[0].to_string(), "no instance with tag gray reports");
    }
}
