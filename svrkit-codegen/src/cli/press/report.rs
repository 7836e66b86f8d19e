//! What a press found, for people and for programs.

use std::fmt::Write as _;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::json;

use super::record::Totals;
use super::{Plan, chart};
use crate::cli::target::Target;
use crate::cli::terminal::Paint;

/// Everything there is to tell.
pub(crate) struct Report<'a> {
    pub(crate) target: &'a Target,
    pub(crate) plan: Plan,
    /// How long calls counted: shorter than planned after Ctrl-C.
    pub(crate) measured: Duration,
    pub(crate) totals: Totals,
    pub(crate) lateness: Option<Histogram<u64>>,
    pub(crate) not_started: u64,
    pub(crate) unanswered: u64,
    pub(crate) client_cpu: Option<Duration>,
    pub(crate) server_cpu: Option<Duration>,
    pub(crate) server_pid: Option<u32>,
}

impl Report<'_> {
    fn calls_per_s(&self) -> f64 {
        self.totals.ok_in_time() as f64 / self.measured.as_secs_f64().max(1e-9)
    }

    /// Calls that cost CPU while it was measured.
    fn calls(&self) -> u64 {
        self.totals.ok() + self.totals.failed()
    }

    fn cpu_us(&self, cpu: Option<Duration>) -> Option<f64> {
        let cpu = cpu?.as_secs_f64() * 1e6 / self.calls().max(1) as f64;
        Some(rounded(cpu))
    }

    pub(crate) fn text(&self) -> String {
        let paint = Paint::stdout();
        let plan = &self.plan;
        let mut text = String::new();
        let mut line = |name: &str, rest: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{} {rest}", paint.dim(format!("{name:<9}")));
        };
        line(
            "method",
            format!(
                "{} at {}, requests of {} bytes",
                paint.bold(self.target.method.full_name),
                self.target.address,
                self.target.body.len()
            ),
        );
        let mode = match plan.rate {
            None => "closed loop".to_owned(),
            Some(rate) => format!("open loop at {} calls/s", thousands(rate.round() as u64)),
        };
        line(
            "load",
            format!(
                "{mode}, {} × {} in flight, {}, {:.1} s after {:.1} s of warm-up",
                counted(plan.connections, "connection"),
                plan.in_flight,
                counted(plan.threads, "thread"),
                self.measured.as_secs_f64(),
                plan.warmup.as_secs_f64()
            ),
        );
        let rate = format!("{} calls/s", thousands(self.calls_per_s() as u64));
        line(
            "rate",
            format!(
                "{}, {} calls",
                paint.bold(rate),
                thousands(self.totals.ok())
            ),
        );
        line("errors", self.errors(paint));
        line("latency", quantiles(&self.totals.latency));
        if let Some(lateness) = &self.lateness {
            line(
                "lateness",
                format!("{} (of this program itself)", quantiles(lateness)),
            );
        }
        line("cpu", self.cpu());
        for row in chart::draw(&self.totals.latency, paint) {
            let _ = write!(text, "\n{row}");
        }
        text.trim_end().to_owned()
    }

    fn errors(&self, paint: Paint) -> String {
        let others = [
            (
                self.not_started,
                "not started: all calls in flight were taken",
            ),
            (self.unanswered, "unanswered at the end"),
        ];
        failures(&self.totals, &others, paint)
    }

    fn cpu(&self) -> String {
        let side = |name: &str, cpu: Option<Duration>| {
            let cores = cpu?.as_secs_f64() / self.measured.as_secs_f64().max(1e-9);
            let us = self.cpu_us(cpu)?;
            Some(format!("{name} {us} µs a call ({cores:.2} cores)"))
        };
        let client = side("client", self.client_cpu);
        let server = side("server", self.server_cpu)
            .map(|it| format!("{it}, process {}", self.server_pid.unwrap_or(0)));
        let unknown = "server unknown: not on this machine, or another user's";
        [
            client.unwrap_or_else(|| "client unknown".to_owned()),
            server.unwrap_or_else(|| unknown.to_owned()),
        ]
        .join(" · ")
    }

    /// One line. Times are microseconds; CPU is a call's.
    pub(crate) fn json(&self) -> String {
        let plan = &self.plan;
        let latency = &self.totals.latency;
        let lateness = self.lateness.as_ref();
        json!({
            "method": self.target.method.full_name,
            "addr": self.target.address.to_string(),
            "mode": if plan.rate.is_some() { "open" } else { "closed" },
            "connections": plan.connections,
            "in_flight": plan.in_flight,
            "threads": plan.threads,
            "rate_per_s": plan.rate,
            "request_bytes": self.target.body.len(),
            "seconds": rounded(self.measured.as_secs_f64()),
            "warmup_seconds": plan.warmup.as_secs_f64(),
            "calls": self.totals.ok(),
            "calls_per_s": rounded(self.calls_per_s()),
            "errors": self.totals.failures(),
            "not_started": self.not_started,
            "unanswered": self.unanswered,
            "mean_us": rounded(latency.mean() / 1e3),
            "p50_us": us(latency, 0.5),
            "p90_us": us(latency, 0.9),
            "p99_us": us(latency, 0.99),
            "p999_us": us(latency, 0.999),
            "max_us": rounded(latency.max() as f64 / 1e3),
            "lateness_p50_us": lateness.map(|it| us(it, 0.5)),
            "lateness_p99_us": lateness.map(|it| us(it, 0.99)),
            "lateness_max_us": lateness.map(|it| rounded(it.max() as f64 / 1e3)),
            "client_cpu_us": self.cpu_us(self.client_cpu),
            "server_cpu_us": self.cpu_us(self.server_cpu),
            "server_pid": self.server_pid,
        })
        .to_string()
    }
}

