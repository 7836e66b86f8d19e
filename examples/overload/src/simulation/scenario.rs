//! What is simulated: services, tasks, load.

use crate::policies::PolicyKind;

/// Milliseconds that a task may take.
pub const TASK_TIMEOUT_MS: u64 = 500;

/// One run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What every server decides by.
    pub policy: PolicyKind,
    /// Whoever is called.
    pub services: Vec<ServiceSpec>,
    /// What is asked for.
    pub kinds: Vec<TaskKind>,
    /// How much of it, one phase after the other.
    pub phases: Vec<Phase>,
    /// Seconds at the beginning that are not counted.
    pub warmup_s: u64,
    /// Processes that the tasks come from.
    pub callers: usize,
    /// How often a caller repeats a call that failed, at once.
    pub retries_max: u8,
    /// Milliseconds since 1970 when it begins.
    pub begins_ms: u64,
    /// Of all that is drawn.
    pub seed: u64,
}

/// A service and its instances.
#[derive(Clone, Debug)]
pub struct ServiceSpec {
    /// Its processes, each with handlers of its own.
    pub instances: Vec<InstanceSpec>,
    /// Services that each handler calls, one after the other, after its own work.
    pub calls: Vec<usize>,
}

/// A process of a service.
#[derive(Clone, Copy, Debug)]
pub struct InstanceSpec {
    /// Handlers at once.
    pub workers: usize,
    /// Microseconds of a handler's own work.
    pub service_us: u64,
}

/// A kind of task.
#[derive(Clone, Debug)]
pub struct TaskKind {
    /// As reports call it.
    pub name: &'static str,
    /// Its part of all tasks.
    pub share: f64,
    /// Its business level.
    pub business: u8,
    /// Services that it calls, one after the other; it succeeds if all of them do, in time.
    pub calls: Vec<usize>,
}

/// A load, for a while.
#[derive(Clone, Copy, Debug)]
pub struct Phase {
    /// How long.
    pub seconds: u64,
    /// Tasks that come, in the mean.
    pub tasks_per_s: f64,
}

impl InstanceSpec {
    /// Calls a second that it can serve.
    pub fn capacity(&self) -> f64 {
        self.workers as f64 * 1e6 / self.service_us as f64
    }
}

impl ServiceSpec {
    /// The same process so many times, calling nobody.
    pub fn uniform(instances: usize, instance: InstanceSpec) -> ServiceSpec {
        ServiceSpec {
            instances: vec![instance; instances],
            calls: Vec::new(),
        }
    }

    /// Calls a second that it can serve.
    pub fn capacity(&self) -> f64 {
        self.instances.iter().map(InstanceSpec::capacity).sum()
    }
}
