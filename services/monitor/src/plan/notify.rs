//! `[notify]` of the file.

use super::problem::Problems;
use super::section::Section;
use crate::alarms::Notify;

/// Seconds of a pause between notices: a week.
const NOTIFY_S_MAX: u64 = 7 * 86_400;

pub(super) fn notify(mut section: Section<'_>, problems: &mut Problems<'_>) -> Notify {
    let usual = Notify::default();
    let names = section.texts("group_by", problems).into_iter();
    let group_by = match section.place("group_by") {
        None => usual.group_by,
        Some(_) => names.map(|(name, _)| name).collect(),
    };
    let mut seconds = |key, usual| {
        let found = section.seconds(key, NOTIFY_S_MAX, problems);
        found.map_or(usual, |(s, _)| s)
    };
    let notify = Notify {
        group_by,
        wait_s: seconds("wait", usual.wait_s),
        interval_s: seconds("interval", usual.interval_s),
        repeat_s: seconds("repeat", usual.repeat_s),
    };
    section.finish(problems);
    notify
}
