//! Who records: one recording at a time, into one directory.

use super::chosen::Chosen;
use super::plan::Plan;
use super::recording::{Recording, Run};
use super::start_error::StartError;
use crate::server::ServerWatch;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where recordings go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecorderConfig {
    /// The directory of all files; made, for its owner only, when the first is. Default `recordings`, where the process was started.
    pub directory: PathBuf,
    /// Bytes of all that is in there. A recording that could take it beyond is not begun. Default 1 GiB.
    pub directory_bytes_max: u64,
}

impl Default for RecorderConfig {
    fn default() -> RecorderConfig {
        RecorderConfig {
            directory: "recordings".into(),
            directory_bytes_max: 1024 * 1024 * 1024,
        }
    }
}

/// Records requests of the servers of this process, when told to; a cheap clone.
///
/// ```no_run
/// # async fn f(server: svrkit_rt::ServerWatch) -> Result<(), svrkit_rt::record::StartError> {
/// use svrkit_rt::record::{Plan, Recorder, RecorderConfig};
///
/// let recorder = Recorder::new(RecorderConfig::default());
/// let plan = Plan { share: 0.01, ..Plan::new("hellos.svrrec", ["hello.v1.Greeter/SayHello"]) };
/// recorder.start(&plan, &[server])?;
/// // … and before the minute of the plan is over:
/// recorder.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: RecorderConfig,
    /// The recording that is under way, or was the last. A lock, so that of two who start one only one does.
    last: Mutex<Option<Arc<Run>>>,
}

impl Recorder {
    /// Records nothing yet, and touches no file.
    pub fn new(config: RecorderConfig) -> Recorder {
        Recorder(Arc::new(Inner {
            config,
            last: Mutex::default(),
        }))
    }

    /// Begins a recording of the methods that `plan` names, on all of `servers` that have them and run.
    ///
    /// # Errors
    /// See [`StartError`]; nothing is recorded then, and no file left.
    pub fn start(&self, plan: &Plan, servers: &[ServerWatch]) -> Result<(), StartError> {
        plan.check().map_err(StartError::Plan)?;
        let chosen = Chosen::of(plan, servers)?;
        let mut last = self.last();
        if let Some(run) = last.as_ref().filter(|run| !run.is_over()) {
            return Err(StartError::Busy(run.file.clone()));
        }
        let (path, file) = self.create(plan)?;
        let started = chosen.record(plan, file);
        let run = started.inspect_err(|_| {
            // It is ours, and empty or nearly so.
            let _ = std::fs::remove_file(path);
        })?;
        *last = Some(run);
        Ok(())
    }

    /// Ends the recording that is under way, and waits until its file is whole. `None` when there is none.
    pub async fn stop(&self) -> Option<Recording> {
        let run = self.last().clone()?;
        if run.is_over() {
            return None;
        }
        run.close();
        run.over().await;
        Some(run.look())
    }

    /// The recording that is under way, or was the last.
    pub fn last_recording(&self) -> Option<Recording> {
        self.last().as_ref().map(|run| run.look())
    }

    /// Where recordings go.
    pub fn config(&self) -> &RecorderConfig {
        &self.0.config
    }

    /// The files of the directory with their bytes, by name; none when it is not there yet.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn files(&self) -> io::Result<Vec<(String, u64)>> {
        let entries = match std::fs::read_dir(&self.0.config.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            // One that is gone by now is none.
            if let Ok(metadata) = entry.metadata()
                && metadata.is_file()
            {
                files.push((
                    entry.file_name().to_string_lossy().into_owned(),
                    metadata.len(),
                ));
            }
        }
        files.sort();
        Ok(files)
    }

    fn create(&self, plan: &Plan) -> Result<(PathBuf, File), StartError> {
        let config = &self.0.config;
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| StartError::Io { path, source }
        };
        let files = self.files().map_err(at(&config.directory))?;
        let bytes = files.iter().map(|(_, bytes)| bytes).sum::<u64>();
        let bytes_max = config.directory_bytes_max;
        if bytes.saturating_add(plan.file_bytes_max) > bytes_max {
            return Err(StartError::DirectoryFull { bytes, bytes_max });
        }
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&config.directory);
        made.map_err(at(&config.directory))?;
        let path = config.directory.join(&plan.file);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let file = file.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => StartError::Exists(plan.file.clone()),
            _ => at(&path)(error),
        })?;
        Ok((path, file))
    }

    fn last(&self) -> MutexGuard<'_, Option<Arc<Run>>> {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
