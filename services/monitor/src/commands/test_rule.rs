//! `im monitor test-rule`: what rules would have said.

use super::against::{self, Against, OpenHistory, USUAL};
use crate::alarms::{State, Transition, Watch, replay};
use crate::calendar::rfc3339;
use crate::plan::Plan;
use clap::Args;
use im_serve::StartError;
use im_serve::process::tell;
use std::path::PathBuf;
use svrkit_rt::clock;

/// Seconds that are looked at when nobody says which: a day.
const USUAL_S: u64 = 86_400;

#[derive(Args, Debug)]
pub(super) struct TestRuleArgs {
    /// A plan with the rules to try.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only this rule of it.
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// Whose past: a centre's address, or the folder of a store.
    #[arg(long, value_name = "URL or DIR", default_value = USUAL, value_parser = against::parse)]
    against: Against,
    /// From when, unix seconds [default: a day before --to].
    #[arg(long, value_name = "SECONDS")]
    from: Option<u64>,
    /// Until when, unix seconds [default: now].
    #[arg(long, value_name = "SECONDS")]
    to: Option<u64>,
}

pub(super) async fn run(args: TestRuleArgs, open: OpenHistory) -> Result<(), StartError> {
    let watch = watch(&args)?;
    let to_s = args.to.unwrap_or_else(|| clock::now_ms() / 1_000);
    let from_s = args.from.unwrap_or(to_s.saturating_sub(USUAL_S));
    if from_s >= to_s {
        return Err("--from is before --to".into());
    }
    let reach_s = watch.rules.iter().map(|rule| rule.reaches_back_s()).max();
    let asked_s = (from_s.saturating_sub(reach_s.unwrap_or(0)), to_s);
    let replayed = args.against.ask(open, asked_s, move |history| {
        replay(watch, history, from_s, to_s)
    });
    report(&replayed.await?, from_s, to_s);
    Ok(())
}

fn watch(args: &TestRuleArgs) -> Result<Watch, StartError> {
    let mut watch = Plan::load(Some(&args.file))?.watch;
    if let Some(name) = &args.rule {
        watch.rules.retain(|rule| rule.name == *name);
    }
    match (watch.rules.is_empty(), &args.rule) {
        (false, _) => Ok(watch),
        (true, Some(name)) => Err(format!("there is no rule {name:?} in it").into()),
        (true, None) => Err("there are no rules in it".into()),
    }
}

/// A line a change, then how often and how long it was an alarm.
fn report(transitions: &[Transition], from_s: u64, to_s: u64) {
    let (mut times, mut firing_s) = (0, 0);
    let mut open: Vec<(&Transition, u64)> = Vec::new();
    for one in transitions {
        tell(line(one));
        if let State::Firing { since_s } = one.to
            && one.from.firing_since_s().is_none()
        {
            times += 1;
            open.push((one, since_s));
        }
        if let (State::Normal, Some(since_s)) = (one.to, one.from.firing_since_s()) {
            firing_s += one.at_s - since_s;
            open.retain(|(begun, _)| begun.identity != one.identity);
        }
    }
    firing_s += open.iter().map(|(_, since_s)| to_s - since_s).sum::<u64>();
    let (from, to) = (rfc3339(from_s), rfc3339(to_s));
    tell(format_args!(
        "{from} to {to}: fired {times} times, {firing_s} s in all"
    ));
}

fn line(one: &Transition) -> String {
    let seen = one.seen.map(|seen| {
        let (value, threshold) = (seen.value, seen.threshold);
        format!("  {value:.4} against {threshold:.4}")
    });
    format!(
        "{}  {}  {} → {}{}",
        rfc3339(one.at_s),
        one.identity,
        one.from,
        one.to,
        seen.unwrap_or_default()
    )
}
