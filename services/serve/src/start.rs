//! What a service is started with.

use crate::admin::Told;
use crate::peers::Peers;
use crate::settings::{Settings, SettingsError};
use serde::Serialize;
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
    /// What the process tells of itself.
    pub told: Told,
}

impl Start {
    /// Its own settings.
    ///
    /// # Errors
    /// As [`Settings::section`].
    pub fn config<T>(&self) -> Result<T, SettingsError>
    where
        T: Serialize + DeserializeOwned + 'static,
    {
        self.section(self.role)
    }

    /// Settings of a section that it reads; the process tells them with their defaults.
    ///
    /// # Errors
    /// As [`Settings::section`].
    pub fn section<T>(&self, name: &'static str) -> Result<T, SettingsError>
    where
        T: Serialize + DeserializeOwned + 'static,
    {
        // Read again each time: a service that takes over new settings takes them from there, too.
        self.told.section(name, move |settings| {
            let section: T = settings.section(name).ok()?;
            toml::Value::try_from(section).ok()
        });
        self.settings.section(name)
    }

    /// Its own folder for data.
    pub fn data_dir(&self) -> PathBuf {
        self.settings.data_dir().join(self.role)
    }
}
