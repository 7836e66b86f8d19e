//! `svrkit new`: a crate that runs at once, and what it lacks after its IDL changed.
//!
//! Who owns what: everything in the crate belongs to its author but the manifest. Files are written when they are not there;
//! later, methods and services are added to them, and whatever else should change is told.

mod idl;
mod manifest;
mod rust;
mod source;
mod start;
mod templates;
mod update;

use std::path::{Path, PathBuf};

use super::failure::Failure;

/// Packages of svrkit that a crate depends on.
const PACKAGES: [&str; 3] = ["svrkit-rt", "svrkit-macros", "svrkit-codegen"];

/// Write a complete crate for a service; run again after the IDL changed, add what is missing.
///
/// Without --proto, begins with a sample that already does something. With it, every method is there to be filled in. The crate runs at
/// once, and all of it belongs to its author: a second run adds methods and services that are new in the IDL, tells what is gone or
/// renamed, and neither overwrites nor removes anything.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  svrkit new greeter
  svrkit new greeter --proto greeter.proto
  cd greeter && svrkit new --update")]
pub(crate) struct Args {
    /// Name of the crate, or the path of its folder
    #[arg(required_unless_present = "update")]
    name: Option<PathBuf>,
    /// IDL to begin with, copied with all that it imports
    #[arg(long, value_name = "FILE", conflicts_with = "update")]
    proto: Option<PathBuf>,
    /// Folder from which the IDL imports; may be given several times
    #[arg(short = 'I', long = "include", value_name = "DIR", requires = "proto")]
    includes: Vec<PathBuf>,
    /// Add what is missing in a crate that is there: NAME, or this folder
    #[arg(long)]
    update: bool,
    /// Checkout of svrkit to depend on [default: the one that this program was built from]
    #[arg(long, value_name = "DIR")]
    path_to_svrkit: Option<PathBuf>,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let root = args.name.clone().unwrap_or_else(|| PathBuf::from("."));
    let has_manifest = root.join(manifest::FILE_NAME).is_file();
    if args.update || has_manifest {
        if !has_manifest {
            return Err(Failure::usage(format!(
                "{} has no {}: it was not made by `svrkit new`",
                root.display(),
                manifest::FILE_NAME
            )));
        }
        if args.proto.is_some() {
            return Err(Failure::usage(format!(
                "{} has its IDL already: change {}",
                root.display(),
                root.join("proto").display()
            )));
        }
        return update::run(&root);
    }
    if root.exists() {
        return Err(Failure::usage(format!(
            "{} exists, and was not made by `svrkit new`",
            root.display()
        )));
    }
    let svrkit = match args.path_to_svrkit {
        Some(path) => path,
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
    };
    start::run(&start::Order {
        name: crate_name(&root)?,
        root,
        proto: args.proto,
        includes: super::checked_includes(args.includes)?,
        svrkit: checkout(&svrkit)?,
    })
}

/// The last name of a path, if cargo and Rust would take it.
fn crate_name(root: &Path) -> Result<String, Failure> {
    let name = root
        .file_name()
        .and_then(|it| it.to_str())
        .unwrap_or_default();
    let begins_well = name.starts_with(|it: char| it.is_ascii_lowercase());
    let goes_on_well =
        |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || "-_".contains(it);
    let module = name.replace('-', "_");
    let is_taken = [
        "test",
        "std",
        "core",
        "svrkit",
        "svrkit_rt",
        "tokio",
        "serde",
        "toml",
    ]
    .contains(&module.as_str())
        || crate::idents::snake(&module) != module.trim_end_matches('_');
    if begins_well && name.chars().all(goes_on_well) && !is_taken {
        Ok(name.to_owned())
    } else {
        Err(Failure::usage(format!(
            "{name:?} is no name for a crate: a-z first, then a-z, 0-9, - and _, and no name that Rust or a dependency has"
        )))
    }
}

/// The checkout as an absolute path that holds wherever the crate is.
fn checkout(path: &Path) -> Result<String, Failure> {
    let complain = |what: String| {
        Failure::usage(format!(
            "{what}: --path-to-svrkit names the checkout of svrkit"
        ))
    };
    let absolute = path
        .canonicalize()
        .map_err(|error| complain(format!("{}: {error}", path.display())))?;
    for package in PACKAGES {
        if !absolute.join(package).join("Cargo.toml").is_file() {
            return Err(complain(format!("{} has no {package}", absolute.display())));
        }
    }
    let text = absolute.to_str().map(str::to_owned);
    text.filter(|it| !it.contains(['"', '\\'])).ok_or_else(|| {
        complain(format!(
            "{} cannot stand in a Cargo.toml",
            absolute.display()
        ))
    })
}

/// Writes a file that is not there yet, and the folders above it.
fn create(root: &Path, file: &str, text: &str) -> Result<(), Failure> {
    let path = root.join(file);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Failure::io(folder))?;
    }
    let mut options = std::fs::OpenOptions::new();
    let written = options.write(true).create_new(true).open(&path);
    let written = written.and_then(|mut it| std::io::Write::write_all(&mut it, text.as_bytes()));
    written.map_err(Failure::io(&path))
}

/// Writes a file over what was there, so that at no time there is half of one.
fn replace(root: &Path, file: &str, text: &str) -> Result<(), Failure> {
    let path = root.join(file);
    let next = path.with_extension("svrkit-new");
    let written = std::fs::write(&next, text).and_then(|()| std::fs::rename(&next, &path));
    written.map_err(Failure::io(&path))
}
