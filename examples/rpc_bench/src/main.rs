//! What a unary echo costs in svrkit and in its peers: one load, one table.
//!
//! - [`cell`]: the shape of a load, as `8x128x32@same`
//! - [`options`]: the command line
//! - [`runner`]: runs every system through every cell, each side a process of its own
//! - [`server`], [`client`]: what those processes do; [`systems`] has a file for each framework
//! - [`load`], [`arrivals`], [`tally`], [`histogram`], [`work`]: call slots, what they record, what a handler does
//! - [`cpu_time`], [`write_calls`], [`placement`], [`limits`]: what the operating system knows or is told
//! - [`report`], [`bars`]: medians, ratios, and the goals beside them

// Not forbidden, because volo generates some.
#![deny(unsafe_code)]

mod arrivals;
mod bars;
mod cell;
mod client;
mod cpu_time;
/// Generated (README); it names itself by its path from the root.
#[cfg(feature = "capnp")]
#[allow(warnings, clippy::all)]
mod echo_capnp;
mod histogram;
mod limits;
mod load;
mod options;
mod placement;
mod report;
mod runner;
mod server;
mod systems;
mod tally;
mod work;
mod write_calls;

use std::error::Error;
use std::process::ExitCode;

/// Whatever went wrong; it ends the run and is read by a person.
type Fault = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let outcome = options::Command::from_args(std::env::args().skip(1)).and_then(|command| {
        use options::Command;
        match command {
            Command::Run(options) => {
                runner::run(&options).map(|runs| report::print(&runs, &options))
            }
            Command::Server(options) => server::run(options),
            Command::Client(options) => client::run(options),
            Command::Help => {
                println!("{}", options::HELP);
                Ok(())
            }
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("rpc_bench: {fault}");
            ExitCode::FAILURE
        }
    }
}
