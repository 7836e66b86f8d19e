//! Settings that change while the process runs.

use crate::gray::Gray;
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

/// Follows the settings' file, if there is one, and that of `im gray`: each time one changes all is loaded again, and what makes sense is
/// sent. What does not is logged, and the old settings stay.
///
/// Only settings that say so in their documentation are taken over by a running service.
pub fn follow(
    first: Settings,
    file: Option<PathBuf>,
    load: impl Fn() -> Result<Settings, StartError> + Send + 'static,
) -> watch::Receiver<Settings> {
    let files: Vec<PathBuf> = file.into_iter().chain([Gray::file(&first)]).collect();
    let (sender, receiver) = watch::channel(first);
    tokio::spawn(async move {
        let stamps = || files.iter().map(stamp).collect::<Vec<_>>();
        let mut seen = stamps();
        let mut looks = interval(LOOK_EVERY);
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                () = sender.closed() => return,
            }
            let now = stamps();
            if now == seen {
                continue;
            }
            seen = now;
            match load() {
                Ok(settings) => {
                    info!(?files, "settings loaded again");
                    sender.send_replace(settings);
                }
                Err(error) => {
                    let error = causes(&*error);
                    warn!(
                        ?files,
                        error, "new settings make no sense; the old ones stay"
                    );
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
