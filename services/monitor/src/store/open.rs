//! Opening a store's directory: lock, format, checkpoint, blocks, log.

use super::block::{Block, BlockName};
use super::checkpoint;
use super::log::{Log, LogError};
use super::state::State;
use super::taking::{Bounds, take};
use im_idl::monitor::ReportRequest;
use prost::Message;
use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const FORMAT_FILE: &str = "FORMAT";
const FORMAT_FILE_NEW: &str = "FORMAT.new";
const LOCK_FILE: &str = "LOCK";
pub(super) const BLOCKS_DIR: &str = "blocks";
const LOG_DIR: &str = "log";
/// The only format this code reads and writes.
const FORMAT: &str = "im-monitor 1\n";
/// How long a directory may still be in use by a store that is just ending. Longer than writing takes.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(3);
/// A clock that goes back by less is one that is being set right.
const SET_BACK_MS_MIN: u64 = 5_000;

/// Why a store was not opened. Nothing that was acknowledged was changed.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// Another store, of this process or another, has it open.
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// It is of a format that this version does not know, or holds something else.
    Format {
        /// The directory.
        dir: PathBuf,
        /// What was found.
        found: String,
    },
    /// The file system refused, or a file is damaged.
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// The log is damaged where it was known to be whole.
    Log {
        /// Which file, where, and what is wrong.
        reason: String,
    },
}

/// A directory that was opened.
pub(super) struct Opened {
    pub(super) id: u64,
    pub(super) state: State,
    pub(super) log: Log,
    pub(super) lock: File,
}

/// Opens the store of a directory, or makes one there.
pub(super) fn open(
    dir: &Path,
    bounds: Bounds,
    now_ms: u64,
    lock_wait: Duration,
) -> Result<Opened, OpenError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| OpenError::Io { path, error }
    };
    let blocks_dir = dir.join(BLOCKS_DIR);
    fs::create_dir_all(&blocks_dir).map_err(at(&blocks_dir))?;
    let lock = lock(dir, lock_wait)?;
    check_format(dir)?;
    let kept = match checkpoint::read(dir).map_err(at(dir))? {
        Some(kept) => kept,
        None => begin(dir, now_ms)?,
    };
    let (store, mut state) = (kept.store, kept.state);
    let names = store.blocks.iter().filter_map(|block| block.name());
    state.blocks = open_blocks(&blocks_dir, names.collect()).map_err(at(&blocks_dir))?;
    let mut newest_ms = newest_report_ms(&state);
    let log = Log::open(&dir.join(LOG_DIR), store.log_first, |record| {
        newest_ms = newest_ms.max(record.received_ms);
        match ReportRequest::decode(&record.body[..]) {
            Ok(report) => drop(take(&mut state, bounds, record.received_ms, &report)),
            Err(error) => tracing::error!(%error, "a report in the log cannot be decoded"),
        }
    });
    let log = log.map_err(|error| log_failed(&error))?;
    if newest_ms > now_ms + SET_BACK_MS_MIN {
        tracing::warn!(
            seconds = (newest_ms - now_ms) / 1_000,
            "the clock was set back: until it is where it was, reports fall into windows that have some already"
        );
    }
    Ok(Opened {
        id: store.id,
        state,
        log,
        lock,
    })
}

/// A store without reports. Its checkpoint comes before its log, so a log without a checkpoint is a loss.
fn begin(dir: &Path, now_ms: u64) -> Result<checkpoint::Kept, OpenError> {
    let log_dir = dir.join(LOG_DIR);
    let io = |error| OpenError::Io {
        path: dir.to_owned(),
        error,
    };
    if log_dir.try_exists().map_err(io)? {
        let error = io::Error::new(io::ErrorKind::NotFound, "a log, but no checkpoint");
        return Err(io(error));
    }
    let state = State {
        born_ms: now_ms,
        ..State::default()
    };
    checkpoint::write(dir, fastrand::u64(1..), 1, &state).map_err(io)?;
    let missing = || io(io::Error::from(io::ErrorKind::NotFound));
    checkpoint::read(dir).map_err(io)?.ok_or_else(missing)
}

/// Opens the blocks of a checkpoint. Others were written for one that never came about, and are removed: what is in them is in the log.
fn open_blocks(dir: &Path, mut names: Vec<BlockName>) -> io::Result<Vec<Arc<Block>>> {
    let known: BTreeSet<String> = names.iter().map(|name| name.file_name()).collect();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = name.ends_with(".block") || name.ends_with(".new");
        if ours && !known.contains(&name) {
            fs::remove_file(entry.path())?;
        }
    }
    names.sort_unstable();
    let mut blocks = Vec::with_capacity(names.len());
    for name in names {
        match Block::open(dir, name) {
            Ok(block) => blocks.push(Arc::new(block)),
            Err(error) => set_aside(&dir.join(name.file_name()), &error)?,
        }
    }
    Ok(blocks)
}

/// A hole in the past is better than no present: a block that cannot be read is kept for whoever wants to look, and not used.
fn set_aside(path: &Path, error: &io::Error) -> io::Result<()> {
    let aside = path.with_extension("damaged");
    tracing::error!(
        path = %path.display(),
        aside = %aside.display(),
        %error,
        "a block of the past cannot be read: set aside, its time is missing"
    );
    match fs::rename(path, aside) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        renamed => renamed,
    }
}

fn newest_report_ms(state: &State) -> u64 {
    let instances = state.instances.values();
    instances.map(|i| i.reported_ms).max().unwrap_or(0)
}

/// The lock goes with the process that holds it, however it ends.
fn lock(dir: &Path, wait: Duration) -> Result<File, OpenError> {
    let path = dir.join(LOCK_FILE);
    let io = |error| OpenError::Io {
        path: path.clone(),
        error,
    };
    let mut options = File::options();
    let options = options.create(true).truncate(false).write(true);
    let file = options.open(&path).map_err(io)?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(io(error)),
            Err(TryLockError::WouldBlock) if began.elapsed() > wait => {
                let dir = dir.to_owned();
                return Err(OpenError::InUse { dir });
            }
            // On a thread of the blocking pool, where no timer of the runtime helps.
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// Checks the format of a directory, and notes it in a new one.
fn check_format(dir: &Path) -> Result<(), OpenError> {
    let path = dir.join(FORMAT_FILE);
    let io = |error| OpenError::Io {
        path: path.clone(),
        error,
    };
    match fs::read(&path) {
        Ok(format) if format == FORMAT.as_bytes() => Ok(()),
        Ok(format) => {
            let start = &format[..format.len().min(80)];
            let found = format!("FORMAT says {:?}", String::from_utf8_lossy(start));
            let dir = dir.to_owned();
            Err(OpenError::Format { dir, found })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let new = dir.join(FORMAT_FILE_NEW);
            fs::write(&new, FORMAT).map_err(io)?;
            File::open(&new).and_then(|f| f.sync_all()).map_err(io)?;
            fs::rename(&new, &path).map_err(io)?;
            File::open(dir).and_then(|d| d.sync_all()).map_err(io)
        }
        Err(error) => Err(io(error)),
    }
}

fn log_failed(error: &LogError) -> OpenError {
    let mut reason = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        reason = format!("{reason}: {source}");
    }
    OpenError::Log { reason }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::InUse { dir } => write!(f, "{} is in use by another store", dir.display()),
            OpenError::Format { dir, found } => {
                let dir = dir.display();
                write!(f, "{dir} is not of a format known here: {found}")
            }
            OpenError::Io { path, .. } => write!(f, "{} cannot be opened", path.display()),
            OpenError::Log { reason } => write!(f, "{reason}"),
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
