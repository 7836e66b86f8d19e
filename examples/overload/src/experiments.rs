//! The experiments: which load is put on which services, and what the best possible outcome would be.

use crate::policies::PolicyKind;
use crate::simulation::{InstanceSpec, Phase, Scenario, ServiceSpec, TaskKind};
use clap::ValueEnum;

/// Calls a second that the service which is called can serve: three instances of 250, as in the paper.
pub const CAPACITY: f64 = 750.0;
const INSTANCES: usize = 3;
const INSTANCE: InstanceSpec = InstanceSpec {
    workers: 10,
    service_us: 40_000,
};
/// Loads as multiples of the capacity. The last is WeChat's New Year.
const LOADS: [f64; 10] = [0.5, 0.8, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0];
/// Processes that tasks come from.
const CALLERS: usize = 3;
/// Business level of tasks where there is only one kind.
const BUSINESS: u8 = 128;
/// Seconds before it counts.
const WARMUP_S: u64 = 15;
const HOUR_MS: u64 = 3_600_000;

/// What is found out. E7 is missing: what a refusal costs, only real time can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Experiment {
    /// One call a task.
    E1,
    /// Two, three and four calls a task.
    E2,
    /// All of these at once: do long tasks fare as well as short ones?
    E3,
    /// Four kinds of tasks, one more important than the other.
    E4,
    /// Five times the capacity for a while, and calm again.
    E5,
    /// Callers repeat what failed, three times, at once.
    E6,
    /// One instance of three is four times slower.
    E8,
    /// The bottleneck is behind the service that is called.
    E9,
    /// The hour ends, and users draw new levels.
    E10,
}

/// One load on one set of services.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is for.
    pub experiment: Experiment,
    /// Calls a task makes, at most.
    pub chain: usize,
    /// Calls offered, as a multiple of what can be served.
    pub load: f64,
    /// Everything but policy and seed.
    pub scenario: Scenario,
    /// Tasks a second that the best of all policies would bring to a good end, by kind.
    pub optimum: Vec<f64>,
    /// The second from which on everything should succeed again.
    pub calm_from_s: Option<u64>,
}

impl Experiment {
    /// All of them.
    pub const ALL: [Experiment; 9] = [
        Experiment::E1,
        Experiment::E2,
        Experiment::E3,
        Experiment::E4,
        Experiment::E5,
        Experiment::E6,
        Experiment::E8,
        Experiment::E9,
        Experiment::E10,
    ];

    /// What is run for it, each counted for so many seconds.
    pub fn cases(self, seconds: u64) -> Vec<Case> {
        match self {
            Experiment::E1 => LOADS.map(|load| chain(self, 1, load, seconds)).into(),
            Experiment::E2 => {
                let chains = [2, 3, 4].into_iter();
                let cases = chains.flat_map(|k| LOADS.map(|load| chain(self, k, load, seconds)));
                cases.collect()
            }
            Experiment::E3 => [2.0, 4.0].map(|load| mixed(load, seconds)).into(),
            Experiment::E4 => [1.5, 4.0, 10.0].map(|load| business(load, seconds)).into(),
            Experiment::E5 => [1, 2, 4].map(spike).into(),
            Experiment::E6 => [1, 2, 4].map(|k| retries(k, 2.0, seconds)).into(),
            Experiment::E8 => [1, 2, 4].map(|k| slow_instance(k, 2.0, seconds)).into(),
            Experiment::E9 => [1, 2, 4].map(|k| two_hops(k, 4.0, seconds)).into(),
            Experiment::E10 => [1, 2, 4].map(|k| rollover(k, seconds)).into(),
        }
    }
}

