//! The queues there are, each with the task that owns it.

use crate::commands::Command;
use crate::config::Config;
use crate::limits;
use crate::owner;
use crate::rows;
use im_engine::Engine;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use svrkit_rt::Status;
use tokio::sync::mpsc;

/// Partitions looked at in one go.
const PARTITIONS_PER_PAGE: usize = 100;

/// Ways to the owners of queues. The owners end with it.
pub(crate) struct Queues {
    engine: Engine,
    config: Arc<Config>,
    owners: Mutex<BTreeMap<String, mpsc::Sender<Command>>>,
}

impl Queues {
    /// Those that the engine has; each begins to read its tasks.
    pub(crate) async fn find(engine: Engine, config: Arc<Config>) -> Result<Queues, Status> {
        let queues = Queues {
            engine: engine.clone(),
            config,
            owners: Mutex::default(),
        };
        let prefix = bytes::Bytes::from_static(rows::PARTITION_PREFIX);
        let mut after = None;
        loop {
            let page = engine.partitions(prefix.clone(), after, PARTITIONS_PER_PAGE);
            let page = page.await?;
            for name in page.iter().filter_map(|p| rows::queue_name(p)) {
                queues.own(&mut queues.lock(), name);
            }
            after = page.last().cloned();
            if after.is_none() {
                return Ok(queues);
            }
        }
    }

    /// The owner of a queue, made if there is none.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that none may have; `ResourceExhausted` when there are too many queues.
    pub(crate) fn open(&self, queue: &str) -> Result<mpsc::Sender<Command>, Status> {
        let mut owners = self.lock();
        if let Some(owner) = owners.get(queue).filter(|owner| !owner.is_closed()) {
            return Ok(owner.clone());
        }
        limits::queue(queue)?;
        if owners.len() >= self.config.queues_max && !owners.contains_key(queue) {
            let message = format!("queues_max: there are {} queues", owners.len());
            return Err(Status::resource_exhausted(message).with_reason("im.queue", "QUEUES"));
        }
        Ok(self.own(&mut owners, queue))
    }

    /// The owner of a queue; `None` when there is no such queue.
    ///
    /// # Errors
    /// As [`Queues::open`], and the engine's.
    pub(crate) async fn open_existing(
        &self,
        queue: &str,
    ) -> Result<Option<mpsc::Sender<Command>>, Status> {
        if !self.lock().contains_key(queue) {
            limits::queue(queue)?;
            let versions = self.engine.versions(vec![rows::partition(queue)]).await?;
            if versions.iter().all(|version| *version == 0) {
                return Ok(None);
            }
        }
        self.open(queue).map(Some)
    }

    /// All owners.
    pub(crate) fn all(&self) -> Vec<(String, mpsc::Sender<Command>)> {
        let names: Vec<String> = self.lock().keys().cloned().collect();
        let open = |name: String| Some((name.clone(), self.open(&name).ok()?));
        names.into_iter().filter_map(open).collect()
    }

    fn own(
        &self,
        owners: &mut BTreeMap<String, mpsc::Sender<Command>>,
        queue: &str,
    ) -> mpsc::Sender<Command> {
        let (commands, received) = mpsc::channel(self.config.calls_max.max(1));
        let (engine, config) = (self.engine.clone(), self.config.clone());
        let back = commands.downgrade();
        tokio::spawn(owner::own(engine, queue.to_owned(), config, received, back));
        owners.insert(queue.to_owned(), commands.clone());
        commands
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, mpsc::Sender<Command>>> {
        // An insertion is all that happens under it.
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