/// What failed: how often by code, then others by what they are.
pub(crate) fn failures(totals: &Totals, others: &[(u64, &str)], paint: Paint) -> String {
    let codes = totals.failures().iter();
    let codes = codes.map(|(code, count)| format!("{} {code}", thousands(*count)));
    let others = others.iter().filter(|(count, _)| *count > 0);
    let others = others.map(|(count, what)| format!("{} {what}", thousands(*count)));
    let parts: Vec<String> = codes.chain(others).collect();
    if parts.is_empty() {
        return paint.green("none");
    }
    let first = totals.first_failure();
    let first = first.map_or(String::new(), |it| {
        format!(" (the first: {})", it.message())
    });
    format!("{}{first}", paint.red(parts.join(", ")))
}

pub(crate) fn us(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    rounded(histogram.value_at_quantile(quantile) as f64 / 1e3)
}

pub(crate) fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

pub(crate) fn quantiles(histogram: &Histogram<u64>) -> String {
    if histogram.is_empty() {
        return "no call to tell of".to_owned();
    }
    let at = |quantile| time(histogram.value_at_quantile(quantile));
    format!(
        "p50 {} · p90 {} · p99 {} · p99.9 {} · max {}",
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
        time(histogram.max())
    )
}

pub(crate) fn counted(count: usize, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}

/// Nanoseconds with three digits and a unit.
pub(crate) fn time(nanos: u64) -> String {
    let (value, unit) = match nanos {
        0..1_000 => return format!("{nanos} ns"),
        1_000..1_000_000 => (nanos as f64 / 1e3, "µs"),
        1_000_000..1_000_000_000 => (nanos as f64 / 1e6, "ms"),
        _ => (nanos as f64 / 1e9, "s"),
    };
    let digits = match value {
        100.0.. => 0,
        10.0..100.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$} {unit}")
}

/// `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(thousands(7), "7");
        assert_eq!(thousands(123_456), "123,456");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(time(999), "999 ns");
        assert_eq!(time(1_500), "1.50 µs");
        assert_eq!(time(25_300_000), "25.3 ms");
        assert_eq!(time(3_600_000_000_000), "3600 s");
    }
}
