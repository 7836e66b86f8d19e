//! Finds alarms by their labels.

use super::labels::Labels;
use serde::{Deserialize, Serialize};

/// Labels that an alarm must have, `rule` and `severity` among them. One without labels finds none: nobody silences everything by
/// forgetting to say what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Matcher(pub Labels);

impl Matcher {
    /// Whether an alarm with these labels is found.
    pub fn finds(&self, labels: &Labels) -> bool {
        let has = |(name, value): (&String, &String)| labels.get(name) == Some(value);
        !self.0.is_empty() && self.0.iter().all(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(all: &[(&str, &str)]) -> Labels {
        let owned = all.iter().map(|(n, v)| (n.to_string(), v.to_string()));
        owned.collect()
    }

    #[test]
    fn every_label_must_be_there() {
        let alarm = labels(&[("rule", "slow"), ("host", "a")]);
        assert!(Matcher(labels(&[("host", "a")])).finds(&alarm));
        assert!(!Matcher(labels(&[("host", "b")])).finds(&alarm));
        assert!(!Matcher(labels(&[("host", "a"), ("zone", "1")])).finds(&alarm));
    }

    #[test]
    fn nothing_finds_nothing() {
        assert!(!Matcher::default().finds(&labels(&[("rule", "slow")])));
    }
}
