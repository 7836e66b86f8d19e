//! All alarms there are: rules applied to the store, states carried on, silences kept, notices made. No IO, no clock of its own.

use super::alarm::{Alarm, End, Ended, remember};
use super::examine::examine;
use super::groups::{Groups, Notify};
use super::inhibition::{Inhibition, inhibited};
use super::judge::{Outcome, Seen};
use super::labels::{Identity, Labels};
use super::lifecycle::State;
use super::notice::Notice;
use super::rule::Rule;
use super::silence::{Silence, SilenceError, SilenceRequest, Silences};
use super::view::{Active, RuleView, View};
use crate::history::History;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::mem;

/// Seconds that a window's reports may take to arrive: a period of the agents, and their way.
pub const SETTLE_S: u64 = 15;
/// Alarms of all rules together that are not normal. Whatever is wrong then, more of them say nothing new.
pub const ALARMS_MAX: usize = 10_000;

/// What is watched, and how people are told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watch {
    /// The rules; each name once.
    pub rules: Vec<Rule>,
    /// Which alarms say nothing new while others fire.
    pub inhibitions: Vec<Inhibition>,
    /// When people are told.
    pub notify: Notify,
}

/// What lasts longer than the process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Memory {
    active: Vec<Alarm>,
    ended: VecDeque<Ended>,
    silences: Silences,
    groups: Groups,
}

/// An alarm's way from one state to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// When, unix seconds: the end of the window that showed it.
    pub at_s: u64,
    /// Whose.
    pub identity: Identity,
    /// From where.
    pub from: State,
    /// Where to.
    pub to: State,
    /// What was seen.
    pub seen: Option<Seen>,
}

/// What a look at the store brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tick {
    /// States that changed.
    pub transitions: Vec<Transition>,
    /// What is to be told.
    pub notices: Vec<Notice>,
    /// Alarms that were not taken up because there are [`ALARMS_MAX`].
    pub refused: usize,
    /// Whether there is anything new to remember.
    pub(crate) changed: bool,
}

/// All alarms.
#[derive(Debug)]
pub struct Book {
    watch: Watch,
    active: BTreeMap<Identity, Alarm>,
    ended: VecDeque<Ended>,
    silences: Silences,
    groups: Groups,
    /// End of the newest window that each rule has seen.
    seen_to_s: BTreeMap<String, u64>,
    watched_since_s: u64,
}

impl Book {
    /// Without a past. `watched_since_s` is when reports began to be taken, unix seconds.
    pub fn new(watch: Watch, watched_since_s: u64) -> Book {
        Book::remembering(Memory::default(), watch, watched_since_s)
    }

    pub(crate) fn remembering(memory: Memory, watch: Watch, watched_since_s: u64) -> Book {
        let active = memory.active.into_iter();
        Book {
            watch,
            active: active.map(|a| (a.identity.clone(), a)).collect(),
            ended: memory.ended,
            silences: memory.silences,
            groups: memory.groups,
            seen_to_s: BTreeMap::new(),
            watched_since_s,
        }
    }

    pub(crate) fn memory(&self) -> Memory {
        Memory {
            active: self.active.values().cloned().collect(),
            ended: self.ended.clone(),
            silences: self.silences.clone(),
            groups: self.groups.clone(),
        }
    }

    /// Goes on with other rules. Alarms of a rule that keeps its name keep their state.
    pub fn watch(&mut self, watch: Watch) {
        self.watch = watch;
        self.seen_to_s.clear();
    }

    /// Looks at the store: each rule that has a new whole window.
    pub fn tick(&mut self, history: &dyn History, now_s: u64) -> Tick {
        let mut tick = Tick {
            changed: self.silences.expire(now_s),
            ..Tick::default()
        };
        let before = (self.groups.clone(), self.ended.len());
        self.end_orphans(now_s, &mut tick);
        let rules = mem::take(&mut self.watch.rules);
        for rule in &rules {
            let end_s = now_s.saturating_sub(SETTLE_S) / rule.step_s * rule.step_s;
            if self.seen_to_s.get(&rule.name) != Some(&end_s) {
                self.seen_to_s.insert(rule.name.clone(), end_s);
                self.apply(rule, history, end_s, &mut tick);
            }
        }
        self.watch.rules = rules;
        let firing = self.told();
        tick.notices = self.groups.flush(&self.watch.notify, &firing, now_s);
        tick.changed |= !tick.transitions.is_empty();
        tick.changed |= before != (self.groups.clone(), self.ended.len());
        tick
    }

    fn apply(&mut self, rule: &Rule, history: &dyn History, end_s: u64, tick: &mut Tick) {
        let active = self.active.values();
        let active = active.filter(|alarm| alarm.identity.rule == rule.name);
        let labels = active.map(|alarm| &alarm.identity.labels);
        let found = examine(rule, history, labels, self.watched_since_s, end_s);
        for (labels, outcome) in found {
            self.take(rule, labels, outcome, end_s, tick);
        }
    }

