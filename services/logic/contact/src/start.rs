//! Starting it with the backend's settings.

use crate::{Deps, build};
use im_serve::{Start, StartError};
use svrkit_rt::Server;

/// Builds it from its settings and peers.
///
/// # Errors
/// Settings or peers that it cannot work with.
pub async fn start(start: Start) -> Result<Server, StartError> {
    let deps = Deps::connect(&start.peers)?;
    Ok(build(start.config()?, deps).await?)
}
