//! What became of a replay, for people and for programs.

use std::fmt::Write as _;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::Plan;
use super::pace::Pace;
use super::pacer::{LATE_FROM, Paced};
use super::survey::Survey;
use crate::cli::address::Address;
use crate::cli::failure::Failure;
use crate::cli::press::chart;
use crate::cli::press::record::Totals;
use crate::cli::press::report::{counted, failures, quantiles, rounded, thousands, us};
use crate::cli::terminal::Paint;

/// Everything there is to tell.
pub(super) struct Report<'a> {
    pub(super) survey: &'a Survey,
    pub(super) address: &'a Address,
    pub(super) plan: Plan,
    /// Of each method of the survey.
    pub(super) totals: Vec<Totals>,
    pub(super) paced: &'a Paced,
}

impl Report<'_> {
    /// All methods together, with the latencies of those that never started.
    fn all(&self) -> Totals {
        let mut all = Totals::new();
        for totals in &self.totals {
            all.add(totals.clone());
        }
        // Both have the same bounds.
        let _ = all.latency.add(&self.paced.not_started);
        all
    }

    fn calls_per_s(&self, all: &Totals) -> f64 {
        all.ok() as f64 / self.paced.took.as_secs_f64().max(1e-9)
    }

    /// A replay of which no call succeeded failed.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        let all = self.all();
        if all.ok() > 0 {
            return Ok(());
        }
        Err(Failure::failed(match all.first_failure() {
            Some(failure) => format!("no call succeeded: {failure}"),
            None => "no call was answered".to_owned(),
        }))
    }

    pub(super) fn text(&self) -> String {
        let paint = Paint::stdout();
        let (all, paced) = (self.all(), self.paced);
        let mut text = String::new();
        let mut line = |name: &str, rest: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{} {rest}", paint.dim(format!("{name:<9}")));
        };
        line("file", self.survey.summary());
        line("load", self.load());
        let rate = format!("{} calls/s", thousands(self.calls_per_s(&all) as u64));
        let ok = thousands(all.ok());
        line("rate", format!("{}, {ok} calls", paint.bold(rate)));
        let others = [
            (
                paced.not_started.len(),
                "due and not started when time was over",
            ),
            (paced.unanswered, "unanswered at the end"),
        ];
        line("errors", failures(&all, &others, paint));
        line(
            "latency",
            format!("{} (from when a call was due)", quantiles(&all.latency)),
        );
        line(
            "late",
            format!(
                "{} started {} ms and more after they were due; {}",
                thousands(paced.late),
                LATE_FROM.as_millis(),
                quantiles(&paced.lateness)
            ),
        );
        if self.totals.len() > 1 {
            for (surveyed, totals) in self.survey.methods.iter().zip(&self.totals) {
                let name = paint.bold(&surveyed.method.full_name);
                let _ = write!(
                    text,
                    "\n{name}\n{:>11} calls, errors {}, {}",
                    thousands(totals.ok()),
                    failures(totals, &[], paint),
                    quantiles(&totals.latency)
                );
            }
            text.push('\n');
        }
        for row in chart::draw(&all.latency, paint) {
            let _ = write!(text, "\n{row}");
        }
        text.trim_end().to_owned()
    }

    fn load(&self) -> String {
        let pace = match self.plan.pace {
            Pace::Rate(rate) => format!("{} calls/s", thousands(rate.round() as u64)),
            Pace::Speed(1.0) => "as it was recorded".to_owned(),
            Pace::Speed(speed) => format!("{speed} times as fast as it was recorded"),
        };
        format!(
            "to {}, {pace}{}, {}, up to {} in flight, {:.1} s",
            self.address,
            if self.plan.again {
                ", again and again"
            } else {
                ""
            },
            counted(self.plan.connections, "connection"),
            thousands(self.plan.concurrency as u64),
            self.paced.took.as_secs_f64(),
        )
    }

    /// One line. Times are microseconds.
    pub(super) fn json(&self) -> String {
        let (all, paced, plan) = (self.all(), self.paced, self.plan);
        let (rate, speed) = match plan.pace {
            Pace::Rate(rate) => (Some(rate), None),
            Pace::Speed(speed) => (None, Some(speed)),
        };
        let methods = self
            .survey
            .methods
            .iter()
            .zip(&self.totals)
            .map(|(surveyed, totals)| {
                let mut method = outcome(totals, &totals.latency);
                method["method"] = surveyed.method.full_name.as_str().into();
                method
            });
        let mut whole = outcome(&all, &all.latency);
        let more = json!({
            "file": self.survey.file.display().to_string(),
            "addr": self.address.to_string(),
            "rate_per_s": rate,
            "speed": speed,
            "loop": plan.again,
            "connections": plan.connections,
            "concurrency": plan.concurrency,
            "seconds": rounded(paced.took.as_secs_f64()),
            "calls_per_s": rounded(self.calls_per_s(&all)),
            "started": paced.started,
            "late": paced.late,
            "late_from_us": LATE_FROM.as_micros() as u64,
            "lateness_p50_us": us(&paced.lateness, 0.5),
            "lateness_p99_us": us(&paced.lateness, 0.99),
            "lateness_max_us": rounded(paced.lateness.max() as f64 / 1e3),
            "not_started": paced.not_started.len(),
            "unanswered": paced.unanswered,
            "methods": methods.collect::<Vec<Value>>(),
        });
        if let (Value::Object(whole), Value::Object(more)) = (&mut whole, more) {
            whole.extend(more);
        }
        whole.to_string()
    }
}

/// Calls, errors by code and latencies: the same for all and for each method.
fn outcome(totals: &Totals, latency: &Histogram<u64>) -> Value {
    json!({
        "calls": totals.ok(),
        "errors": totals.failures(),
        "mean_us": rounded(latency.mean() / 1e3),
        "p50_us": us(latency, 0.5),
        "p90_us": us(latency, 0.9),
        "p99_us": us(latency, 0.99),
        "p999_us": us(latency, 0.999),
        "max_us": rounded(latency.max() as f64 / 1e3),
    })
}
