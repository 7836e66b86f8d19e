//! The service, put together.

use super::identity::Identity;
use super::reporting::Reporting;
use super::scan::Scanner;
use super::service::Service;
use super::spool::Spool;
use crate::config::{AgentConfig, PERIOD_MS};
use im_idl::monitor::{AgentServer, CentreClient, StatusResponse};
use im_serve::{Counters, Peers, Start, StartError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use svrkit_rt::{Server, Status};
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};

/// What an agent stands on.
#[derive(Clone, Debug)]
pub struct AgentDeps {
    /// Where reports go.
    pub centre: CentreClient,
    /// Where processes have their counters; `None` when nothing is counted.
    pub counters: Option<PathBuf>,
}

impl AgentDeps {
    /// Reports go over the channels of `peers`.
    ///
    /// # Errors
    /// `FailedPrecondition` when one has no address.
    pub fn connect(peers: &Peers, counters: Option<PathBuf>) -> Result<AgentDeps, Status> {
        let centre = CentreClient::new(peers.channel("monitor")?);
        Ok(AgentDeps { centre, counters })
    }
}

/// Builds it from its settings and peers.
///
/// # Errors
/// Settings or peers that it cannot work with; a folder that it cannot write.
pub async fn start_agent(start: Start) -> Result<Server, StartError> {
    let counters = Counters::from_settings(&start.settings)?;
    let directory = counters.directory(&start.settings)?;
    let deps = AgentDeps::connect(&start.peers, counters.enabled.then_some(directory))?;
    build_agent(start.config()?, &start.data_dir(), deps).await
}

/// Begins to report, from a folder of its own.
///
/// # Errors
/// Settings that it cannot work with; a folder that it cannot write, or that is another agent's.
///
/// # Panics
/// Outside of a runtime.
pub async fn build_agent(
    config: AgentConfig,
    dir: &Path,
    deps: AgentDeps,
) -> Result<Server, StartError> {
    if !PERIOD_MS.contains(&config.period_ms) {
        let (least, most) = (PERIOD_MS.start(), PERIOD_MS.end());
        return Err(format!("agent.period_ms is from {least} to {most}").into());
    }
    let cannot = |error: io::Error| {
        let dir = dir.display();
        StartError::from(format!("the agent cannot use {dir}: {error}"))
    };
    let folder = dir.to_owned();
    let begun = spawn_blocking(move || {
        let lock_wait = Duration::from_millis(config.lock_wait_ms);
        let identity = Identity::begin(&folder, lock_wait)?;
        let spool = Spool::open(folder.join("spool"), config.spool_bytes_max)?;
        Ok((identity, spool))
    });
    let (identity, spool) = begun.await?.map_err(cannot)?;
    let host = match config.host.is_empty() {
        true => host_name(),
        false => config.host,
    };
    let first = StatusResponse {
        agent: identity.agent.clone(),
        host: host.clone(),
        ..StatusResponse::default()
    };
    let (shown, look) = watch::channel(first);
    let mut reporting = JoinSet::new();
    if let Some(counters) = deps.counters {
        let agent = Reporting {
            identity,
            host,
            period_ms: config.period_ms,
            scanner: Scanner::new(counters, config.period_ms),
            spool,
            centre: deps.centre,
            shown,
        };
        reporting.spawn(agent.run());
    }
    let service = Service {
        shown: look,
        _reporting: reporting,
    };
    Ok(Server::new().service(AgentServer::new(service)))
}

/// What the machine calls itself.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}
