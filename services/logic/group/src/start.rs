//! Starting it with the backend's settings.

use crate::config::{CHANGEABLE, Config};
use crate::{Deps, build};
use im_serve::{Start, StartError};
use svrkit_rt::Server;

/// Builds it from its settings and peers, and takes over its bounds when the settings change.
///
/// # Errors
/// Settings or peers that it cannot work with.
pub async fn start(start: Start) -> Result<Server, StartError> {
    let deps = Deps::connect(&start.peers)?;
    let config: Config = start.config()?;
    let (server, handle) = build(config.clone(), deps).await?;
    start.reloadable(&config, &CHANGEABLE, move |config| {
        handle
            .reload(config)
            .map_err(|status| status.message().to_owned())
    });
    Ok(server)
}
