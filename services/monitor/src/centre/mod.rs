//! The centre: takes what agents report, keeps it, watches it, and shows it.
//!
//! `service` has the calls; reports go to the `writer`, the one task that has the store; questions (`curves`, `listing`) go to the store's
//! past beside it. `api` is the same over HTTP with JSON, and the page. `asking` is `im.overview.Overview`.

mod api;
mod asking;
mod checks;
mod curves;
mod deps;
mod listing;
mod notices;
mod service;
mod start;
mod value;
mod writer;

pub use deps::Deps;
pub use start::{open_past, serve, start};

use crate::config::Config;
use crate::history::History;
use crate::keeper::Keeper;
use crate::mail::Postman;
use crate::plan;
use crate::store::{Bounds, Past, Store};
use api::Site;
use asking::Asking;
use im_idl::monitor::CentreServer;
use im_idl::overview::OverviewServer;
use im_serve::StartError;
use service::Service;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{Server, clock};
use tokio::task::{JoinSet, spawn_blocking};
use writer::Writer;

/// A centre that runs, until it and its servers are dropped.
pub struct Centre {
    service: Service,
    deps: Deps,
    site: Site,
}

impl Centre {
    /// Opens the store in a folder and begins to watch it.
    ///
    /// # Errors
    /// What keeps the store, the plan, the alarms or the daily mail from being read.
    pub async fn open(config: Config, dir: &Path, deps: Deps) -> Result<Centre, StartError> {
        let store = open_store(&config, dir).await?;
        let past = store.past();
        let file = Some(config.plan.clone()).filter(|file| !file.as_os_str().is_empty());
        let plans = plan::follow(file)?;
        let (keeper, alarms) = Keeper::open(&dir.join("alarms"), plans.clone())?;
        let postman = Postman::open(&dir.join("mail"), plans.clone())?;
        let history: Arc<dyn History + Send + Sync> = Arc::new(past.clone());
        let mut watching = JoinSet::new();
        watching.spawn(keeper.run(history.clone()));
        watching.spawn(postman.run(history));
        let service = Service {
            writer: Arc::new(Writer::start(store, config.reports_max)),
            past: past.clone(),
            alarms: alarms.clone(),
            _watching: Arc::new(watching),
        };
        let site = Site::new(&config, past, alarms, plans);
        Ok(Centre {
            service,
            deps,
            site,
        })
    }

    /// What agents and tools call.
    pub fn server(&self) -> Server {
        Server::new().service(CentreServer::new(self.service.clone()))
    }

    /// The same, and what people look at.
    pub fn page(&self) -> Server {
        let overview = OverviewServer::new(Asking(self.deps.clone()));
        self.server().service(overview).pages(self.site.pages())
    }

    /// What it keeps.
    pub fn past(&self) -> Past {
        self.service.past.clone()
    }
}

async fn open_store(config: &Config, dir: &Path) -> Result<Store, StartError> {
    let bounds = Bounds {
        series_max: config.series_max,
        agent_series_max: config.agent_series_max,
        instances_max: config.instances_max,
    };
    let dir = dir.join("store");
    let now_ms = clock::now_ms();
    let lock_wait = Duration::from_millis(config.lock_wait_ms);
    Ok(spawn_blocking(move || Store::open_when_free(&dir, bounds, now_ms, lock_wait)).await??)
}
