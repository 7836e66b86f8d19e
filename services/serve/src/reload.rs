//! Settings that change while the process runs.

use crate::process::causes;
use crate::settings::Settings;
use crate::start::StartError;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::interval;
use tracing::{info, warn};

/// How often the file is looked at. An operator's change need not be faster, and a look costs a system call.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Follows the settings' file: each time it changes it is loaded again, and what makes sense is sent. What does not is logged, and the
/// old settings stay. Without a file nothing ever changes.
///
/// Only settings that say so in their documentation are taken over by a running service.
pub fn follow(
    first: Settings,
    file: Option<PathBuf>,
    load: impl Fn() -> Result<Settings, StartError> + Send + 'static,
) -> watch::Receiver<Settings> {
    let (sender, receiver) = watch::channel(first);
    let Some(file) = file else {
        return receiver;
    };
    tokio::spawn(async move {
        let mut seen = stamp(&file);
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
            match load() {
                Ok(settings) => {
                    info!(file = %file.display(), "settings loaded again");
                    sender.send_replace(settings);
                }
                Err(error) => {
                    let error = causes(&*error);
                    warn!(file = %file.display(), error, "new settings make no sense; the old ones stay");
                }
            }
        }
    });
    receiver
}

/// What changes when the file does; `None` while it is not there.
fn stamp(file: &PathBuf) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
