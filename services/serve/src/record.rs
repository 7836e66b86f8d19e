//! Where requests are recorded, when an operator says so: section `[record]`.

use crate::settings::{Settings, SettingsError};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use svrkit_rt::record::{Recorder, RecorderConfig};

/// What is recorded at `/record` of the admin pages.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct RecordConfig {
    /// Where recordings go. Empty: `recordings` in the data folder. They are as private as the data: what users write is in them.
    pub directory: PathBuf,
    /// Bytes of all recordings that are there; one that could take them beyond is not begun. Default 1 GiB.
    pub directory_bytes_max: u64,
}

impl Default for RecordConfig {
    fn default() -> RecordConfig {
        RecordConfig {
            directory: PathBuf::new(),
            directory_bytes_max: RecorderConfig::default().directory_bytes_max,
        }
    }
}

impl RecordConfig {
    /// The recorder of this process, as in the settings. Records nothing yet.
    ///
    /// # Errors
    /// The section makes no sense.
    pub(crate) fn recorder(settings: &Settings) -> Result<Recorder, SettingsError> {
        let config: RecordConfig = settings.section("record")?;
        let directory = match config.directory.as_os_str().is_empty() {
            true => settings.data_dir().join("recordings"),
            false => config.directory,
        };
        Ok(Recorder::new(RecorderConfig {
            directory,
            directory_bytes_max: config.directory_bytes_max,
        }))
    }
}
