//! Bounds that change while the service runs.

use crate::config::Config;
use im_idl::refusal::with_retry_after;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use svrkit_rt::{Code, Status, TokenBuckets};

/// Sets other bounds on a running service.
#[derive(Clone)]
pub struct Handle {
    settings: Arc<Settings>,
}

impl Handle {
    pub(crate) fn new(settings: Arc<Settings>) -> Handle {
        Handle { settings }
    }

    /// Takes over `config` for all calls from now on. `rated_users_max` stays until the next start.
    ///
    /// # Errors
    /// `InvalidArgument` when it leaves room for nothing; the bounds stay as they were.
    pub fn reload(&self, config: Config) -> Result<(), Status> {
        self.settings.set(config)
    }
}

/// The bounds in force, and what users have used of them.
pub(crate) struct Settings {
    config: RwLock<Arc<Config>>,
    /// A lock for a few nanoseconds on calls that cost a thousand times that.
    changes: Mutex<TokenBuckets<u64>>,
}

impl Settings {
    pub(crate) fn new(config: Config) -> Result<Settings, Status> {
        config.check()?;
        let changes = TokenBuckets::new(config.rate(), config.rated_users_max);
        Ok(Settings {
            changes: Mutex::new(changes),
            config: RwLock::new(Arc::new(config)),
        })
    }

    /// The bounds for one call.
    pub(crate) fn config(&self) -> Arc<Config> {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
        config.clone()
    }

    /// Counts a change by `uin`.
    ///
    /// # Errors
    /// `ResourceExhausted` with when to come again.
    pub(crate) fn take_change(&self, uin: u64) -> Result<(), Status> {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.take(uin).map_err(|wait| {
            let refused = Status::new(Code::ResourceExhausted, "too many changes of groups");
            let wait_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
            with_retry_after(refused, "im.group", "TOO_FAST", wait_ms.max(1))
        })
    }

    fn set(&self, config: Config) -> Result<(), Status> {
        config.check()?;
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.set_rate(config.rate());
        let mut current = self.config.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(config);
        Ok(())
    }
}
