//! `svrkit replay`: recorded requests, made again.
//!
//! The file is read twice: once to know that it is whole and what is in it ([`survey`]), then call by call while it is replayed
//! ([`source`]). A thread starts each call when it is due ([`pace`], [`pacer`]), whatever became of those before.

mod pace;
mod pacer;
mod progress;
mod report;
mod source;
mod survey;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use svrkit_rt::Channel;

use super::address::Address;
use super::credentials::{self, Credentials};
use super::failure::Failure;
use super::press;
use pace::Pace;
use pacer::Pacer;
use progress::Progress;
use report::Report;
use source::Source;
use survey::Survey;

/// Calls in flight, and connections, that one replay may have.
const CONCURRENCY_MAX: usize = 1_000_000;
const CONNECTIONS_MAX: usize = 1_024;
/// Time that calls in flight have at the end.
const GRACE: Duration = Duration::from_secs(5);

/// Make recorded requests again and report what became of them.
///
/// Calls start when they are due, whatever became of those before: as they were recorded unless --rate or --speed is given. Latency
/// counts from when a call was due, so a server that stands still for a second shows a second.
///
/// Each call has what it had when it was recorded: message, attachment, metadata, routing key, priority, and as much time. What the IDL
/// marks as secret was never recorded, so logins and the like fail. Calls that write do write again.
///
/// Latencies are those of calls that succeeded or ran out of time. Without --to, tells what is in the file.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  svrkit replay sends.svrrec
  svrkit replay sends.svrrec --to 127.0.0.1:7000
  svrkit replay sends.svrrec --to 127.0.0.1:7000 --speed 2.5 --method Message/Send
  svrkit replay sends.svrrec --to 127.0.0.1:7000 --rate 5000/s --loop --seconds 60 --json

Files are recorded at /record of an admin listener.

Exit codes: 0 replayed · 1 the file is damaged, or no call succeeded · 2 no such method or option")]
pub(crate) struct Args {
    /// A recording of requests
    file: PathBuf,
    /// Where the server listens: host:port or unix:/path
    #[arg(long, value_name = "ADDR")]
    to: Option<String>,
    /// Calls to start a second, evenly, in the order of the file: 500 or 500/s
    #[arg(short, long, value_name = "N/s", value_parser = pace::rate, conflicts_with = "speed")]
    rate: Option<f64>,
    /// How many times as fast as they were recorded [default: 1]
    #[arg(long, value_name = "FACTOR", value_parser = pace::speed)]
    speed: Option<f64>,
    /// Only this method, or as much of the end of its name as tells it from others; may be given several times
    #[arg(short, long = "method", value_name = "METHOD")]
    methods: Vec<String>,
    /// Seconds after which no call is started any more [default: the end of the file; with --loop never]
    #[arg(short, long)]
    seconds: Option<f64>,
    /// Begin anew at the end of the file
    #[arg(long = "loop")]
    again: bool,
    /// Calls in flight at once; one that is due meanwhile waits, and its latency with it
    #[arg(long, default_value_t = 1_024)]
    concurrency: usize,
    /// Connections to open
    #[arg(short, long, default_value_t = 4)]
    connections: usize,
    /// Print one line of JSON with all figures instead of the summary
    #[arg(long)]
    json: bool,
    #[command(flatten, next_help_heading = credentials::HEADING)]
    credentials: Credentials,
}

/// Numbers checked and defaults filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pace: Pace,
    again: bool,
    concurrency: usize,
    connections: usize,
    /// How long calls are started.
    lasts: Option<Duration>,
}

impl Plan {
    fn new(args: &Args) -> Result<Plan, Failure> {
        let lasts = args.seconds.map(Duration::try_from_secs_f64).transpose();
        let plan = Plan {
            pace: match args.rate {
                Some(rate) => Pace::Rate(rate),
                None => Pace::Speed(args.speed.unwrap_or(1.0)),
            },
            again: args.again,
            concurrency: args.concurrency,
            connections: args.connections,
            lasts: lasts.map_err(|error| Failure::usage(format!("--seconds: {error}")))?,
        };
        if plan.lasts.is_some_and(|lasts| lasts.is_zero()) {
            return Err(Failure::usage("--seconds is more than 0"));
        }
        for (name, number, max) in [
            ("--concurrency", plan.concurrency, CONCURRENCY_MAX),
            ("--connections", plan.connections, CONNECTIONS_MAX),
        ] {
            if !(1..=max).contains(&number) {
                return Err(Failure::usage(format!("{name} is 1 to {max}")));
            }
        }
        Ok(plan)
    }
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let plan = Plan::new(&args)?;
    let survey = Survey::of(&args.file, &args.methods)?;
    survey.warn();
    let Some(to) = &args.to else {
        let shown = match args.json {
            true => survey.json().to_string(),
            false => survey.text(),
        };
        tell(&shown);
        return Ok(());
    };
    if survey.calls() == 0 {
        let file = args.file.display();
        return Err(Failure::failed(format!("{file} has no call to make again")));
    }
    let address = Address::reach(to, &args.credentials)?;
    let source = Source::open(&survey, plan.again)?;

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Failure::failed(format!("no runtime: {error}")))?;
    let channels = {
        let _within = runtime.enter();
        let channel = |_| address.channel_sending_once(plan.concurrency);
        let channels = (0..plan.connections).map(channel);
        channels.collect::<Result<Vec<Channel>, Failure>>()?
    };
    let stop: Arc<AtomicBool> = press::stop_on_interrupt();
    let started = Instant::now();
    let pacer = Pacer::new(plan, &survey, channels, runtime.handle().clone(), started);
    let records = pacer.records();
    let pacing = std::thread::Builder::new().name("pacer".to_owned()).spawn({
        let stop = Arc::clone(&stop);
        move || pacer.run(source, &stop)
    });
    let pacing =
        pacing.map_err(|error| Failure::failed(format!("no thread for calls: {error}")))?;

    let mut progress = Progress::new(started);
    while !pacing.is_finished() {
        std::thread::sleep(progress.nap());
        progress.show_if_due(&records);
    }
    let paced = pacing.join();
    let paced = paced.map_err(|_| Failure::failed("the thread that starts calls broke down"))?;
    progress.end();
    // A call that is not answered must not keep the process.
    runtime.shutdown_background();

    let report = Report {
        survey: &survey,
        address: &address,
        plan,
        totals: progress.totals(&records),
        paced: &paced,
    };
    tell(&match args.json {
        true => report.json(),
        false => report.text(),
    });
    if let Some(error) = &paced.unreadable {
        return Err(survey::unreadable(&args.file, error));
    }
    report.verdict()
}

/// Prints the outcome. A reader that is gone (`| head`) is no failure of the replay.
fn tell(shown: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{shown}");
}
