//! More than a backend can do: what becomes of logging in, sending, syncing and the rest.
//!
//! First the saturation is measured, in a closed loop: asks a second when there is always another one. Then asks come in an open loop, at
//! random, at the saturation and at a multiple of it, whatever becomes of those before them; each counts from when it was to be made.
//!
//! That is done twice (`mix`): mostly reading, where all logins and sends must get through, and mostly sending, where not even the sends
//! can, and as many must as when nothing else is asked.

mod asks;
mod desk;
mod field;
mod mix;
mod report;
mod tally;

pub use report::{KindReport, LoadReport, OverloadReport};

use crate::args::PressArgs;
use crate::backend::Backend;
use crate::crew::Crew;
use crate::error::PressError;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::wire::open_as;
use asks::Asker;
use desk::{Desk, serve};
use field::{Field, Pace};
use mix::Mix;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Asks unanswered at once while the saturation is measured.
const IN_FLIGHT: usize = 512;

/// Does what the arguments say, on the current thread; needs a `LocalSet`.
pub(crate) async fn run_overload(
    args: &PressArgs,
    times: f64,
    backend: Backend,
) -> Result<OverloadReport, PressError> {
    let progress = Progress::new(args.quiet);
    let plan = Plan::new(args);
    progress.say(&format!("making {} users", plan.users));
    let connect = backend.connect();
    let crew = Crew::gather(&connect, &plan).await;
    let crew = crew.map_err(PressError::Setup)?;
    let desks: Vec<Rc<Desk>> = crew.users.iter().map(|_| Rc::default()).collect();
    let field = Rc::new(Field::new(desks.clone()));
    let mut links = JoinSet::new();
    for (n, (user, desk)) in crew.users.iter().zip(desks).enumerate() {
        let friend = &crew.users[(n + 1) % crew.users.len()];
        let link = open_as(&connect, &user.ticket).await;
        let link = link.map_err(PressError::Setup)?;
        let asker = Asker::new(user, friend, args.payload);
        links.spawn_local(serve(field.clone(), desk, asker, link));
    }
    let warmup = Duration::from_secs(args.warmup);
    let counted = Duration::from_secs(args.seconds.max(1));
    let mut report = OverloadReport {
        users: plan.users,
        seconds: counted.as_secs_f64(),
        ..OverloadReport::default()
    };
    let saturation = async |mix: Mix| {
        progress.say(&format!("measuring the saturation: {}", mix.name));
        let pace = Pace::InFlight(IN_FLIGHT);
        field.run(mix, pace, warmup, counted).await
    };
    // Before and after each mix: what is stored meanwhile has to be tidied up beside what is asked.
    report.peak(&saturation(Mix::PEAK).await);
    for mix in [Mix::READS, Mix::SENDS] {
        let saturated = saturation(mix).await;
        let saturation_per_s = saturated.answered() as f64 / counted.as_secs_f64();
        let mut loads = Vec::new();
        for times in [1.0, times] {
            let per_s = (saturation_per_s * times).max(1.0);
            progress.say(&format!("{times} times that: {per_s:.0} asks/s"));
            let pace = Pace::PerSecond(per_s);
            let tally = field.run(mix, pace, warmup, counted).await;
            loads.push((times, tally));
        }
        report.peak(&saturation(Mix::PEAK).await);
        for (times, tally) in loads {
            report.add(mix, saturation_per_s, times, &tally);
        }
    }
    report.links_lost = field.links_lost();
    links.shutdown().await;
    backend.stop().await;
    Ok(report)
}
