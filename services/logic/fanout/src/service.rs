//! The service, put together.

use crate::config::Config;
use crate::delivery::Delivery;
use crate::deps::Deps;
use crate::figures::Figures;
use crate::members::Members;
use crate::throttle::Throttle;
use crate::worker::Worker;
use im_idl::base::Empty;
use im_idl::fanout::{Fanout, FanoutServer, StatsResponse};
use im_serve::Notifier;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{Context, Server, Status};
use tokio::sync::watch;
use tokio::task::JoinSet;

struct Service {
    delivery: Arc<Delivery>,
    /// They end with the service.
    _workers: JoinSet<()>,
}

impl Fanout for Service {
    async fn stats(&self, _: &mut Context, _: Empty) -> Result<StatsResponse, Status> {
        Ok(self.delivery.figures.read())
    }
}

/// The service. Its workers begin at once, and end with a drain, each after what it is doing, or when the server is dropped; peers that are
/// away are tried again.
///
/// # Errors
/// None so far.
///
/// # Panics
/// Outside of a runtime.
pub async fn build(config: Config, deps: Deps) -> Result<Server, Status> {
    let timeout = Duration::from_millis(config.call_timeout_ms);
    let delivery = Arc::new(Delivery {
        queue: deps.queue,
        store: deps.message_store,
        members: Members::new(deps.group_store, timeout, config.cached_members_max),
        notifier: Notifier::new(deps.push),
        figures: Figures::default(),
        config,
    });
    let count = delivery.config.workers.max(1);
    let throttle = Arc::new(watch::Sender::new(Throttle::new(count)));
    let server = Server::new();
    let mut workers = JoinSet::new();
    for index in 0..count {
        let (delivery, throttle) = (delivery.clone(), throttle.clone());
        let worker = Worker {
            index,
            delivery,
            throttle,
            draining: server.draining(),
        };
        workers.spawn(worker.work());
    }
    let service = Service {
        delivery,
        _workers: workers,
    };
    Ok(server.service(FanoutServer::new(service)))
}
