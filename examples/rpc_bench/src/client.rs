//! The client's process: one system, one cell, one measurement printed as a line of JSON.

use crate::load::Load;
use crate::placement::{self, Side};
use crate::{Fault, limits, options};
use serde::{Deserialize, Serialize};
use std::process;

/// What one client saw in its window. Times in µs; CPU time is that of one call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Measurement {
    pub(crate) calls_per_s: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p999_us: f64,
    pub(crate) server_cpu_us: f64,
    pub(crate) client_cpu_us: f64,
    /// None where they could not be counted.
    pub(crate) server_writes_per_call: Option<f64>,
    /// Peak of the server.
    pub(crate) rss_mib: f64,
}

pub(crate) fn run(options: options::Client) -> Result<(), Fault> {
    limits::apply()?;
    let everywhere = placement::pin(Side::Client, options.cell.pin)?;
    // A runtime catches the panic of a task, and the load would go on with a slot less.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        report(info);
        process::exit(1);
    }));
    (options.system.client)(Load::new(&options, everywhere)?)
}

/// A call failed: what would be measured now is no longer the load that was asked for.
pub(crate) fn fail(reason: &str) -> ! {
    eprintln!("rpc_bench client: {reason}");
    process::exit(1)
}

/// Prints the measurement and ends the process, with all its slots.
pub(crate) fn end(measurement: Result<Measurement, Fault>) -> ! {
    let line = measurement.and_then(|measurement| Ok(serde_json::to_string(&measurement)?));
    match line {
        Ok(line) => {
            println!("{line}");
            process::exit(0)
        }
        Err(fault) => fail(&fault.to_string()),
    }
}
