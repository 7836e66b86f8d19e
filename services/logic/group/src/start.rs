//! Starting it with the backend's settings.

use crate::config::Config;
use crate::settings::Handle;
use crate::{Deps, build};
use im_serve::{Settings, Start, StartError};
use svrkit_rt::Server;
use tokio::sync::watch;
use tracing::warn;

/// Builds it from its settings and peers, and takes over its bounds when the settings change.
///
/// # Errors
/// Settings or peers that it cannot work with.
pub async fn start(start: Start) -> Result<Server, StartError> {
    let deps = Deps::connect(&start.peers)?;
    let (server, handle) = build(start.config()?, deps).await?;
    tokio::spawn(follow(start.role, start.changes, handle));
    Ok(server)
}

/// Ends with whoever sends the settings.
async fn follow(role: &'static str, mut changes: watch::Receiver<Settings>, handle: Handle) {
    while changes.changed().await.is_ok() {
        let config = changes.borrow_and_update().section::<Config>(role);
        let taken = match config {
            Ok(config) => handle.reload(config).map_err(|status| status.to_string()),
            Err(error) => Err(im_serve::process::causes(&error)),
        };
        if let Err(error) = taken {
            warn!(
                error,
                "new bounds of groups make no sense; the old ones stay"
            );
        }
    }
}
