//! What the queue promises, over its calls.

mod bounds;
mod brittle;
mod crashes;
mod dedupe;
mod leases;
mod order;
mod retries;
mod timing;

use im_engine::Engine;
use im_idl::queue::{
    Class, EnqueueRequest, FailRequest, FinishRequest, LeaseId, Leased, QueueClient, QueueStats,
    StatsRequest, TakeRequest, Task,
};
use im_queue::{Config, Deps, build};
use svrkit_rt::testing::serve_with;
use svrkit_rt::{ChannelConfig, Status};

/// The queue's name in all tests.
const QUEUE: &str = "q";

/// A queue over an engine. Dropping it ends the service; the engine may be served again.
async fn queue(engine: &Engine, config: Config) -> Queue {
    let engine = engine.clone();
    let server = build(config, Deps { engine }).await.unwrap();
    // Each call once: what is told here is what the queue answers, not what asking again comes to.
    let mut once = ChannelConfig::default();
    once.retry.attempts_max = 1;
    Queue(QueueClient::new(serve_with(server, once)))
}

#[derive(Clone)]
struct Queue(QueueClient);

impl Queue {
    async fn fresh(config: Config) -> Queue {
        queue(&im_engine::memory(), config).await
    }

    async fn enqueue(&self, tasks: impl IntoIterator<Item = Task>) -> Result<Vec<u64>, Status> {
        let tasks = tasks.into_iter().collect();
        Ok(self.0.enqueue(EnqueueRequest { tasks }).await?.ids)
    }

    /// What is there now.
    async fn take(&self, tasks_max: u32) -> Vec<Leased> {
        self.take_for(tasks_max, 0, 10_000).await.unwrap()
    }

    async fn take_for(
        &self,
        tasks_max: u32,
        wait_ms: u32,
        lease_ms: u32,
    ) -> Result<Vec<Leased>, Status> {
        let request = TakeRequest {
            queue: QUEUE.to_owned(),
            worker: "test".to_owned(),
            tasks_max,
            wait_ms,
            lease_ms,
            keys_max: 0,
        };
        Ok(self.0.take(request).await?.tasks)
    }

    /// Ends tasks; how many leases were lost.
    async fn finish(&self, tasks: &[Leased]) -> Result<usize, Status> {
        self.finish_with(tasks, Vec::new()).await
    }

    async fn finish_with(&self, tasks: &[Leased], follow_ups: Vec<Task>) -> Result<usize, Status> {
        let request = FinishRequest {
            queue: QUEUE.to_owned(),
            leases: leases(tasks),
            follow_ups,
        };
        Ok(self.0.finish(request).await?.lost.len())
    }

    async fn fail(&self, tasks: &[Leased]) {
        self.fail_as(tasks, FailRequest::default()).await;
    }

    async fn fail_as(&self, tasks: &[Leased], how: FailRequest) {
        let request = FailRequest {
            queue: QUEUE.to_owned(),
            leases: leases(tasks),
            error: "no luck".to_owned(),
            ..how
        };
        self.0.fail(request).await.unwrap();
    }

    async fn stats(&self) -> QueueStats {
        let queue = QUEUE.to_owned();
        let stats = self.0.stats(StatsRequest { queue }).await.unwrap();
        stats.queues.into_iter().next().unwrap_or_default()
    }

    /// Takes and finishes until nothing is there, whatever its delays; payloads in the order they came.
    async fn drain(&self) -> Vec<String> {
        let mut payloads = Vec::new();
        loop {
            let tasks = self.take_for(16, 30_000, 60_000).await.unwrap();
            if tasks.is_empty() {
                return payloads;
            }
            payloads.extend(tasks.iter().map(payload));
            assert_eq!(self.finish(&tasks).await.unwrap(), 0);
        }
    }
}

fn leases(tasks: &[Leased]) -> Vec<LeaseId> {
    let lease = |task: &Leased| LeaseId {
        id: task.id,
        lease: task.lease,
    };
    tasks.iter().map(lease).collect()
}

fn payload(leased: &Leased) -> String {
    let task = leased.task.as_ref().unwrap();
    String::from_utf8(task.payload.to_vec()).unwrap()
}

fn payloads(tasks: &[Leased]) -> Vec<String> {
    tasks.iter().map(payload).collect()
}

fn task(key: &str, payload: &str) -> Task {
    Task {
        queue: QUEUE.to_owned(),
        key: key.to_owned().into(),
        payload: payload.to_owned().into(),
        ..Task::default()
    }
}

fn named(dedupe_id: &str) -> Task {
    Task {
        dedupe_id: dedupe_id.to_owned().into(),
        ..task("", dedupe_id)
    }
}

fn of_class(class: Class, payload: &str) -> Task {
    Task {
        class: class.into(),
        ..task("", payload)
    }
}
