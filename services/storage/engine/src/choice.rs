//! Which engine, by settings.

use crate::key_table::Engine;
use crate::local::{LocalConfig, OpenError, open};
use crate::memory::memory;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The engine of all stores: section `[engine]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineConfig {
    /// Which one.
    pub kind: EngineKind,
    /// Bounds of `local`. Its directory is given by whoever opens it.
    pub local: LocalConfig,
}

/// The engines there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// On this machine's disk.
    #[default]
    Local,
    /// Forgets everything when it ends: for tests.
    Memory,
}

impl EngineConfig {
    /// Opens the engine, with its files (if it has any) in `dir`.
    ///
    /// # Errors
    /// As [`open`].
    pub async fn open(self, dir: PathBuf) -> Result<Engine, OpenError> {
        match self.kind {
            EngineKind::Local => open(LocalConfig { dir, ..self.local }).await,
            EngineKind::Memory => Ok(memory()),
        }
    }
}
