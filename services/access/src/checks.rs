//! What makes a lost push cost no more than a heartbeat: users whose links beat are compared with the newest versions there are.

use crate::config::Config;
use crate::handle::Handle;
use crate::node::Node;
use im_idl::base::Uins;
use im_idl::sync::SyncClient;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// After failures the interval grows up to this many times.
const BACKOFF_MAX: u32 = 16;

/// Links that wait to be compared, each there once at most.
#[derive(Debug)]
pub(crate) struct Checks {
    sync: SyncClient,
    interval: Duration,
    users_max: usize,
    calls_max: usize,
    waiting: Mutex<VecDeque<Arc<Handle>>>,
    work: Notify,
}

/// Compares, for ever.
pub(crate) async fn run(node: Arc<Node>) {
    let checks = &node.checks;
    let mut backoff = 1;
    loop {
        if checks.waiting().is_empty() {
            checks.work.notified().await;
        }
        // Those that beat within the same interval go together.
        sleep(checks.interval * backoff).await;
        backoff = match checks.compare_some().await {
            true => 1,
            false => (backoff * 2).min(BACKOFF_MAX),
        };
    }
}

impl Checks {
    pub(crate) fn new(sync: SyncClient, config: &Config) -> Checks {
        Checks {
            sync,
            interval: Duration::from_millis(config.check_interval_ms),
            users_max: config.check_users_max.max(1),
            calls_max: config.checks_per_interval_max.max(1),
            waiting: Mutex::default(),
            work: Notify::new(),
        }
    }

    /// Has a link compared soon.
    pub(crate) fn add(&self, handle: &Arc<Handle>) {
        if handle.begin_check() {
            self.waiting().push_back(handle.clone());
            self.work.notify_one();
        }
    }

    /// Has all these compared, spread over time.
    pub(crate) fn add_all(&self, handles: &[Arc<Handle>]) {
        for handle in handles {
            self.add(handle);
        }
    }

    /// Compares as many as may be at once. False when that failed.
    async fn compare_some(&self) -> bool {
        for _ in 0..self.calls_max {
            let links: Vec<Arc<Handle>> = {
                let mut waiting = self.waiting();
                let some = waiting.len().min(self.users_max);
                waiting.drain(..some).collect()
            };
            // From now on a heartbeat asks anew: what we are told may be older than it.
            links.iter().for_each(|handle| handle.end_check());
            if links.is_empty() {
                break;
            }
            let uins = links.iter().map(|handle| handle.uin()).collect();
            match self.sync.newest(Uins { uins }).await {
                Ok(newest) => {
                    for (handle, versions) in links.iter().zip(&newest.versions) {
                        handle.tell(versions);
                    }
                }
                Err(status) => {
                    tracing::debug!(%status, "newest versions are not known for now");
                    self.add_all(&links);
                    self.waiting().retain(|handle| !handle.is_closed());
                    return false;
                }
            }
        }
        true
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Arc<Handle>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
