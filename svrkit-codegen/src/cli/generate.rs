//! `svrkit gen`: code that is checked in.

use std::path::PathBuf;

use super::failure::Failure;

/// Generate Rust from protos into a folder that is checked in.
///
/// Writes a file a package, a `mod.rs` that puts them into modules, and the ids of all methods into `cmd_ids.lock` beside the
/// protos. Files that would not change are left alone; generated files of packages that are gone are removed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  svrkit gen -I proto -o src/gen")]
pub(crate) struct Args {
    /// Protos to generate from; every one in the include folders if none is given
    #[arg(value_name = "PROTO")]
    protos: Vec<PathBuf>,
    /// Folder to import from; may be given several times
    #[arg(short = 'I', long = "include", value_name = "DIR")]
    includes: Vec<PathBuf>,
    /// Folder to write into
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// File that keeps the method ids [default: cmd_ids.lock in the first include folder]
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Take a package's types from elsewhere: `.common.v1=::common::v1`
    #[arg(long = "extern", value_name = "PROTO=RUST")]
    externs: Vec<String>,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let mut config = crate::configure();
    for include in super::checked_includes(args.includes)? {
        config = config.include(include);
    }
    if let Some(lock) = args.lock {
        config = config.lock(lock);
    }
    for pair in &args.externs {
        let Some((proto, rust)) = pair.split_once('=') else {
            return Err(Failure::usage(format!(
                "--extern {pair}: expected PROTO=RUST, as in .common.v1=::common::v1"
            )));
        };
        config = config.extern_path(proto, rust);
    }
    let generated = config.generate_to(&args.out, &args.protos)?;
    for warning in &generated.warnings {
        eprintln!("warning: {warning}");
    }
    for package in &generated.packages {
        let name = match package.name.as_str() {
            "" => "(no package)",
            name => name,
        };
        println!("{name} → {}", args.out.display());
    }
    Ok(())
}
