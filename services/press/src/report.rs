//! What came out.

use crate::args::{PressArgs, Scenario};
use crate::figures::Figures;
use crate::meters::Meters;
use clap::ValueEnum;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::fmt::{self, Write};
use std::time::Duration;

/// What a load has found. Rates, latencies and costs are of the time that counts; faults of all the time.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What was done.
    pub scenario: String,
    /// Users.
    pub users: usize,
    /// Seconds that counted.
    pub seconds: f64,
    /// Messages that the server said it had.
    pub acknowledged: u64,
    /// Messages that arrived, each counted for each receiver, once.
    pub delivered: u64,
    /// Acknowledged messages that did not arrive, each counted for each receiver.
    pub lost: u64,
    /// Messages that arrived more than once.
    pub duplicated: u64,
    /// Messages that arrived after a later one of the same sender, or of the same group.
    pub out_of_order: u64,
    /// Messages that arrived and that nobody has sent like that, or whose sender was told that they were refused.
    pub foreign: u64,
    /// Messages that were neither acknowledged nor refused until the end.
    pub unanswered: u64,
    /// Messages that were refused for good.
    pub refused: u64,
    /// The last refusal.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub refusal: String,
    /// Acknowledged messages a second.
    pub sends_per_s: f64,
    /// Messages a second that receivers have synced, each counted for each receiver.
    pub deliveries_per_s: f64,
    /// Syncs a second.
    pub syncs_per_s: f64,
    /// Send to acknowledgement, in milliseconds.
    pub ack_p50_ms: f64,
    /// The same.
    pub ack_p99_ms: f64,
    /// The same.
    pub ack_p999_ms: f64,
    /// Send to synced by the receiver, in milliseconds.
    pub durable_p50_ms: f64,
    /// The same.
    pub durable_p99_ms: f64,
    /// The same.
    pub durable_p999_ms: f64,
    /// Sync to its answer, in milliseconds.
    pub sync_p50_ms: f64,
    /// The same.
    pub sync_p99_ms: f64,
    /// CPU time of the backend for a message, in microseconds; with idle syncs, for a sync.
    pub server_cpu_us_per_message: f64,
    /// CPU time of the backend for a message at a receiver, in microseconds.
    pub server_cpu_us_per_delivery: f64,
    /// CPUs that the backend kept busy.
    pub server_cpus: f64,
    /// CPU time of the load for a message, in microseconds; with idle syncs, for a sync.
    pub load_cpu_us_per_message: f64,
    /// Bytes on all links, both ways, for a message; with idle syncs, for a sync.
    pub wire_bytes_per_message: f64,
    /// Memory of the backend at the end, in bytes.
    pub server_resident_bytes: u64,
    /// With idle links: memory of the backend for a link, in bytes.
    pub resident_bytes_per_link: f64,
    /// Messages a second that users fetched who had been offline.
    pub drained_per_s: f64,
    /// Milliseconds from the start after a kill until it served.
    pub restart_ms: f64,
    /// Sends of a message that was sent before.
    pub resent: u64,
    /// Links that the load dropped.
    pub links_dropped: u64,
    /// Links that broke.
    pub links_lost: u64,
    /// Links that could not be opened.
    pub connects_failed: u64,
    /// Processes that were killed.
    pub killed: u64,
    /// Times that every service was started anew.
    pub restarts: u64,
}

impl Report {
    pub(crate) fn of(args: &PressArgs, users: usize) -> Report {
        let scenario = args.scenario.to_possible_value();
        Report {
            scenario: scenario
                .map(|s| s.get_name().to_owned())
                .unwrap_or_default(),
            users,
            ..Report::default()
        }
    }

    /// Takes in what was counted; `seconds` is set already.
    pub(crate) fn count(&mut self, args: &PressArgs, figures: &Figures) {
        let (window, faults) = (&figures.window, &figures.faults);
        let seconds = self.seconds.max(1e-9);
        let per_s = |count: u64| count as f64 / seconds;
        self.delivered = figures.deliveries;
        self.duplicated = faults.duplicated;
        self.out_of_order = faults.out_of_order;
        self.foreign = faults.foreign;
        self.refused = faults.refused;
        self.refusal.clone_from(&faults.refusal);
        self.sends_per_s = per_s(window.sends);
        self.deliveries_per_s = per_s(window.deliveries);
        self.syncs_per_s = per_s(window.syncs);
        [self.ack_p50_ms, self.ack_p99_ms, self.ack_p999_ms] = ms(&window.ack);
        [
            self.durable_p50_ms,
            self.durable_p99_ms,
            self.durable_p999_ms,
        ] = ms(&window.durable);
        [self.sync_p50_ms, self.sync_p99_ms, _] = ms(&window.sync);
        let bytes = window.bytes_up + window.bytes_down;
        self.wire_bytes_per_message = per(bytes as f64, pieces(args, figures));
        self.resent = faults.resent;
        self.links_dropped = faults.links_dropped;
        self.links_lost = faults.links_lost;
        self.connects_failed = faults.connects_failed;
        self.killed = faults.killed;
    }

