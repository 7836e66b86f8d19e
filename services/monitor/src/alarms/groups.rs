//! Decides when people are told what: alarms that belong together make one notice, the same is not said twice until it is time to, and
//! whoever was told of an alarm is told of its end.

use super::alarm::{Alarm, Ended};
use super::labels::{Identity, Labels};
use super::notice::Notice;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// When notices are made; the defaults are Alertmanager's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// Alarms with the same values of these are told together.
    pub group_by: Vec<String>,
    /// Seconds that a group's first notice waits for others of it.
    pub wait_s: u64,
    /// Seconds between notices of a group that changes.
    pub interval_s: u64,
    /// Seconds after which a group that still fires is told again.
    pub repeat_s: u64,
}

impl Default for Notify {
    fn default() -> Notify {
        Notify {
            group_by: vec!["rule".to_owned()],
            wait_s: 30,
            interval_s: 5 * 60,
            repeat_s: 4 * 3600,
        }
    }
}

/// What each group was told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Groups(Vec<Group>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Group {
    labels: Labels,
    /// No notice before this, unix seconds.
    next_s: u64,
    /// When the last one was made, unix seconds.
    told_s: Option<u64>,
    /// Those it said to fire.
    told: BTreeSet<Identity>,
    /// Those of them that are over since.
    over: Vec<Ended>,
}

impl Groups {
    /// Notes alarms that are over. Of those that nobody was told of, nobody need be told.
    pub(crate) fn ended(&mut self, ended: &[Ended]) {
        for one in ended {
            for group in &mut self.0 {
                if group.told.remove(&one.identity) {
                    group.over.push(one.clone());
                }
            }
        }
    }

    /// The notices that are due. `firing` are the alarms that fire and are not muted.
    pub(crate) fn flush(&mut self, notify: &Notify, firing: &[Alarm], now_s: u64) -> Vec<Notice> {
        let mut fire: BTreeMap<Labels, Vec<Alarm>> = BTreeMap::new();
        for alarm in firing {
            let labels = group_labels(alarm.all_labels(), &notify.group_by);
            fire.entry(labels).or_default().push(alarm.clone());
        }
        for labels in fire.keys() {
            if !self.0.iter().any(|group| group.labels == *labels) {
                self.0.push(Group {
                    labels: labels.clone(),
                    next_s: now_s + notify.wait_s,
                    told_s: None,
                    told: BTreeSet::new(),
                    over: Vec::new(),
                });
            }
        }
        let due = self.0.iter_mut().filter(|group| group.next_s <= now_s);
        let notices = due
            .filter_map(|group| {
                let firing = fire.remove(&group.labels).unwrap_or_default();
                group.flush(notify, firing, now_s)
            })
            .collect();
        self.0.retain(|group| {
            let lives = fire.contains_key(&group.labels);
            lives || !group.told.is_empty() || !group.over.is_empty() || group.next_s > now_s
        });
        notices
    }
}

impl Group {
    fn flush(&mut self, notify: &Notify, firing: Vec<Alarm>, now_s: u64) -> Option<Notice> {
        let fires = |identity: &Identity| firing.iter().any(|a| a.identity == *identity);
        // Over and back again before anybody was told of it: it never ended.
        let (back, over): (Vec<Ended>, Vec<Ended>) = std::mem::take(&mut self.over)
            .into_iter()
            .partition(|ended| fires(&ended.identity));
        self.told
            .extend(back.into_iter().map(|ended| ended.identity));
        let news = firing.iter().any(|a| !self.told.contains(&a.identity)) || !over.is_empty();
        let stale = self
            .told_s
            .is_none_or(|told_s| told_s + notify.repeat_s <= now_s);
        if !(news || stale && !firing.is_empty()) {
            return None;
        }
        self.next_s = now_s + notify.interval_s;
        self.told_s = Some(now_s);
        // What was told and is muted meanwhile stays told: its end is.
        self.told.extend(firing.iter().map(|a| a.identity.clone()));
        Some(Notice {
            group: self.labels.clone(),
            at_s: now_s,
            firing,
            over,
        })
    }
}

fn group_labels(mut labels: Labels, group_by: &[String]) -> Labels {
    labels.retain(|name, _| group_by.contains(name));
    labels
}
