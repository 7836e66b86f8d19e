//! Opening the process's segment: its directory, its file, and whose it is.

use super::catalogue::Catalogue;
use super::header::FormatError;
use super::layout::{Geometry, TEXT_BYTES_MAX};
use super::reader::{FileSource, SEGMENT_ENDING};
use super::registry::Registry;
use super::segment::Segment;
use super::snapshot::{Instance, read_header, read_registry};
use super::{process, rpc, sampler};
use rustix::process::getuid;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, io, thread};

/// Slots of a shard: those of a thousand histograms. A file is as large as all its shards, and takes as much memory as is used.
const SLOTS: usize = 128 * 1024;
/// Bytes of the registry: a record is about a hundred.
const REGISTRY_BYTES: usize = 2 * 1024 * 1024;
/// Shards a processor: its worker, and threads that block.
const SHARDS_PER_CPU: usize = 4;
/// A reader that looks whether the owner lives holds the lock for a moment; an owner that lives does not let go.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(5);
/// Files of one name that are made and replaced by others before we give up.
const OPEN_TRIES: u32 = 8;

/// Whose segment to open, and where.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the machine's segments are; made if it is not there. Default [`default_directory`].
    pub directory: PathBuf,
    /// The instance's name, one a machine at a time: `-`, `.`, `_`, ASCII letters and digits, at most 120 bytes. Default: the
    /// program's name.
    pub instance: String,
    /// The service (or role) that it runs, at most 120 bytes. Default: the program's name.
    pub service: String,
    /// Gray tag, at most 120 bytes. Default: none.
    pub gray: String,
    /// Version of the program, at most 120 bytes. Default: none.
    pub version: String,
    /// Series of the process. Default 16,384, about what a thousand methods make. One metric has at most 2,048 of them.
    pub series_max: usize,
    /// Whether the framework counts calls: `rpc_server_…` and `rpc_client_…`. Default true.
    pub count_calls: bool,
}

impl Default for Config {
    fn default() -> Config {
        let program = std::env::current_exe().ok();
        let program = program.as_deref().and_then(Path::file_stem);
        let program = program.map_or("unnamed".into(), |name| name.to_string_lossy());
        Config {
            directory: default_directory(),
            instance: program.to_string(),
            service: program.to_string(),
            gray: String::new(),
            version: String::new(),
            series_max: 16_384,
            count_calls: true,
        }
    }
}

impl Config {
    pub(super) fn geometry(&self) -> Geometry {
        let cpus = thread::available_parallelism().map_or(1, usize::from);
        let shards = (SHARDS_PER_CPU * cpus).next_power_of_two().clamp(8, 64);
        Geometry::fitting(REGISTRY_BYTES, SLOTS, shards)
    }

    pub(super) fn identity(&self) -> Instance {
        Instance {
            name: self.instance.clone(),
            service: self.service.clone(),
            gray: self.gray.clone(),
            version: self.version.clone(),
            pid: std::process::id(),
            boot_id: process::boot_id(),
            ..Instance::default()
        }
    }

    fn check(&self) -> Result<(), OpenError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let name = &self.instance;
        if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
            return Err(OpenError::Name(name.clone()));
        }
        for text in [name, &self.service, &self.gray, &self.version] {
            if text.len() > TEXT_BYTES_MAX {
                return Err(OpenError::Name(text.clone()));
            }
        }
        Ok(())
    }
}

/// Why there is no segment.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// A name is empty, too long, or has characters that a file's name should not have.
    Name(String),
    /// Another process has the name.
    Owned {
        /// Its segment.
        path: PathBuf,
        /// Its process, as the segment says.
        pid: u32,
    },
    /// Something was counted before: open comes first in `main`.
    TooLate,
    /// The directory is not ours: somebody else could change what is in it.
    Directory(PathBuf),
    /// The system says no.
    Io {
        /// To what.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Name(name) => {
                write!(f, "{name:?} cannot be the name of a monitored instance")
            }
            OpenError::Owned { path, pid } => write!(
                f,
                "{} belongs to process {pid}, which lives: two instances with one name",
                path.display()
            ),
            OpenError::TooLate => f.write_str("monitor is opened after something was counted"),
            OpenError::Directory(path) => write!(
                f,
                "{} is no directory of this user that only this user may write",
                path.display()
            ),
            OpenError::Io { path, .. } => write!(f, "cannot open {}", path.display()),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            OpenError::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// Where segments are unless told otherwise: `/dev/shm/svrkit-<uid>`, or below the directory for temporary files where there is no
/// `/dev/shm`.
pub fn default_directory() -> PathBuf {
    let shm = Path::new("/dev/shm");
    let base = match shm.is_dir() {
        true => shm.to_owned(),
        false => std::env::temp_dir(),
    };
    base.join(format!("svrkit-{}", getuid().as_raw()))
}

