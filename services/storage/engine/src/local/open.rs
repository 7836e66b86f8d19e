//! Opening an engine's directory: lock, format, store, log.

use crate::key_table::Engine;
use crate::local::Local;
use crate::local::config::LocalConfig;
use crate::local::core::Core;
use crate::local::store::{Store, StoreError};
use crate::local::table::Table;
use crate::local::wal::{Directory, Disk, Log, LogError, recover};
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

const FORMAT_FILE: &str = "FORMAT";
const FORMAT_FILE_NEW: &str = "FORMAT.new";
const LOCK_FILE: &str = "LOCK";
const LOG_DIR: &str = "wal";
const STORE_DIR: &str = "rows";
/// The file that the store writes last when it is made.
const STORE_MADE_FILE: &str = "version";
/// The only format this code reads and writes.
const FORMAT: &str = "im-engine 1\n";

/// Why a directory was not opened. Nothing in it was changed.
#[derive(Debug)]
pub enum OpenError {
    /// Another engine, of this process or another, has it open.
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
    /// The file system refused.
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// The log is damaged where it was known to be whole, or does not fit the store.
    Log {
        /// Which file, where, and what is wrong.
        reason: String,
    },
    /// The store cannot be opened.
    Store {
        /// What it said.
        reason: String,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::InUse { dir } => write!(f, "{} is in use by another engine", dir.display()),
            OpenError::Format { dir, found } => {
                write!(
                    f,
                    "{} is not of a format known here: {found}",
                    dir.display()
                )
            }
            OpenError::Io { path, error } => write!(f, "{}: {error}", path.display()),
            OpenError::Log { reason } | OpenError::Store { reason } => write!(f, "{reason}"),
        }
    }
}

impl std::error::Error for OpenError {}

/// Opens the engine of a directory, or makes one there. Everything that was ever acknowledged there is in it.
///
/// # Errors
/// Those of [`OpenError`].
///
/// # Panics
/// Outside of a tokio runtime, as do the engine's methods.
pub async fn open(config: LocalConfig) -> Result<Engine, OpenError> {
    let dir = config.dir.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let disk = |path| Ok(Arc::new(Directory::open(path)?) as Arc<dyn Disk>);
        open_with(config, disk)
    });
    match opened.await {
        Ok(core) => Ok(Arc::new(Local::new(Arc::new(core?)))),
        Err(error) => {
            let error = io::Error::other(error);
            Err(OpenError::Io { path: dir, error })
        }
    }
}

/// As [`open`], with another disk under the log. Blocks.
pub(crate) fn open_with(
    mut config: LocalConfig,
    disk: impl FnOnce(PathBuf) -> io::Result<Arc<dyn Disk>>,
) -> Result<Core, OpenError> {
    // Else a single segment could be more than the log may hold.
    config.wal_segment_bytes = config.wal_segment_bytes.min(config.wal_bytes_max / 4);
    let dir = config.dir.clone();
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| OpenError::Io { path, error }
    };
    fs::create_dir_all(&dir).map_err(at(&dir))?;
    let lock_file = lock_dir(&dir, Duration::from_millis(config.lock_wait_ms))?;
    check_format(&dir)?;
    let log_dir = dir.join(LOG_DIR);
    let disk = disk(log_dir.clone()).map_err(at(&log_dir))?;
    let store = open_store(&dir.join(STORE_DIR), config.fjall_cache_bytes)?;
    let applied = store.applied().map_err(store_failed)?;
    let table = Table::new();
    let recovered = recover(&*disk, applied.whole, |lsn, changes| {
        for (name, change) in changes {
            table.apply(name, change, lsn <= applied.some);
        }
    });
    let recovered = recovered.map_err(|error: LogError| {
        let reason = error.to_string();
        OpenError::Log { reason }
    })?;
    let last = recovered.last();
    let log = Log::resume(disk, recovered, config.wal_segment_bytes).map_err(at(&log_dir))?;
    tracing::debug!(dir = %dir.display(), last, applied = applied.whole, "engine opened");
    Ok(Core {
        config,
        table,
        store,
        log,
        queue: Default::default(),
        applied: AtomicU64::new(last),
        stopped: Default::default(),
        checkpoint: Default::default(),
        settling: Default::default(),
        making_spare: Default::default(),
        counters: Default::default(),
        _lock: lock_file,
    })
}

/// The lock goes with the process that holds it, however it ends. An engine of this process may still be at its last commit.
fn lock_dir(dir: &Path, patience: Duration) -> Result<File, OpenError> {
    let path = dir.join(LOCK_FILE);
    let io = |error| OpenError::Io {
        path: path.clone(),
        error,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(io)?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(io(error)),
            Err(TryLockError::WouldBlock) if began.elapsed() > patience => {
                let dir = dir.to_owned();
                return Err(OpenError::InUse { dir });
            }
            // On a thread of the blocking pool, where no timer of the runtime helps.
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// Checks the format of a directory, and notes it in an empty one.
fn check_format(dir: &Path) -> Result<(), OpenError> {
    let path = dir.join(FORMAT_FILE);
    let io = |error| OpenError::Io {
        path: path.clone(),
        error,
    };
    let unknown = |found: String| OpenError::Format {
        dir: dir.to_owned(),
        found,
    };
    match fs::read(&path) {
        Ok(format) if format == FORMAT.as_bytes() => Ok(()),
        Ok(format) => {
            let start = &format[..format.len().min(80)];
            Err(unknown(format!(
                "FORMAT says {:?}",
                String::from_utf8_lossy(start)
            )))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            for entry in fs::read_dir(dir).map_err(io)? {
                let name = entry.map_err(io)?.file_name();
                if name != LOCK_FILE && name != FORMAT_FILE_NEW {
                    return Err(unknown(format!("no FORMAT, but {name:?}")));
                }
            }
            let new = dir.join(FORMAT_FILE_NEW);
            fs::write(&new, FORMAT).map_err(io)?;
            File::open(&new)
                .and_then(|file| file.sync_all())
                .map_err(io)?;
            fs::rename(&new, &path).map_err(io)?;
            File::open(dir).and_then(|dir| dir.sync_all()).map_err(io)
        }
        Err(error) => Err(io(error)),
    }
}

/// Opens the store, or makes it. One whose making was cut short holds nothing, and is made again.
fn open_store(path: &Path, cache_bytes: u64) -> Result<Store, OpenError> {
    let io = |error| OpenError::Io {
        path: path.to_owned(),
        error,
    };
    if path.try_exists().map_err(io)? {
        match path.join(STORE_MADE_FILE).try_exists().map_err(io)? {
            true => keep_journal(path).map_err(io)?,
            false => fs::remove_dir_all(path).map_err(io)?,
        }
    }
    Store::open(path, cache_bytes).map_err(store_failed)
}

/// The store's journal is always empty, but it must be there: fjall 3.1 takes a database without one for new, and then does not see the
/// rows it has.
fn keep_journal(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        if entry?
            .path()
            .extension()
            .is_some_and(|extension| extension == "jnl")
        {
            return Ok(());
        }
    }
    File::create(path.join("0.jnl"))?.sync_all()?;
    File::open(path)?.sync_all()
}

fn store_failed(error: StoreError) -> OpenError {
    let reason = format!("the store cannot be opened: {error}");
    OpenError::Store { reason }
}
