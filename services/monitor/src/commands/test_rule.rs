//! `im monitor test-rule`: what rules would have said.

use super::against::{self, Against, OpenHistory, USUAL};
use crate::alarms::{Identity, Transition, Watch, replay};
use crate::calendar::rfc3339;
use crate::plan::Plan;
use clap::Args;
use im_serve::StartError;
use std::collections::BTreeMap;
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

pub(super) async fn answer(args: TestRuleArgs, open: OpenHistory) -> Result<String, StartError> {
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
    Ok(report(&replayed.await?, from_s, to_s))
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
fn report(transitions: &[Transition], from_s: u64, to_s: u64) -> String {
    let (mut times, mut firing_s) = (0, 0);
    let mut open: BTreeMap<&Identity, u64> = BTreeMap::new();
    for one in transitions {
        match (one.from.firing_since_s(), one.to.firing_since_s()) {
            (None, Some(since_s)) => {
                times += 1;
                open.insert(&one.identity, since_s);
            }
            (Some(since_s), None) => {
                open.remove(&one.identity);
                firing_s += one.at_s - since_s;
            }
            _ => {}
        }
    }
    firing_s += open.values().map(|since_s| to_s - since_s).sum::<u64>();
    let lines: String = transitions.iter().map(line).collect();
    let (from, to) = (rfc3339(from_s), rfc3339(to_s));
    format!("{lines}{from} to {to}: fired {times} times, {firing_s} s in all\n")
}

fn line(one: &Transition) -> String {
    let seen = one.seen.map(|seen| {
        let (value, threshold) = (seen.value, seen.threshold);
        format!("  {value:.4} against {threshold:.4}")
    });
    format!(
        "{}  {}  {} → {}{}\n",
        rfc3339(one.at_s),
        one.identity,
        one.from,
        one.to,
        seen.unwrap_or_default()
    )
}
