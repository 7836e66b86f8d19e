//! `svrkit check`: what a change of the IDL would break.

use std::path::PathBuf;

use super::failure::Failure;
use super::terminal::Paint;
use crate::Against;

/// Check an IDL for mistakes, and for what it would break of an older state of itself.
///
/// A line each with file, line and column, and exit code 1 if there is any: field numbers or types changed, methods gone, ids
/// changed, timeouts cut, idempotency withdrawn.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  svrkit check -I proto --against origin/main\n  svrkit check -I proto --against src/gen/hello.v1.bin"
)]
pub(crate) struct Args {
    /// Protos to check; every one in the include folders if none is given
    #[arg(value_name = "PROTO")]
    protos: Vec<PathBuf>,
    /// Folder to import from; may be given several times
    #[arg(short = 'I', long = "include", value_name = "DIR")]
    includes: Vec<PathBuf>,
    /// The older state: a descriptor set file, such as the .bin beside generated code, or a git revision
    #[arg(long, value_name = "FILE|REVISION")]
    against: String,
    /// File that keeps the method ids [default: cmd_ids.lock in the first include folder]
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let mut config = crate::configure();
    for include in super::checked_includes(args.includes)? {
        config = config.include(include);
    }
    if let Some(lock) = args.lock {
        config = config.lock(lock);
    }
    let breaks = config.check(&args.protos, &Against::parse(&args.against))?;
    if breaks.is_empty() {
        eprintln!("nothing breaks against {}", args.against);
        return Ok(());
    }
    for diagnostic in &breaks {
        println!("{diagnostic}");
    }
    let what = if breaks.len() == 1 { "break" } else { "breaks" };
    let line = format!("{} {what} against {}", breaks.len(), args.against);
    eprintln!("{}", Paint::stderr().red(line));
    Err(Failure::Told)
}
