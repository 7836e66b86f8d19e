//! A discrete-event simulation in virtual time: servers with a fixed number of handlers, callers, and tasks that come whether or not those
//! before them are done.

mod caller;
mod events;
mod outcome;
mod scenario;
mod server;
mod table;
mod world;

pub use outcome::{KindOutcome, Outcome};
pub use scenario::{InstanceSpec, Phase, Scenario, ServiceSpec, TASK_TIMEOUT_MS, TaskKind};

/// Runs a scenario to its end. The same scenario has the same outcome, every time.
pub fn simulate(scenario: &Scenario) -> Outcome {
    world::World::new(scenario).run()
}
