//! What callers notice when one of three instances goes wrong.
//!
//! ```text
//! cargo run --release -p failover            # each fault, one after the other: about a minute
//! cargo run --release -p failover -- --json  # a line for each
//! ```
//!
//! Three processes of this program serve, and it calls them at a steady rate. After a while one of them is killed, frozen (SIGSTOP), made a
//! hundred times slower, or cut off by its network. See `README.md`.

mod chart;
mod instance;
mod load;
mod network;
mod report;
mod service;
mod story;

svrkit::idl!("proto/shop.proto");

use report::Report;
use std::error::Error;
use story::{Fault, tell};

const USAGE: &str = "usage: failover [--json] [--svg FILE] [--rate CALLS_PER_S] [--seconds AFTER_THE_FAULT] [killed] [frozen] [slow] [cut_off] | failover serve";

/// How much is asked of the instances, and for how long.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Calls a second, half of them idempotent.
    rate: u32,
    /// Seconds that count after the fault.
    seconds: u64,
}

#[svrkit::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut plan = Plan {
        rate: 600,
        seconds: 12,
    };
    let (mut json, mut svg, mut faults) = (false, None, Vec::new());
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "serve" => return service::serve().await,
            "--json" => json = true,
            "--svg" => svg = Some(args.next().ok_or(USAGE)?),
            "--rate" => plan.rate = args.next().ok_or(USAGE)?.parse()?,
            "--seconds" => plan.seconds = args.next().ok_or(USAGE)?.parse()?,
            name => faults.push(Fault::named(name).ok_or(USAGE)?),
        }
    }
    if faults.is_empty() {
        faults = Fault::ALL.to_vec();
    }
    let mut reports = Vec::new();
    if !json {
        println!("{}", Report::HEADING);
    }
    for fault in faults {
        let report = tell(fault, plan).await?;
        match json {
            true => println!("{}", report.json()),
            false => println!("{report}"),
        }
        reports.push(report);
    }
    if let Some(file) = svg {
        std::fs::write(file, chart::svg(&reports))?;
    }
    match reports.iter().all(Report::is_met) {
        true => Ok(()),
        false => Err("callers noticed more than they should".into()),
    }
}
