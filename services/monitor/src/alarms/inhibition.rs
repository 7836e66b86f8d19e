//! Alarms that say nothing new while another one fires: of a machine that is down, its instances are silent.

use super::labels::Labels;
use super::matcher::Matcher;

/// While an alarm that `source` finds fires, those that `target` finds and that have the same value in each of `equal` are not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inhibition {
    /// The cause.
    pub source: Matcher,
    /// The consequences.
    pub target: Matcher,
    /// Labels that tie them together; both must have them.
    pub equal: Vec<String>,
}

impl Inhibition {
    /// Whether `firing`, the labels of an alarm, keeps one with labels `other` from being told.
    fn mutes(&self, firing: &Labels, other: &Labels) -> bool {
        let same = |name: &String| firing.contains_key(name) && firing.get(name) == other.get(name);
        // An alarm never mutes itself, nor one that is a cause of the same kind.
        self.source.finds(firing)
            && self.target.finds(other)
            && !self.source.finds(other)
            && self.equal.iter().all(same)
    }
}

/// Whether one of those firing keeps an alarm with these labels from being told.
pub(crate) fn inhibited(inhibitions: &[Inhibition], firing: &[Labels], labels: &Labels) -> bool {
    let mut pairs = inhibitions
        .iter()
        .flat_map(|one| firing.iter().map(move |cause| (one, cause)));
    pairs.any(|(one, cause)| one.mutes(cause, labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(all: &[(&str, &str)]) -> Labels {
        let owned = all.iter().map(|(n, v)| (n.to_string(), v.to_string()));
        owned.collect()
    }

    fn host_down() -> Vec<Inhibition> {
        vec![Inhibition {
            source: Matcher(labels(&[("rule", "host_silent")])),
            target: Matcher(labels(&[("rule", "instance_silent")])),
            equal: vec!["host".to_owned()],
        }]
    }

    #[test]
    fn a_host_that_is_down_mutes_its_own_instances() {
        let down = [labels(&[("rule", "host_silent"), ("host", "a")])];
        let muted = |labels: &Labels| inhibited(&host_down(), &down, labels);
        let of = |host| labels(&[("rule", "instance_silent"), ("host", host)]);
        assert!(muted(&of("a")));
        assert!(!muted(&of("b")));
        assert!(!muted(&labels(&[("rule", "instance_silent")])));
        assert!(!muted(&down[0]));
    }
}
