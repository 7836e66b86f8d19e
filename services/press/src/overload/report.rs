//! What came out of an overload.

use super::asks::Kind;
use super::mix::Mix;
use super::tally::{KindTally, Tally};
use serde::Serialize;
use std::fmt;

/// What must get through, as a part of what can.
const KEPT: f64 = 0.9;
/// By how much a kind may fare worse than a less important one without being shed for it: what is refused is not only refused by
/// priority, some is late.
const TIE: f64 = 0.02;

/// What an overload has found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OverloadReport {
    /// Users, each with a link.
    pub users: usize,
    /// Seconds that counted, of each load.
    pub seconds: f64,
    /// Logins and sends a second that the backend answered when nothing else was asked: before the loads of the first mix, and after those
    /// of each.
    pub must_peaks_per_s: Vec<f64>,
    /// Links that ended. None should.
    pub links_lost: u64,
    /// By mix and load.
    pub loads: Vec<LoadReport>,
}

/// What came of one load.
#[derive(Clone, Debug, Serialize)]
pub struct LoadReport {
    /// What was asked mostly: `reads` or `sends`.
    pub mix: &'static str,
    /// Asks a second that the backend answered when it was given the next one for each that it had answered.
    pub saturation_per_s: f64,
    /// What was offered, as a multiple of that.
    pub times: f64,
    /// Logins and sends a second that are possible: the mean of the peaks before and after the loads of this mix.
    pub must_peak_per_s: f64,
    /// Goodput of logins and sends as a part of what can be: of all that were offered, or of that peak if it is less.
    pub kept: f64,
    /// By kind, the most important first.
    pub kinds: Vec<KindReport>,
}

/// What came of the asks of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct KindReport {
    /// Which kind.
    pub kind: &'static str,
    /// Asks a second.
    pub offered_per_s: f64,
    /// Of these, answered well and in time.
    pub goodput_per_s: f64,
    /// The latter as a part of the former.
    pub share: f64,
    /// Refused because of overload, a second.
    pub refused_per_s: f64,
    /// Answered too late, a second.
    pub late_per_s: f64,
    /// Failed for another reason, or never answered, a second.
    pub failed_per_s: f64,
    /// What most of those were told that were refused or failed, and how many a second were.
    pub main_reason: Option<(String, f64)>,
    /// Milliseconds from when it was to be asked until it was answered in time.
    pub p50_ms: f64,
    /// The same.
    pub p99_ms: f64,
}

impl OverloadReport {
    /// Logins and sends a second that were answered in time.
    pub(super) fn must_per_s(&self, tally: &Tally) -> f64 {
        let answered = MUST.map(|kind| tally.of(kind).answered as f64);
        answered.iter().sum::<f64>() / self.seconds
    }

    /// Takes in what came of asking for nothing else.
    pub(super) fn peak(&mut self, tally: &Tally) {
        self.must_peaks_per_s.push(self.must_per_s(tally));
    }

    /// Takes in a load that was between the last two peaks.
    pub(super) fn add(&mut self, mix: Mix, saturation_per_s: f64, times: f64, tally: &Tally) {
        let peaks = self.must_peaks_per_s.iter().rev().take(2);
        let must_peak_per_s = peaks.clone().sum::<f64>() / peaks.len().max(1) as f64;
        let kinds = Kind::ALL.map(|kind| KindReport::of(kind, tally.of(kind), self.seconds));
        let offered: f64 = MUST
            .map(|kind| kinds[kind as usize].offered_per_s)
            .iter()
            .sum();
        self.loads.push(LoadReport {
            mix: mix.name,
            saturation_per_s,
            times,
            must_peak_per_s,
            kept: self.must_per_s(tally) / offered.min(must_peak_per_s).max(1.0 / self.seconds),
            kinds: kinds.into(),
        });
    }

    /// Whether logging in and sending went on under every load, the less important was shed for the more important, and nobody was
    /// disconnected.
    pub fn is_good(&self) -> bool {
        self.links_lost == 0 && self.loads.iter().all(LoadReport::is_good)
    }
}

/// What must get through.
const MUST: [Kind; 2] = [Kind::Login, Kind::Send];

impl LoadReport {
    fn is_good(&self) -> bool {
        let pairs = self.kinds.windows(2);
        let mut in_order = pairs.map(|pair| pair[0].share + TIE >= pair[1].share);
        let logins_go_on = self.kinds[Kind::Login as usize].share >= KEPT;
        self.kept >= KEPT && logins_go_on && in_order.all(|is| is)
    }
}

