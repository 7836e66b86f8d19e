//! Where a process has its counters: section `[counters]`.

use crate::process::causes;
use crate::settings::{Settings, SettingsError};
use crate::start::StartError;
use serde::{Deserialize, Serialize};
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::PathBuf;
use svrkit_rt::Tag;
use svrkit_rt::monitor::{self, OpenError};

/// What every process is told of its counters.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Counters {
    /// Whether processes count where agents can read it, and agents report; and whether calls are counted at all. Default true.
    pub enabled: bool,
    /// Where this machine's processes have their counters: all of them, and the agent, the same. Empty: a folder of the backend's own, by
    /// its data folder, on the machine's memory file system.
    pub directory: PathBuf,
}

impl Default for Counters {
    fn default() -> Counters {
        Counters {
            enabled: true,
            directory: PathBuf::new(),
        }
    }
}

impl Counters {
    /// As in the settings.
    ///
    /// # Errors
    /// The section makes no sense.
    pub fn from_settings(settings: &Settings) -> Result<Counters, SettingsError> {
        settings.section("counters")
    }

    /// Where they are.
    ///
    /// # Errors
    /// There is no working directory to look from.
    pub fn directory(&self, settings: &Settings) -> io::Result<PathBuf> {
        if !self.directory.as_os_str().is_empty() {
            return Ok(self.directory.clone());
        }
        let mut hash = DefaultHasher::new();
        std::path::absolute(settings.data_dir())?.hash(&mut hash);
        let name = format!("im-{:016x}", hash.finish());
        Ok(monitor::default_directory().join(name))
    }
}

/// Processes of one service that count beside each other on a machine: several instances, and those that take over from one.
const INSTANCES_MAX: u32 = 16;

/// Opens the counters of this process: those of `instance` (of a release that is being tried `instance.TAG`, so that neither goes on with
/// the other's figures), or of `instance.2` and so on while another process has these. What goes wrong
/// is logged, and the process counts for itself then: nobody goes without service for want of figures. Comes first, before anything is
/// counted.
pub fn open_counters(settings: &Settings, instance: &str, service: &str, tag: Option<Tag>) {
    let gray = tag.map(|tag| tag.to_string()).unwrap_or_default();
    let instance = match tag {
        Some(tag) => &format!("{instance}.{tag}"),
        None => instance,
    };
    let Err(error) = open(settings, instance, service, gray) else {
        return;
    };
    if matches!(error.downcast_ref(), Some(OpenError::TooLate)) {
        // Several backends in one process, as in tests: the first has them.
        tracing::debug!(instance, "counters were opened before");
        return;
    }
    let error = causes(&*error);
    tracing::warn!(
        instance,
        error,
        "nobody can read the counters of this process"
    );
}

fn open(
    settings: &Settings,
    instance: &str,
    service: &str,
    gray: String,
) -> Result<(), StartError> {
    let counters = Counters::from_settings(settings)?;
    if !counters.enabled {
        monitor::count_calls(false);
        return Ok(());
    }
    let mut config = monitor::Config {
        directory: counters.directory(settings)?,
        instance: instance.to_owned(),
        service: service.to_owned(),
        gray,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..monitor::Config::default()
    };
    for next in 2.. {
        match monitor::open(&config) {
            Err(OpenError::Owned { .. }) if next <= INSTANCES_MAX => {
                config.instance = format!("{instance}.{next}");
            }
            opened => return Ok(opened?),
        }
    }
    Ok(())
}
