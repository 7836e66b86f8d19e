//! `[[inhibit]]` of the file.

use super::problem::Problems;
use super::section::Section;
use crate::alarms::{Inhibition, Matcher};

pub(super) fn inhibition(mut section: Section<'_>, problems: &mut Problems<'_>) -> Inhibition {
    let matcher = |section: &mut Section<'_>, key, problems: &mut Problems<'_>| {
        let labels = section.labels(key, problems);
        if labels.is_empty() {
            let span = section.place(key).unwrap_or(section.span());
            problems.add(
                span,
                format!("{key} names no label: it would find no alarm"),
            );
        }
        Matcher(labels)
    };
    let source = matcher(&mut section, "source", problems);
    let target = matcher(&mut section, "target", problems);
    let equal = section.texts("equal", problems).into_iter();
    let equal = equal.map(|(name, _)| name).collect();
    section.finish(problems);
    Inhibition {
        source,
        target,
        equal,
    }
}
