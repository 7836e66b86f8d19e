//! The calls.

use im_idl::base::Empty;
use im_idl::monitor::{Agent, StatusResponse};
use svrkit_rt::{Context, Status};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Serves `im.monitor.Agent`. What it tells of ends with it.
pub(super) struct Service {
    pub(super) shown: watch::Receiver<StatusResponse>,
    pub(super) _reporting: JoinSet<()>,
}

impl Agent for Service {
    async fn status(&self, _: &mut Context, _: Empty) -> Result<StatusResponse, Status> {
        Ok(self.shown.borrow().clone())
    }
}
