//! What a service is started with.

use crate::peers::Peers;
use crate::settings::{Settings, SettingsError};
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use tokio::sync::watch;

/// Why a service does not start: said once, by whoever started it.
pub type StartError = Box<dyn std::error::Error + Send + Sync>;

/// What a service is started with, the same in a process of its own and beside all others.
#[derive(Clone)]
pub struct Start {
    /// Its name.
    pub role: &'static str,
    /// Everybody's settings.
    pub settings: Settings,
    /// The same when they change: for the few that a running service takes over.
    pub changes: watch::Receiver<Settings>,
    /// Those it calls.
    pub peers: Peers,
}

impl Start {
    /// Its own settings.
    ///
    /// # Errors
    /// As [`Settings::section`].
    pub fn config<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        self.settings.section(self.role)
    }

    /// Its own folder for data.
    pub fn data_dir(&self) -> PathBuf {
        self.settings.data_dir().join(self.role)
    }
}