    /// Takes in what it cost.
    pub(crate) fn cost(&mut self, args: &PressArgs, figures: &Figures, meters: &Meters) {
        let (server_us, load_us) = (meters.server.used_us(), meters.load.used_us());
        let pieces = pieces(args, figures);
        self.server_cpu_us_per_message = per(server_us, pieces);
        self.server_cpu_us_per_delivery = per(server_us, figures.window.deliveries);
        self.server_cpus = server_us / 1e6 / self.seconds.max(1e-9);
        self.load_cpu_us_per_message = per(load_us, pieces);
    }

    /// Users who had been offline have fetched so many messages.
    pub(crate) fn drained(&mut self, messages: u64, took: Duration) {
        self.drained_per_s = messages as f64 / took.as_secs_f64().max(1e-9);
    }

    /// Whether every promise was kept. A restart in good order refuses nobody.
    pub fn is_clean(&self) -> bool {
        let refused_by_restart = match self.restarts {
            0 => 0,
            _ => self.refused,
        };
        [
            self.lost,
            self.duplicated,
            self.out_of_order,
            self.foreign,
            self.unanswered,
            refused_by_restart,
        ] == [0; 6]
    }
}

/// What costs are counted by.
fn pieces(args: &PressArgs, figures: &Figures) -> u64 {
    match args.scenario {
        Scenario::IdleSync => figures.window.syncs,
        _ => figures.window.sends,
    }
}

/// A quotient, or 0 of nothing.
fn per(sum: f64, pieces: u64) -> f64 {
    if pieces == 0 {
        0.0
    } else {
        sum / pieces as f64
    }
}

/// The middle, what one of a hundred exceeds, and what one of a thousand does.
fn ms(latencies: &Histogram<u64>) -> [f64; 3] {
    if latencies.is_empty() {
        return [0.0; 3];
    }
    [0.5, 0.99, 0.999].map(|quantile| latencies.value_at_quantile(quantile) as f64 / 1e3)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write_proof(&mut text)?;
        self.write_figures(&mut text)?;
        f.write_str(text.trim_end())
    }
}

impl Report {
    fn write_proof(&self, text: &mut String) -> fmt::Result {
        let verdict = if self.is_clean() {
            "all there"
        } else {
            "NOT CLEAN"
        };
        writeln!(
            text,
            "{}: {} users, {:.1} s: {verdict}",
            self.scenario, self.users, self.seconds
        )?;
        writeln!(
            text,
            "  acknowledged {}  delivered {}  lost {}  duplicated {}  out of order {}  foreign {}  unanswered {}",
            self.acknowledged,
            self.delivered,
            self.lost,
            self.duplicated,
            self.out_of_order,
            self.foreign,
            self.unanswered
        )?;
        if self.refused > 0 {
            writeln!(
                text,
                "  refused {} (the last: {})",
                self.refused, self.refusal
            )?;
        }
        writeln!(
            text,
            "  resent {}  links dropped {}  lost {}  not opened {}  processes killed {}  started anew {}",
            self.resent,
            self.links_dropped,
            self.links_lost,
            self.connects_failed,
            self.killed,
            self.restarts
        )
    }

    fn write_figures(&self, text: &mut String) -> fmt::Result {
        if self.sends_per_s > 0.0 {
            write!(text, "  {:.0} sends/s", self.sends_per_s)?;
            if self.deliveries_per_s > 0.0 {
                write!(text, ", {:.0} deliveries/s", self.deliveries_per_s)?;
                write!(text, ", {:.0} syncs/s", self.syncs_per_s)?;
            }
            writeln!(text)?;
            writeln!(
                text,
                "  ack     p50 {:.2} ms  p99 {:.2} ms  p99.9 {:.2} ms",
                self.ack_p50_ms, self.ack_p99_ms, self.ack_p999_ms
            )?;
            if self.deliveries_per_s > 0.0 {
                writeln!(
                    text,
                    "  durable p50 {:.2} ms  p99 {:.2} ms  p99.9 {:.2} ms",
                    self.durable_p50_ms, self.durable_p99_ms, self.durable_p999_ms
                )?;
            }
        } else if self.syncs_per_s > 0.0 {
            writeln!(
                text,
                "  {:.0} syncs/s  p50 {:.2} ms  p99 {:.2} ms",
                self.syncs_per_s, self.sync_p50_ms, self.sync_p99_ms
            )?;
        }
        if self.drained_per_s > 0.0 {
            writeln!(text, "  {:.0} drained/s", self.drained_per_s)?;
        }
        if self.restart_ms > 0.0 {
            writeln!(
                text,
                "  served again {:.0} ms after the start",
                self.restart_ms
            )?;
        }
        if self.resident_bytes_per_link > 0.0 {
            writeln!(
                text,
                "  {:.0} bytes of memory a link",
                self.resident_bytes_per_link
            )?;
        }
        writeln!(
            text,
            "  server {:.1} us CPU a message ({:.2} CPUs, {} MiB)  load {:.1} us  wire {:.0} bytes a message",
            self.server_cpu_us_per_message,
            self.server_cpus,
            self.server_resident_bytes / 1024 / 1024,
            self.load_cpu_us_per_message,
            self.wire_bytes_per_message
        )
    }
}
