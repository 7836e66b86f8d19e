//! Starting it with the backend's settings.

use crate::{Deps, build};
use im_engine::EngineConfig;
use im_serve::{Start, StartError};
use svrkit_rt::Server;

/// Opens its engine and builds it.
///
/// # Errors
/// Settings that it cannot work with, or data that cannot be opened.
pub async fn start(start: Start) -> Result<Server, StartError> {
    let engine: EngineConfig = start.section("engine")?;
    let engine = engine.open(start.data_dir()).await?;
    Ok(build(start.config()?, Deps { engine }).await?)
}