    /// Carries one alarm on.
    fn take(&mut self, rule: &Rule, labels: Labels, outcome: Outcome, end_s: u64, tick: &mut Tick) {
        let mut alarm = Alarm::new(rule, labels);
        let known = self.active.remove(&alarm.identity);
        let fresh = known.is_none();
        if let Some(known) = known {
            (alarm.state, alarm.seen, alarm.peak) = (known.state, known.seen, known.peak);
        }
        let from = alarm.state;
        let to = from.next(outcome, rule.missing, rule.timing, end_s);
        if let Outcome::Holds(seen) | Outcome::Clear(seen) = outcome {
            alarm.seen = Some(seen);
        }
        if let (Outcome::Holds(seen), Some(_)) = (outcome, to.firing_since_s()) {
            alarm.peak = Some(alarm.peak.map_or(seen, |peak| peak.worse(seen)));
        }
        if from.name() != to.name() {
            tick.transitions.push(Transition {
                at_s: end_s,
                identity: alarm.identity.clone(),
                from,
                to,
                seen: alarm.seen,
            });
        }
        if to == State::Normal {
            let end = match outcome {
                Outcome::Gone => End::Gone,
                _ => End::Resolved,
            };
            return self.end(&alarm, end_s, end);
        }
        if fresh && self.active.len() >= ALARMS_MAX {
            tick.refused += 1;
            return;
        }
        alarm.state = to;
        self.active.insert(alarm.identity.clone(), alarm);
    }

    /// Ends alarms of rules that are not there any more.
    fn end_orphans(&mut self, now_s: u64, tick: &mut Tick) {
        let rules = &self.watch.rules;
        let active = mem::take(&mut self.active);
        let (kept, orphans) = active
            .into_iter()
            .partition(|(identity, _)| rules.iter().any(|r| r.name == identity.rule));
        self.active = kept;
        for (identity, alarm) in orphans {
            tick.transitions.push(Transition {
                at_s: now_s,
                identity,
                from: alarm.state,
                to: State::Normal,
                seen: alarm.seen,
            });
            self.end(&alarm, now_s, End::RuleRemoved);
        }
    }

    fn end(&mut self, alarm: &Alarm, at_s: u64, end: End) {
        if let Some(ended) = alarm.ended(at_s, end) {
            self.groups.ended(std::slice::from_ref(&ended));
            remember(&mut self.ended, ended);
        }
    }

    /// Alarms that fire and that people want to hear of.
    pub fn told(&self) -> Vec<Alarm> {
        let firing = self.active.values();
        let firing = firing.filter(|alarm| alarm.state.firing_since_s().is_some());
        let firing: Vec<(&Alarm, Labels)> = firing.map(|a| (a, a.all_labels())).collect();
        let causes: Vec<Labels> = firing.iter().map(|(_, labels)| labels.clone()).collect();
        let told = firing.into_iter().filter(|(_, labels)| {
            let muted = inhibited(&self.watch.inhibitions, &causes, labels);
            !muted && !self.silences.hide(labels)
        });
        told.map(|(alarm, _)| alarm.clone()).collect()
    }

    /// Alarms that were over at `since_s` or later, the newest first.
    pub(crate) fn ended_since(&self, since_s: u64) -> Vec<Ended> {
        let lately = self.ended.iter().take_while(|ended| ended.to_s >= since_s);
        lately.cloned().collect()
    }

    /// Silences alarms for a while.
    ///
    /// # Errors
    /// What is wrong with the request.
    pub fn silence(
        &mut self,
        request: SilenceRequest,
        now_s: u64,
    ) -> Result<Silence, SilenceError> {
        self.silences.add(request, now_s)
    }

    /// Ends a silence; `false` when there is none of this name.
    pub fn unsilence(&mut self, id: &str) -> bool {
        self.silences.remove(id)
    }

    /// All of it, to be shown.
    pub fn view(&self) -> View {
        let mut active: Vec<Active> = self.active.values().map(|a| self.active(a)).collect();
        active.sort_by_key(|one| {
            let alarm = &one.alarm;
            std::cmp::Reverse((alarm.state.urgency(), alarm.severity))
        });
        View {
            active,
            silences: self.silences.iter().cloned().collect(),
            ended: self.ended.iter().cloned().collect(),
            rules: self.watch.rules.iter().map(|r| self.rule(r)).collect(),
        }
    }

    fn active(&self, alarm: &Alarm) -> Active {
        Active {
            silenced: self.silences.hide(&alarm.all_labels()),
            alarm: alarm.clone(),
        }
    }

    /// A rule stands where the most urgent of its alarms does.
    fn rule(&self, rule: &Rule) -> RuleView {
        let alarms = self.active.values();
        let states = alarms.filter(|a| a.identity.rule == rule.name);
        let state = states.map(|a| a.state).max_by_key(|s| s.urgency());
        RuleView {
            name: rule.name.clone(),
            summary: rule.summary.clone(),
            severity: rule.severity,
            state: state.unwrap_or(State::Normal),
        }
    }
}
