//! A plan that changes while the process runs.

use super::{DEFAULT_PLAN, DEFAULT_PLAN_NAME, Plan, PlanError};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::interval;
use tracing::{error, info};

/// How often the file is looked at. An operator's change need not be faster, and a look costs a system call.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Bytes of a plan.
const PLAN_BYTES_MAX: u64 = 1024 * 1024;

/// The plan in force, and each that takes its place.
pub type Plans = watch::Receiver<Arc<Plan>>;

/// Why there is no plan.
#[derive(Debug)]
pub enum LoadError {
    /// The file cannot be read.
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There are mistakes in it.
    Mistakes(PlanError),
}

impl Plan {
    /// Reads the plan in a file; the built-in one without.
    ///
    /// # Errors
    /// It cannot be read, or there are mistakes in it.
    pub fn load(file: Option<&Path>) -> Result<Plan, LoadError> {
        let Some(path) = file else {
            return Plan::parse(DEFAULT_PLAN, DEFAULT_PLAN_NAME).map_err(LoadError::Mistakes);
        };
        let unreadable = |source| LoadError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        if length > PLAN_BYTES_MAX {
            let large = format!("it is over {PLAN_BYTES_MAX} bytes");
            return Err(unreadable(io::Error::new(
                io::ErrorKind::InvalidData,
                large,
            )));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Plan::parse(&text, &path.display().to_string()).map_err(LoadError::Mistakes)
    }
}

/// Reads the plan and follows its file: each time it changes it is read again, and what makes sense takes the old one's place. What does
/// not is logged, every mistake with its place, and the old one stays. Without a file nothing ever changes.
///
/// # Errors
/// The first plan cannot be read.
pub fn follow(file: Option<PathBuf>) -> Result<Plans, LoadError> {
    // Before it is read: a change in between is seen then.
    let mut seen = file.as_deref().and_then(stamp);
    let first = Plan::load(file.as_deref())?;
    let (sender, receiver) = watch::channel(Arc::new(first));
    let Some(file) = file else {
        return Ok(receiver);
    };
    tokio::spawn(async move {
        let mut looks = interval(LOOK_EVERY);
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                () = sender.closed() => return,
            }
            let now = stamp(&file);
            if now == seen {
                continue;
            }
            seen = now;
            match Plan::load(Some(&file)) {
                Ok(plan) => {
                    info!(file = %file.display(), rules = plan.watch.rules.len(), "the plan of alarms was read again");
                    sender.send_replace(Arc::new(plan));
                }
                Err(wrong) => {
                    error!(%wrong, "the new plan of alarms makes no sense; the old one stays");
                }
            }
        }
    });
    Ok(receiver)
}

/// What changes when the file does; `None` while it is not there.
fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Unreadable { path, source } => {
                write!(f, "cannot read {}: {source}", path.display())
            }
            LoadError::Mistakes(mistakes) => mistakes.fmt(f),
        }
    }
}

impl std::error::Error for LoadError {}