/// Tasks of `chain` calls, one after the other, to the same service.
pub fn chain(experiment: Experiment, chain: usize, load: f64, seconds: u64) -> Case {
    let tasks_per_s = load * CAPACITY / chain as f64;
    let kind = TaskKind {
        name: "task",
        share: 1.0,
        business: BUSINESS,
        calls: vec![0; chain],
    };
    Case {
        experiment,
        chain,
        load,
        scenario: Scenario {
            policy: PolicyKind::None,
            services: vec![ServiceSpec::uniform(INSTANCES, INSTANCE)],
            kinds: vec![kind],
            phases: vec![Phase {
                seconds: WARMUP_S + seconds,
                tasks_per_s,
            }],
            warmup_s: WARMUP_S,
            callers: CALLERS,
            retries_max: 0,
            begins_ms: 0,
            seed: 0,
        },
        optimum: vec![tasks_per_s.min(CAPACITY / chain as f64)],
        calm_from_s: None,
    }
}

/// As many tasks of one call as of two, three and four. The best is to serve the same part of each.
fn mixed(load: f64, seconds: u64) -> Case {
    let mut case = chain(Experiment::E3, 4, load, seconds);
    let kinds = ["1 call", "2 calls", "3 calls", "4 calls"]
        .into_iter()
        .zip(1..);
    let kinds = kinds.map(|(name, calls)| TaskKind {
        name,
        share: 0.25,
        business: BUSINESS,
        calls: vec![0; calls],
    });
    case.scenario.kinds = kinds.collect();
    let calls_a_task = 2.5;
    case.scenario.phases[0].tasks_per_s = load * CAPACITY / calls_a_task;
    let best = CAPACITY.min(load * CAPACITY) / calls_a_task;
    case.optimum = vec![best / 4.0; 4];
    case
}

/// Logging in before sending, before syncing, before the feed; one call each.
fn business(load: f64, seconds: u64) -> Case {
    let mut case = chain(Experiment::E4, 1, load, seconds);
    let kinds = [
        ("login", 0.05, 4),
        ("send", 0.15, 8),
        ("sync", 0.3, 32),
        ("feed", 0.5, 128),
    ];
    let kinds = kinds.map(|(name, share, business)| TaskKind {
        name,
        share,
        business,
        calls: vec![0],
    });
    let mut left = CAPACITY;
    let best = kinds.iter().map(|kind| {
        let served = left.min(kind.share * load * CAPACITY);
        left -= served;
        served
    });
    case.optimum = best.collect();
    case.scenario.kinds = kinds.into();
    case
}

fn spike(k: usize) -> Case {
    let mut case = chain(Experiment::E5, k, 5.0, 0);
    let phases = [(20, 0.7), (20, 5.0), (20, 0.7)];
    let phases = phases.map(|(seconds, load)| Phase {
        seconds,
        tasks_per_s: load * CAPACITY / k as f64,
    });
    case.scenario.phases = phases.into();
    case.optimum = vec![(20.0 * 0.7 + 5.0 + 20.0 * 0.7) / 45.0 * CAPACITY / k as f64];
    case.calm_from_s = Some(40);
    case
}

fn retries(k: usize, load: f64, seconds: u64) -> Case {
    let mut case = chain(Experiment::E6, k, load, seconds);
    case.scenario.retries_max = 3;
    case
}

fn slow_instance(k: usize, load: f64, seconds: u64) -> Case {
    let mut case = chain(Experiment::E8, k, load, seconds);
    let service = &mut case.scenario.services[0];
    service.instances[0].service_us *= 4;
    case.optimum = vec![service.capacity() / k as f64];
    case
}

/// The service that is called can take three times what the one behind it can.
fn two_hops(k: usize, load: f64, seconds: u64) -> Case {
    let mut case = chain(Experiment::E9, k, load, seconds);
    let instance = InstanceSpec {
        workers: 3 * 30,
        service_us: 40_000,
    };
    let mut front = ServiceSpec::uniform(INSTANCES, instance);
    front.calls = vec![1];
    case.scenario.services.insert(0, front);
    case
}

/// The hour ends in the middle.
fn rollover(k: usize, seconds: u64) -> Case {
    let mut case = chain(Experiment::E10, k, 2.0, seconds);
    case.scenario.begins_ms = HOUR_MS - (WARMUP_S + seconds / 2) * 1_000;
    case
}
