//! Overload control, judged: goodput of seven admission policies under load, beside the best that is possible.
//!
//! The policies stand behind the same trait as in a server (`svrkit_rt::admission::Policy`). What is asked of them is in `experiments`;
//! `simulation` asks it in virtual time, `live` of real servers. README.md has the curves.
#![forbid(unsafe_code)]

mod experiments;
mod figure;
mod live;
mod options;
mod policies;
mod simulation;
mod svg;

pub use experiments::{CAPACITY, Case, Experiment, chain};
pub use figure::{Figure, KindFigure};
pub use live::{Cost, measure_cost, run_live};
pub use options::Options;
pub use policies::PolicyKind;
pub use simulation::{
    InstanceSpec, KindOutcome, Outcome, Phase, Scenario, ServiceSpec, TASK_TIMEOUT_MS, TaskKind,
    simulate,
};
pub use svg::curves;
