//! The service, put together.

use crate::config::Config;
use crate::figures;
use crate::queues::Queues;
use crate::service::Service;
use im_engine::Engine;
use im_idl::queue::QueueServer;
use std::sync::Arc;
use svrkit_rt::{Server, Status};

/// What the service stands on.
#[derive(Clone)]
pub struct Deps {
    /// Where tasks are kept.
    pub engine: Engine,
}

/// The service. Its queues begin to read their tasks; calls wait for that.
///
/// # Errors
/// The engine's, when it cannot say which queues there are.
///
/// # Panics
/// Outside of a runtime.
pub async fn build(config: Config, deps: Deps) -> Result<Server, Status> {
    let config = Arc::new(config);
    let queues = Queues::find(deps.engine.clone(), config.clone()).await?;
    let queues = Arc::new(queues);
    tokio::spawn(figures::show(Arc::downgrade(&queues)));
    let server = Server::new();
    let service = Service::new(config, deps.engine, queues, server.draining());
    Ok(server.service(QueueServer::new(service)))
}
