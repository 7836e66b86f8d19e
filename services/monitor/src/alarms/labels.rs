//! What alarms are told apart by, and found by.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Names and values, in the order of names.
pub type Labels = BTreeMap<String, String>;

/// Which alarm: those of one rule differ in labels. The same identity is the same alarm, whenever it comes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// Name of the rule.
    pub rule: String,
    /// What the rule tells apart.
    pub labels: Labels,
}

impl Identity {
    /// A short name that stays the same: FNV-1a over rule and labels, 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut eat = |text: &str| {
            // A byte that is in no UTF-8 text stands between two of them.
            for byte in text.bytes().chain([0xff]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        eat(&self.rule);
        for (name, value) in &self.labels {
            eat(name);
            eat(value);
        }
        format!("{hash:016x}")
    }
}

/// As a rule's alarms are written: `calls_fail{service="account"}`.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rule)?;
        for (place, (name, value)) in self.labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            write!(f, "{before}{name}={value:?}")?;
        }
        f.write_str(if self.labels.is_empty() { "" } else { "}" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(rule: &str, labels: &[(&str, &str)]) -> Identity {
        let labels = labels.iter().map(|(n, v)| (n.to_string(), v.to_string()));
        Identity {
            rule: rule.to_owned(),
            labels: labels.collect(),
        }
    }

    #[test]
    fn it_is_written_as_series_are() {
        let written = identity("slow", &[("host", "a\"b"), ("service", "push")]).to_string();
        assert_eq!(written, r#"slow{host="a\"b",service="push"}"#);
        assert_eq!(identity("slow", &[]).to_string(), "slow");
    }

    #[test]
    fn fingerprints_tell_apart_what_only_moved_between_names() {
        let one = identity("slow", &[("a", "bc")]);
        let other = identity("slow", &[("ab", "c")]);
        assert_ne!(one.fingerprint(), other.fingerprint());
        assert_eq!(one.fingerprint(), one.clone().fingerprint());
    }
}