/// Opens the segment of this process: from here on others can read what it counts, and its counters go on where they were when a
/// process of the same instance ended. Called once, at the begin of `main`: after the subscriber of `tracing`, which hears what becomes of
/// a damaged file, and before anything counts. Without it everything counts in memory of its own.
///
/// Starts a thread that measures the process once a second.
///
/// # Errors
/// See [`OpenError`]. The process then counts in memory of its own, and may go on.
pub fn open(config: &Config) -> Result<(), OpenError> {
    config.check()?;
    if Registry::is_active() {
        return Err(OpenError::TooLate);
    }
    make_directory(&config.directory)?;
    let path = segment_path(&config.directory, &config.instance);
    let registry = open_registry(config, &path)?;
    registry.activate().ok_or(OpenError::TooLate)?;
    rpc::count_calls(config.count_calls);
    sampler::start();
    Ok(())
}

/// Notes in the segment that this process ends in good order, as the last thing that it does: from then on nobody need miss it. What is
/// counted afterwards counts all the same, and the next process that opens the segment is there again.
pub fn retire() {
    if Registry::is_active() {
        Registry::active().retire();
    }
}

/// The file of an instance.
pub fn segment_path(directory: &Path, instance: &str) -> PathBuf {
    directory.join(format!("{instance}{SEGMENT_ENDING}"))
}

fn make_directory(directory: &Path) -> Result<(), OpenError> {
    let io = |error| OpenError::Io {
        path: directory.to_owned(),
        error,
    };
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(directory);
    made.map_err(io)?;
    // In a directory of everybody, somebody else may have been first.
    let found = fs::symlink_metadata(directory).map_err(io)?;
    let ours = found.uid() == getuid().as_raw() && found.mode() & 0o022 == 0;
    if !found.is_dir() || !ours {
        return Err(OpenError::Directory(directory.to_owned()));
    }
    Ok(())
}

fn open_registry(config: &Config, path: &Path) -> Result<Registry, OpenError> {
    let io = |error| OpenError::Io {
        path: path.to_owned(),
        error,
    };
    for _ in 0..OPEN_TRIES {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o644)
            .open(path)
            .map_err(io)?;
        lock(&file, path)?;
        // Between opening and locking, another owner may have put this file aside.
        if !is_at(&file, path) {
            continue;
        }
        let empty = file.metadata().map_err(io)?.len() == 0;
        if empty {
            let segment = Segment::create(file, config.geometry()).map_err(io)?;
            segment.enter(&config.identity());
            return Registry::new(segment, Catalogue::default(), config.series_max).map_err(io);
        }
        match read(&file) {
            Ok((geometry, catalogue)) => {
                let segment = Segment::reopen(file, geometry).map_err(io)?;
                segment.enter(&config.identity());
                tracing::info!(path = %path.display(), "counters go on where they were");
                return Registry::new(segment, catalogue, config.series_max).map_err(io);
            }
            Err(why) => {
                let aside = aside(path);
                tracing::warn!(
                    path = %path.display(),
                    aside = %aside.display(),
                    error = %why,
                    "monitor segment cannot be used; counters begin anew"
                );
                fs::rename(path, &aside).map_err(io)?;
            }
        }
    }
    Err(io(io::ErrorKind::ResourceBusy.into()))
}

/// Where a file goes that cannot be used; the one that was there before is gone then, so they do not pile up.
fn aside(path: &Path) -> PathBuf {
    path.with_added_extension("aside")
}

fn lock(file: &File, path: &Path) -> Result<(), OpenError> {
    for tries_left in (0..LOCK_TRIES).rev() {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if tries_left > 0 => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => {
                return Err(OpenError::Io {
                    path: path.to_owned(),
                    error,
                });
            }
        }
    }
    let header = read_header(&FileSource(file));
    Err(OpenError::Owned {
        path: path.to_owned(),
        pid: header.map_or(0, |header| header.instance.pid),
    })
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => open.dev() == there.dev() && open.ino() == there.ino(),
        _ => false,
    }
}

/// What is in a file, if it is a segment from end to end.
fn read(file: &File) -> Result<(Geometry, Catalogue), super::ReadError> {
    let source = FileSource(file);
    let header = read_header(&source)?;
    let registry = read_registry(&source, &header)?;
    let catalogue = Catalogue::parse(&registry, header.geometry)?;
    let whole = header.geometry.file_bytes() as u64;
    let len = file.metadata()?.len();
    if len != whole {
        return Err(FormatError::Truncated { len }.into());
    }
    Ok((header.geometry, catalogue))
}
