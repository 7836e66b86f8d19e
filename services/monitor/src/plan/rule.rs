//! A `[[rule]]` of the file.

use super::problem::Problems;
use super::section::{Placed, Section};
use crate::alarms::{
    Against, Change, Condition, Figure, Limit, Missing, Rule, Severity, Side, Timing,
};
use crate::history::{Scope, Selector, Value};

/// Points that a rule looks at.
const AMONG_MAX: u64 = 1_000;
/// Seconds that a rule waits: a week.
const WAIT_S_MAX: u64 = 7 * 86_400;
/// Seconds of a window when nobody says otherwise.
const STEP_S: u64 = 60;
/// Seconds of a window: a day. Windows divide it, so that those of yesterday begin as today's do.
const STEP_S_MAX: u64 = 86_400;
/// Seconds of a window: the store's finest.
const STEP_S_MIN: u64 = 10;
/// Seconds of the longest silence that is looked for: what did not report for a day is not missed any more.
const SILENT_S_MAX: u64 = 12 * 3_600;
/// Things that one rule tells apart.
const BY_MAX: usize = 3;

const SEVERITIES: [(&str, Severity); 2] = [
    ("warning", Severity::Warning),
    ("critical", Severity::Critical),
];
const AGAINST: [(&str, Against); 3] = [
    ("previous", Against::Previous),
    ("yesterday", Against::Yesterday),
    ("last_week", Against::LastWeek),
];
const MISSING: [(&str, Missing); 3] = [
    ("keep", Missing::Keep),
    ("clear", Missing::Clear),
    ("fire", Missing::Fire),
];
const VALUES: [(&str, Value); 10] = [
    ("rate", Value::Rate),
    ("sum", Value::Sum),
    ("avg", Value::Average),
    ("min", Value::Min),
    ("max", Value::Max),
    ("last", Value::Last),
    ("p50", Value::Quantile(0.5)),
    ("p90", Value::Quantile(0.9)),
    ("p99", Value::Quantile(0.99)),
    ("p999", Value::Quantile(0.999)),
];

