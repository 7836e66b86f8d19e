//! How the backend does at this moment, from its services themselves: `im.overview.Overview`.

use super::deps::Deps;
use im_idl::base::Empty;
use im_idl::overview::{GetResponse, Overview};
use im_idl::queue::StatsRequest;
use svrkit_rt::{Context, Status};

/// Asks all services at once.
pub(super) struct Asking(pub(super) Deps);

impl Overview for Asking {
    async fn get(&self, _ctx: &mut Context, _request: Empty) -> Result<GetResponse, Status> {
        let (fanout, store, queues, sessions) = tokio::join!(
            self.0.fanout.stats(Empty {}),
            self.0.message_store.stats(Empty {}),
            self.0.queue.stats(StatsRequest::default()),
            self.0.session.count(Empty {}),
        );
        let mut answer = GetResponse::default();
        let mut silent = |service: &str| answer.silent.push(service.to_owned());
        let fanout = fanout.unwrap_or_else(|_| (silent("fanout"), Default::default()).1);
        let store = store.unwrap_or_else(|_| (silent("message_store"), Default::default()).1);
        let queues = queues.unwrap_or_else(|_| (silent("queue"), Default::default()).1);
        let sessions = sessions.unwrap_or_else(|_| (silent("session"), Default::default()).1);
        let reads = store.cache_hits + store.cache_misses;
        Ok(GetResponse {
            users_online: sessions.users,
            links: sessions.links,
            access_nodes: sessions.nodes,
            rows_appended: store.rows_appended,
            rows_deleted: store.rows_deleted,
            cache_hit_permille: (store.cache_hits * 1_000 / reads.max(1)) as u32,
            cache_bytes: store.cache_bytes,
            batches_per_commit: store.batches as f64 / store.commits.max(1) as f64,
            sync_us: store.sync_us as f64 / store.commits.max(1) as f64,
            fanout_tasks: fanout.tasks,
            fanout_rows: fanout.rows,
            fanout_failures: fanout.failures,
            queues: queues.queues,
            ..answer
        })
    }
}
