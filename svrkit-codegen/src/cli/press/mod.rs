//! `svrkit press`: how much a server can take, and how it feels for its callers.
//!
//! Each thread is a runtime of its own with connections of its own ([`load`]), so that nothing is shared on the way of a call; what
//! happened is written down a thread ([`record`]) and put together once a second.

pub(crate) mod chart;
mod load;
mod process;
pub(crate) mod record;
pub(crate) mod report;
pub(crate) mod schedule;

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::flags::Flag;
use super::target::{self, Target};
use load::Load;
use process::Cpu;
use record::Totals;
use report::Report;
use schedule::Schedule;
use svrkit_rt::Streaming;

/// Calls in flight a connection unless told: a closed loop keeps them all busy, an open one needs room for bursts.
const IN_FLIGHT_CLOSED: usize = 16;
const IN_FLIGHT_OPEN: usize = 256;
/// Tasks that one press may have.
const SLOTS_MAX: usize = 1_000_000;

/// Press a method with calls and report rate, latency and CPU.
///
/// Closed loop unless --rate is given: each of the calls in flight is followed by the next one as soon as it is answered. With --rate,
/// calls start on a schedule, whatever became of those before, and latency counts from when a call was to start: a server that stands
/// still for a second shows a second.
///
/// Latencies are those of calls that succeeded or ran out of time. Calls of the warm-up are not counted.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "svrkit press [OPTIONS] <ADDR> <METHOD> [JSON] [--<FIELD> <VALUE>]...",
    after_help = "Examples:
  svrkit press 127.0.0.1:7000 hello.v1.Greeter/SayHello --name Ada
  svrkit press 127.0.0.1:7000 SayHello '{\"name\": \"Ada\"}' --connections 8 --in-flight 128 --seconds 30
  svrkit press 127.0.0.1:7000 SayHello --name Ada --rate 20000 --json

Exit codes: 0 measured · 1 no call succeeded · 2 no such method, field or option"
)]
pub(crate) struct Args {
    #[command(flatten)]
    target: target::Args,
    /// Connections to open
    #[arg(short, long, default_value_t = 4)]
    connections: usize,
    /// Calls in flight on each connection [default: 16, with --rate 256]
    #[arg(short, long)]
    in_flight: Option<usize>,
    /// Calls to start a second, all connections together: open loop
    #[arg(short, long)]
    rate: Option<f64>,
    /// Seconds to measure
    #[arg(short, long, default_value_t = 10.0)]
    seconds: f64,
    /// Seconds to warm up before
    #[arg(short, long, default_value_t = 1.0)]
    warmup: f64,
    /// Threads that make the calls [default: one a connection, at most one a core]
    #[arg(short, long)]
    threads: Option<usize>,
    /// Print one line of JSON with all figures instead of the summary
    #[arg(long)]
    json: bool,
    /// Process whose CPU is the server's [default: found by its listening socket, when it is on this machine]
    #[arg(long)]
    pid: Option<u32>,
}

/// Numbers checked and defaults filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    connections: usize,
    in_flight: usize,
    threads: usize,
    rate: Option<f64>,
    warmup: Duration,
    measured: Duration,
}

impl Plan {
    fn new(args: &Args) -> Result<Plan, Failure> {
        let cores = std::thread::available_parallelism().map_or(1, |it| it.get());
        let default = args.rate.map_or(IN_FLIGHT_CLOSED, |_| IN_FLIGHT_OPEN);
        let plan = Plan {
            connections: args.connections,
            in_flight: args.in_flight.unwrap_or(default),
            threads: args.threads.unwrap_or(cores).min(args.connections),
            rate: args.rate,
            warmup: Duration::try_from_secs_f64(args.warmup)
                .map_err(|error| Failure::usage(format!("--warmup: {error}")))?,
            measured: Duration::try_from_secs_f64(args.seconds)
                .map_err(|error| Failure::usage(format!("--seconds: {error}")))?,
        };
        if plan.connections == 0 || plan.in_flight == 0 || plan.threads == 0 {
            return Err(Failure::usage(
                "--connections, --in-flight and --threads are 1 at least",
            ));
        }
        if plan.connections.saturating_mul(plan.in_flight) > SLOTS_MAX {
            return Err(Failure::usage(format!(
                "--connections × --in-flight is over {SLOTS_MAX}"
            )));
        }
        if plan.measured.is_zero() {
            return Err(Failure::usage("--seconds is more than 0"));
        }
        if plan
            .rate
            .is_some_and(|it| !(it.is_finite() && (0.001..=1e8).contains(&it)))
        {
            return Err(Failure::usage(
                "--rate is 0.001 to 100,000,000 calls a second",
            ));
        }
        Ok(plan)
    }
}