pub(super) fn severity(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Severity {
    let severity = section.choice("severity", &SEVERITIES, problems);
    severity.unwrap_or(Severity::Warning)
}

/// The rule and where its name stands; `None` when there was a mistake, which is noted.
pub(super) fn rule(mut section: Section<'_>, problems: &mut Problems<'_>) -> Option<Placed<Rule>> {
    let name = section.needed_name("name", problems);
    let summary = section.needed_text("summary", problems);
    let severity = severity(&mut section, problems);
    let by = by(&mut section, problems);
    let step_s = step(&mut section, problems);
    let condition = condition(&mut section, problems);
    let among = section.whole("among", 1..AMONG_MAX + 1, problems);
    let points = section.whole("points", 1..AMONG_MAX + 1, problems);
    let points_and_among = points_of(points, among, problems);
    let timing = Timing {
        for_s: wait(&mut section, "for", problems),
        keep_firing_s: wait(&mut section, "keep_firing_for", problems),
    };
    let missing = section.choice("missing", &MISSING, problems);
    section.finish(problems);
    let (name, place) = name?;
    let (points, among) = points_and_among?;
    let rule = Rule {
        name,
        summary: summary?.0,
        severity,
        by: by?,
        step_s: step_s?,
        condition: condition?,
        points,
        among,
        timing,
        missing: missing.unwrap_or(Missing::Keep),
    };
    Some((rule, place))
}

fn wait(section: &mut Section<'_>, key: &'static str, problems: &mut Problems<'_>) -> u64 {
    let wait = section.seconds(key, WAIT_S_MAX, problems);
    wait.map_or(0, |(s, _)| s)
}

fn step(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<u64> {
    let Some((step_s, span)) = section.seconds("step", STEP_S_MAX, problems) else {
        return Some(STEP_S);
    };
    if step_s < STEP_S_MIN
        || !step_s.is_multiple_of(STEP_S_MIN)
        || !STEP_S_MAX.is_multiple_of(step_s)
    {
        problems.add(span, "step is a multiple of 10s that divides a day");
        return None;
    }
    Some(step_s)
}

/// `points = 3, among = 5`. Only one of them is all of so many; neither is one of one.
fn points_of(
    points: Option<Placed<u64>>,
    among: Option<Placed<u64>>,
    problems: &mut Problems<'_>,
) -> Option<(u32, u32)> {
    let n = points.as_ref().or(among.as_ref()).map_or(1, |(n, _)| *n);
    let m = among.map_or(n, |(m, _)| m);
    if let Some((n, span)) = points.filter(|(n, _)| *n > m) {
        problems.add(span, format!("{n} points of {m}"));
        return None;
    }
    Some((u32::try_from(n).ok()?, u32::try_from(m).ok()?))
}

fn by(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<Vec<String>> {
    let names = section.texts("by", problems);
    let mut by: Vec<String> = Vec::new();
    for (name, span) in &names {
        let what = match name.as_str() {
            "" | "rule" | "severity" => format!("by {name:?}: it names labels of series"),
            _ if by.contains(name) => format!("by has {name:?} twice"),
            _ if by.len() == BY_MAX => format!("by has at most {BY_MAX} names"),
            _ => {
                by.push(name.clone());
                continue;
            }
        };
        problems.add(span.clone(), what);
    }
    (by.len() == names.len()).then_some(by)
}

fn figure(section: &mut Section<'_>, usual: Value, problems: &mut Problems<'_>) -> Option<Figure> {
    let name = section.needed_name("metric", problems);
    let value = section.choice("value", &VALUES, problems).unwrap_or(usual);
    let labels = section.labels("labels", problems).into_iter().collect();
    let scopes = ["service", "host", "instance"].map(|key| {
        let name = section.text(key, problems);
        name.map(|(name, span)| (key, name, span))
    });
    let mut scopes = scopes.into_iter().flatten();
    let scope = match scopes.next() {
        None => Scope::All,
        Some(("service", name, _)) => Scope::Service(name),
        Some(("host", name, _)) => Scope::Host(name),
        Some((_, name, _)) => Scope::Instance(name),
    };
    if let Some((key, _, span)) = scopes.next() {
        problems.add(span, format!("{key}: a figure is of one scope"));
    }
    let selector = Selector {
        name: name?.0,
        labels,
        scope,
        without_retired: false,
    };
    Some(Figure { selector, value })
}

fn condition(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<Condition> {
    let over = section.table("over", problems);
    let usual = match over {
        // Parts of a whole are counted, so that the volume is a number of things.
        Some(_) => Value::Sum,
        None => Value::Rate,
    };
    let of = figure(section, usual, problems);
    let over = over.map(|mut over| {
        let figure = figure(&mut over, usual, problems);
        over.finish(problems);
        figure
    });
    let limit = limit(section, problems);
    let change = change(section, problems);
    let silent_s = section.seconds("no_data_for", SILENT_S_MAX, problems);
    let volume = section.number("volume", problems);
    if let (None, Some((_, span))) = (&over, &volume) {
        problems.add(span.clone(), "volume is of a ratio: it needs over");
    }
    let kind = kind(section, problems)?;
    match (kind, over) {
        (Kind::Limit, None) => Some(Condition::Level {
            of: of?,
            limit: limit?,
        }),
        (Kind::Limit, Some(over)) => Some(Condition::Ratio {
            of: of?,
            over: over?,
            limit: limit?,
            volume: volume.map_or(0.0, |(volume, _)| volume),
        }),
        (Kind::Change | Kind::Silence, Some(_)) => {
            let span = section.place("over").unwrap_or(section.span());
            problems.add(span, "over needs above or below");
            None
        }
        (Kind::Change, None) => Some(Condition::Change {
            of: of?,
            change: change?,
        }),
        (Kind::Silence, None) => Some(Condition::Silence {
            of: of?.without_retired(),
            silent_s: silent_s?.0.max(STEP_S_MIN),
        }),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Limit,
    Change,
    Silence,
}

/// Which condition the rule has: exactly one.
fn kind(section: &Section<'_>, problems: &mut Problems<'_>) -> Option<Kind> {
    let kinds = [
        ("above", Kind::Limit),
        ("below", Kind::Limit),
        ("against", Kind::Change),
        ("no_data_for", Kind::Silence),
    ];
    let mut given = kinds
        .iter()
        .filter_map(|(key, kind)| Some((key, kind, section.place(key)?)));
    let first = given.next();
    if first.is_none() {
        let what = "a rule has one of above, below, against and no_data_for";
        problems.add(section.span(), what);
    }
    let (first, kind, _) = first?;
    match given.next() {
        None => Some(*kind),
        Some((second, _, span)) => {
            problems.add(
                span,
                format!("{second} beside {first}: a rule has one condition"),
            );
            None
        }
    }
}

fn limit(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<Limit> {
    let above = section.number("above", problems);
    let below = section.number("below", problems);
    let limit = |side| move |(at, _)| Limit { side, at };
    above
        .map(limit(Side::Above))
        .or(below.map(limit(Side::Below)))
}

fn change(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<Change> {
    let against = section.choice("against", &AGAINST, problems);
    let mut percent = |key| {
        let (percent, span) = section.number(key, problems)?;
        if percent < 0.0 {
            problems.add(span, format!("{key} is percent of a change, not below 0"));
            return None;
        }
        Some(percent)
    };
    let (up_percent, down_percent) = (percent("up"), percent("down"));
    let floor = section.number("floor", problems);
    let place = section.place("against");
    for key in ["up", "down", "floor"] {
        if let (None, Some(span)) = (&place, section.place(key)) {
            problems.add(span, format!("{key} is of a change: it needs against"));
        }
    }
    if let Some(span) = place
        && section.place("up").is_none()
        && section.place("down").is_none()
    {
        problems.add(span, "against needs up, down or both, in percent");
        return None;
    }
    Some(Change {
        against: against?,
        up_percent,
        down_percent,
        floor: floor.map_or(0.0, |(floor, _)| floor.max(0.0)),
    })
}
