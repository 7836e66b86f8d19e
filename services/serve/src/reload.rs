//! Settings that change while the process runs.

use crate::files::Files;
use crate::gray::Gray;
use crate::process::causes;
use crate::settings::Settings;
use crate::start::StartError;
use std::path::PathBuf;
use tokio::sync::watch;
use tracing::{info, warn};

/// Follows the settings' file, if there is one, and that of `im gray`: each time one changes all is loaded again, and what makes sense is
/// sent. What does not is logged, and the old settings stay.
///
/// Only settings that say so in their documentation are taken over by a running service.
pub fn follow(
    first: Settings,
    file: Option<PathBuf>,
    load: impl Fn() -> Result<Settings, StartError> + Send + 'static,
) -> watch::Receiver<Settings> {
    let paths = file.into_iter().chain([Gray::file(&first)]);
    let mut files = Files::now(paths.collect());
    let (sender, receiver) = watch::channel(first);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = files.change() => {}
                () = sender.closed() => return,
            }
            let files = files.paths();
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