pub(crate) fn run(args: Args, flags: Vec<Flag>) -> Result<(), Failure> {
    let plan = Plan::new(&args)?;
    let target = super::wait(Target::resolve(args.target, flags))?;
    if target.method.streaming != Streaming::None {
        return Err(Failure::usage(format!(
            "{} streams: press measures calls of one answer",
            target.method.full_name
        )));
    }
    let server_pid = match args.pid {
        Some(pid) => match Cpu::of(pid) {
            Some(_) => Some(pid),
            None => return Err(Failure::usage(format!("--pid {pid}: no such process"))),
        },
        None => process::listener(&target.address.to_string()),
    };

    let stop = stop_on_interrupt();
    let begins = Instant::now() + plan.warmup;
    let schedule = Schedule {
        starts: Instant::now(),
        begins,
        ends: begins + plan.measured,
    };
    let load = Load::start(&target, plan, schedule, Arc::clone(&stop))?;

    let mut totals = Totals::new();
    sleep_until(begins, &stop);
    let cpu_before = (Cpu::of_self(), server_pid.and_then(Cpu::of));
    let mut progress = Progress::new(schedule);
    while Instant::now() < schedule.ends && !stop.load(Relaxed) {
        sleep_until(progress.next_at().min(schedule.ends), &stop);
        let interval = load.collect();
        progress.show(&interval);
        totals.add(interval);
    }
    let cpu_after = (Cpu::of_self(), server_pid.and_then(Cpu::of));
    let measured = Instant::now()
        .min(schedule.ends)
        .saturating_duration_since(begins);
    progress.end();
    let finished = load.finish();
    totals.add(finished.rest);

    let report = Report {
        target: &target,
        plan,
        measured,
        totals,
        lateness: finished.lateness,
        not_started: finished.not_started,
        unanswered: finished.unanswered,
        client_cpu: Cpu::between(cpu_before.0, cpu_after.0),
        server_cpu: Cpu::between(cpu_before.1, cpu_after.1),
        server_pid,
    };
    let shown = if args.json {
        report.json()
    } else {
        report.text()
    };
    // A reader that is gone (`| head`) is no failure of the press.
    let _ = writeln!(std::io::stdout().lock(), "{shown}");
    if report.totals.ok() == 0 {
        return Err(Failure::failed(match report.totals.first_failure() {
            Some(failure) => format!("no call succeeded: {failure}"),
            None => "no call was answered".to_owned(),
        }));
    }
    Ok(())
}

/// Sleeps in small steps, so that an interrupt is felt.
fn sleep_until(at: Instant, stop: &AtomicBool) {
    while !stop.load(Relaxed) {
        let left = at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
}

/// Set by Ctrl-C: the press ends early, and what it measured is reported. A second one ends the process.
pub(crate) fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    // Without this thread, Ctrl-C ends the process as it always does.
    let _ = std::thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                if tokio::signal::ctrl_c().await.is_ok() {
                    flag.store(true, Relaxed);
                }
                if tokio::signal::ctrl_c().await.is_ok() {
                    std::process::exit(1);
                }
            });
        });
    stop
}

/// A line a second on standard error; on a terminal always the same one.
struct Progress {
    schedule: Schedule,
    shown_at: Instant,
    is_terminal: bool,
}

impl Progress {
    fn new(schedule: Schedule) -> Progress {
        Progress {
            schedule,
            shown_at: schedule.begins,
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    fn next_at(&self) -> Instant {
        self.shown_at + Duration::from_secs(1)
    }

    fn show(&mut self, interval: &Totals) {
        let now = Instant::now();
        let seconds = now.duration_since(self.shown_at).as_secs_f64();
        self.shown_at = now;
        let elapsed = now.saturating_duration_since(self.schedule.begins);
        let all = self.schedule.ends.duration_since(self.schedule.begins);
        let line = format!(
            "{:>5.1} of {:.1} s  {:>9} calls/s  p50 {:>8}  p99 {:>8}  errors {}",
            elapsed.as_secs_f64(),
            all.as_secs_f64(),
            report::thousands((interval.ok() as f64 / seconds) as u64),
            report::time(interval.latency.value_at_quantile(0.5)),
            report::time(interval.latency.value_at_quantile(0.99)),
            report::thousands(interval.failed()),
        );
        let mut err = std::io::stderr().lock();
        // Progress that nobody can see is no reason to stop.
        let _ = if self.is_terminal {
            write!(err, "\r\x1b[K{line}").and_then(|()| err.flush())
        } else {
            writeln!(err, "{line}")
        };
    }

    fn end(&self) {
        if self.is_terminal {
            eprint!("\r\x1b[K");
        }
    }
}
