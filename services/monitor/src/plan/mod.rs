//! The plan: one TOML file that says what is watched, who is told, and of the daily mail. `ALARMS.md` beside this crate documents it.
//!
//! It is strict: what it does not know is a mistake, and all mistakes are told at once, each with its place.

mod follow;
mod inhibition;
mod mail;
mod notify;
mod problem;
mod rule;
mod section;
mod sinks;

pub use follow::{LoadError, Plans, follow};
pub use problem::{PlanError, Problem};

use crate::alarms::Watch;
use crate::mail::DailyMail;
use crate::sinks::SinkPlan;
use problem::Problems;
use section::{Placed, Section};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::de::DeTable;

/// The plan that holds when nobody wrote another.
pub const DEFAULT_PLAN: &str = include_str!("default.toml");
/// How it is called in messages.
pub const DEFAULT_PLAN_NAME: &str = "built-in plan";
/// Where people look when the plan does not say.
const DEFAULT_PAGE: &str = "http://127.0.0.1:8088";
/// Rules of a plan.
pub const RULES_MAX: usize = 1_000;

/// All that the file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What is watched, and when people are told.
    pub watch: Watch,
    /// Where.
    pub sinks: Vec<SinkPlan>,
    /// The daily mail, if there is to be one.
    pub daily_mail: Option<DailyMail>,
    /// Where people look.
    pub page: String,
}

impl Plan {
    /// Reads the text of a plan; `file` is what messages call it.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn parse(text: &str, file: &str) -> Result<Plan, PlanError> {
        let mut problems = Problems::of(text);
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            problems.add(error.span().unwrap_or_default(), error.message());
        }
        let plan = read(Section::new(root.get_ref(), 0..0), &mut problems);
        problems.check(file, plan)
    }

    /// The plan that holds when nobody wrote another.
    ///
    /// # Errors
    /// Never: a test reads it.
    pub fn built_in() -> Result<Plan, PlanError> {
        Plan::parse(DEFAULT_PLAN, DEFAULT_PLAN_NAME)
    }
}

fn read(mut root: Section<'_>, problems: &mut Problems<'_>) -> Plan {
    let page = root.text("page", problems);
    let notify = root.table("notify", problems);
    let notify = notify.map_or_else(Default::default, |s| notify::notify(s, problems));
    let sections = root.tables("rule", problems);
    let rules = sections.into_iter().filter_map(|s| rule::rule(s, problems));
    let rules = once_each("rule", rules.collect(), |rule| &rule.name, problems);
    if rules.len() > RULES_MAX {
        let places = root.place("rule").unwrap_or_default();
        problems.add(places, format!("there are at most {RULES_MAX} rules"));
    }
    let inhibitions = root.tables("inhibit", problems);
    let inhibitions = inhibitions.into_iter();
    let inhibitions = inhibitions.map(|s| inhibition::inhibition(s, problems));
    let inhibitions = inhibitions.collect();
    let smtp = root.table("smtp", problems);
    let smtp = smtp.and_then(|section| sinks::smtp(section, problems));
    let sections = root.tables("sink", problems);
    let sinks = sections
        .into_iter()
        .filter_map(|s| sinks::sink(s, smtp.as_ref(), problems));
    let sinks = once_each("sink", sinks.collect(), |sink| &sink.name, problems);
    let daily_mail = root.table("daily_mail", problems);
    let daily_mail = daily_mail.and_then(|s| mail::daily_mail(s, smtp.as_ref(), problems));
    root.finish(problems);
    Plan {
        watch: Watch {
            rules,
            inhibitions,
            notify,
        },
        sinks,
        daily_mail,
        page: page.map_or(DEFAULT_PAGE.to_owned(), |(page, _)| page),
    }
}

/// Refuses a second one of the same name.
fn once_each<T>(
    what: &str,
    all: Vec<Placed<T>>,
    name: impl Fn(&T) -> &String,
    problems: &mut Problems<'_>,
) -> Vec<T> {
    let mut seen: BTreeMap<String, Range<usize>> = BTreeMap::new();
    for (one, place) in &all {
        if seen.insert(name(one).clone(), place.clone()).is_some() {
            let twice = format!("there is another {what} {:?}", name(one));
            problems.add(place.clone(), twice);
        }
    }
    all.into_iter().map(|(one, _)| one).collect()
}
