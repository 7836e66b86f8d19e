//! Whose calls meet a release that is being tried: section `[gray]`.

use crate::settings::{Settings, SettingsError};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use svrkit_rt::Tag;

/// Users and versions that can be named: what is more is a share of all.
const NAMED_MAX: usize = 10_000;
/// Users are told apart by so many buckets: a hundredth of a percent each.
const BUCKETS: u64 = 10_000;

/// Which calls of clients are tagged, and with what: they, and all calls made for them, go to the instances with that tag. `im gray`
/// changes it while the backend runs.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Gray {
    /// The tag of the instances. Default `gray`.
    pub tag: String,
    /// Users of a hundred: the same ones for the same tag, and all of them still when it is more. Default 0.
    pub percent: f64,
    /// Users by their numbers, whatever the share. Default none.
    pub uins: Vec<u64>,
    /// Client versions, whatever the share. Default none.
    pub versions: Vec<u32>,
    /// Program that `im run --split` starts for instances with the tag. Default empty: the same as for the others.
    pub program: PathBuf,
    /// Calls that both releases must have served before one is promoted. Default 1,000.
    pub promote_calls_min: u64,
    /// Percentage points by which more calls may fail. Default 0.1.
    pub promote_failed_more_max: f64,
    /// Percent by which the slowest hundredth may take longer. Default 50, since p99 is known to 19.
    pub promote_slower_percent_max: f64,
}

impl Default for Gray {
    fn default() -> Gray {
        Gray {
            tag: "gray".to_owned(),
            percent: 0.0,
            uins: Vec::new(),
            versions: Vec::new(),
            program: PathBuf::new(),
            promote_calls_min: 1_000,
            promote_failed_more_max: 0.1,
            promote_slower_percent_max: 50.0,
        }
    }
}

impl Gray {
    /// What operators may change at an admin listener.
    pub const FIELDS: [(&str, &str); 2] = [
        (
            "percent",
            "Users of a hundred that meet instances with the tag.",
        ),
        ("tag", "The tag of those instances."),
    ];

    /// As in the settings.
    ///
    /// # Errors
    /// A name it does not know, or a value of another type.
    pub fn from_settings(settings: &Settings) -> Result<Gray, SettingsError> {
        settings.section("gray")
    }

    /// Where `im gray` writes what is in force, and every process of the machine reads it, before what was set anywhere else.
    pub fn file(settings: &Settings) -> PathBuf {
        settings.data_dir().join("gray.toml")
    }
}

/// Decides which calls are tagged.
#[derive(Clone, Debug, Default)]
pub struct GrayRule {
    /// `None` when no call is.
    tag: Option<Tag>,
    seed: u64,
    /// Buckets below it are.
    buckets: u64,
    uins: HashSet<u64>,
    versions: HashSet<u32>,
}

impl GrayRule {
    /// The rule of a section.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(gray: &Gray) -> Result<GrayRule, String> {
        if !(0.0..=100.0).contains(&gray.percent) {
            return Err(format!("{}% is no share of all users", gray.percent));
        }
        if gray.uins.len().max(gray.versions.len()) > NAMED_MAX {
            return Err(format!("more than {NAMED_MAX} are better told by a share"));
        }
        let tag = Tag::new(&gray.tag).map_err(|e| e.message().to_owned())?;
        let is_on = gray.percent > 0.0 || !gray.uins.is_empty() || !gray.versions.is_empty();
        Ok(GrayRule {
            tag: is_on.then_some(tag),
            // Another tag, other users: it is not always the same ones who find out.
            seed: gray
                .tag
                .bytes()
                .fold(0, |seed, byte| mix(seed ^ u64::from(byte))),
            buckets: (gray.percent / 100.0 * BUCKETS as f64).round() as u64,
            uins: gray.uins.iter().copied().collect(),
            versions: gray.versions.iter().copied().collect(),
        })
    }

    /// The tag of a call by a user, 0 for a stranger, with a version of the client, 0 when it does not say.
    pub fn tag_of(&self, uin: u64, client_version: u32) -> Option<Tag> {
        let tag = self.tag?;
        let is_chosen = uin != 0 && mix(self.seed ^ uin) % BUCKETS < self.buckets;
        let is_named = self.uins.contains(&uin) || self.versions.contains(&client_version);
        (is_chosen || is_named).then_some(tag)
    }
}

/// Every bit of the result depends on every bit of the input (the finalizer of splitmix64).
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

/// The rule in force. A cheap clone; all clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct GrayNow(Arc<RwLock<GrayRule>>);

impl GrayNow {
    /// From now on.
    pub fn set(&self, rule: GrayRule) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rule;
    }

    /// As [`GrayRule::tag_of`].
    pub fn tag_of(&self, uin: u64, client_version: u32) -> Option<Tag> {
        let rule = self.0.read().unwrap_or_else(PoisonError::into_inner);
        rule.tag_of(uin, client_version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(gray: Gray) -> GrayRule {
        GrayRule::new(&gray).unwrap()
    }

    fn share(percent: f64) -> GrayRule {
        rule(Gray {
            percent,
            ..Gray::default()
        })
    }

    #[test]
    fn a_share_is_that_many_users_and_grows_around_them() {
        let users = 10_000..110_000;
        let chosen = |rule: &GrayRule| -> HashSet<u64> {
            let users = users.clone();
            users.filter(|uin| rule.tag_of(*uin, 0).is_some()).collect()
        };
        let (five, ten) = (chosen(&share(5.0)), chosen(&share(10.0)));
        assert!((4_500..5_500).contains(&five.len()), "{}", five.len());
        assert!(five.is_subset(&ten), "who is in stays in");
        let other = rule(Gray {
            tag: "blue".to_owned(),
            percent: 5.0,
            ..Gray::default()
        });
        let both = chosen(&other).intersection(&five).count();
        assert!(both < 500, "another release has other users: {both}");
        assert_eq!(chosen(&share(100.0)).len(), users.clone().count());
        assert!(chosen(&share(0.0)).is_empty());
    }

    #[test]
    fn users_and_versions_may_be_named() {
        let named = rule(Gray {
            uins: vec![10_001],
            versions: vec![7],
            ..Gray::default()
        });
        assert!(named.tag_of(10_001, 0).is_some());
        assert!(named.tag_of(10_002, 7).is_some() && named.tag_of(0, 7).is_some());
        assert!(named.tag_of(10_002, 6).is_none());
        assert!(
            share(99.9).tag_of(0, 0).is_none(),
            "a stranger is nobody's share"
        );
    }

    #[test]
    fn nonsense_is_refused() {
        let with = |change: fn(&mut Gray)| {
            let mut gray = Gray::default();
            change(&mut gray);
            GrayRule::new(&gray)
        };
        assert!(with(|gray| gray.percent = 100.1).is_err());
        assert!(with(|gray| gray.percent = f64::NAN).is_err());
        assert!(with(|gray| gray.tag = "Gray".to_owned()).is_err());
        assert!(with(|gray| gray.uins = vec![1; NAMED_MAX + 1]).is_err());
    }
}