impl KindReport {
    fn of(kind: Kind, tally: &KindTally, seconds: f64) -> KindReport {
        let per_s = |count: u64| count as f64 / seconds;
        let ended = tally.answered + tally.refused + tally.late + tally.failed;
        let unanswered = tally.asked.saturating_sub(ended);
        let ms = |quantile| tally.took_us.value_at_quantile(quantile) as f64 / 1e3;
        KindReport {
            kind: kind.name(),
            offered_per_s: per_s(tally.asked),
            goodput_per_s: per_s(tally.answered),
            share: tally.answered as f64 / tally.asked.max(1) as f64,
            refused_per_s: per_s(tally.refused),
            late_per_s: per_s(tally.late),
            failed_per_s: per_s(tally.failed + unanswered),
            main_reason: tally
                .main_reason()
                .map(|(why, count)| (why.to_owned(), per_s(count))),
            p50_ms: ms(0.5),
            p99_ms: ms(0.99),
        }
    }
}

impl fmt::Display for OverloadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} users, {} links lost; logins and sends alone, before and after each mix:",
            self.users, self.links_lost
        )?;
        for (n, peak) in self.must_peaks_per_s.iter().enumerate() {
            let before = if n == 0 { "" } else { "," };
            write!(f, "{before} {peak:.0}")?;
        }
        write!(f, " a second")?;
        for load in &self.loads {
            write!(
                f,
                "\n{}, {} times the saturation of {:.0} asks/s: logins and sends at {:.0} % of what can be\n  \
                 kind   offered/s  goodput/s   share  refused/s  late/s  failed/s    p50    p99 ms",
                load.mix,
                load.times,
                load.saturation_per_s,
                load.kept * 100.0
            )?;
            for kind in &load.kinds {
                write!(
                    f,
                    "\n  {:<5} {:>10.0} {:>10.0} {:>5.1} % {:>10.0} {:>7.0} {:>9.0} {:>6.1} {:>6.1}",
                    kind.kind,
                    kind.offered_per_s,
                    kind.goodput_per_s,
                    kind.share * 100.0,
                    kind.refused_per_s,
                    kind.late_per_s,
                    kind.failed_per_s,
                    kind.p50_ms,
                    kind.p99_ms
                )?;
                if let Some((why, per_s)) = &kind.main_reason {
                    write!(f, "\n        {per_s:.0}/s: {why}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tally::Outcome;
    use super::*;
    use std::time::Duration;

    /// A load of 100 asks of each kind, of which so many are answered.
    fn report(peak_per_s: f64, answered: [u64; 4]) -> OverloadReport {
        let mut tally = Tally::new();
        for (kind, answered) in Kind::ALL.into_iter().zip(answered) {
            for n in 0..100 {
                tally.asked(kind);
                let outcome = match n < answered {
                    true => Outcome::Answered,
                    false => Outcome::Refused("overloaded".to_owned()),
                };
                tally.ended(kind, outcome, Duration::from_millis(1));
            }
        }
        let mut report = OverloadReport {
            seconds: 1.0,
            ..OverloadReport::default()
        };
        // The first one is another mix's.
        report.must_peaks_per_s = [10.0, 0.9, 1.1].map(|part| peak_per_s * part).into();
        report.add(Mix::READS, 40.0, 10.0, &tally);
        report
    }

    #[test]
    fn what_must_get_through_does_as_far_as_it_can() {
        assert!(report(1_000.0, [100, 92, 40, 0]).is_good());
        assert!(!report(1_000.0, [100, 70, 40, 0]).is_good());
        assert!(
            report(150.0, [100, 40, 0, 0]).is_good(),
            "150 a second are possible"
        );
        assert!(
            !report(150.0, [70, 70, 0, 0]).is_good(),
            "logins before sends"
        );
    }

    #[test]
    fn the_rest_is_shed_first() {
        assert!(!report(1_000.0, [100, 100, 20, 60]).is_good());
        assert!(report(1_000.0, [99, 100, 0, 1]).is_good());
    }

    #[test]
    fn nobody_is_disconnected() {
        let mut report = report(1_000.0, [100, 100, 40, 0]);
        report.links_lost = 1;
        assert!(!report.is_good());
    }
}
