//! Which callers a method lets in, as it is set.

use super::caller::{Caller, check_name};
use super::method_table::Denied;
use crate::descriptor::ServiceDescriptor;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Behind a service's name: all of its methods.
const ALL_METHODS: &str = "*";
/// In a list of callers: whoever has shown a name.
const ANY_KNOWN: &str = "*";
/// In a list of callers: strangers, too.
const ANYONE: &str = "anyone";

/// Rules about methods. The most specific one counts: a method's own before its service's, and that before `otherwise`. The built-in
/// services (echo, health, reflection) let in anyone unless a rule names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowList {
    /// By `package.Service/Method`, or `package.Service/*`.
    pub rules: BTreeMap<String, Allowed>,
    /// Whom methods let in that no rule names. Default [`Allowed::Known`].
    pub otherwise: Allowed,
}

/// Whom a method lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Everybody, strangers too.
    Anyone,
    /// Whoever has shown a name.
    Known,
    /// These, by name; nobody when there are none.
    Only(BTreeSet<String>),
}

/// Why rules make no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowError {
    /// It is not `package.Service/Method`.
    Malformed {
        /// What stands there.
        rule: String,
    },
    /// No service has this name.
    UnknownService {
        /// What stands there.
        rule: String,
    },
    /// The service has no such method.
    UnknownMethod {
        /// What stands there.
        rule: String,
    },
    /// A caller's name that nobody can have.
    Name {
        /// The name.
        name: String,
    },
}

impl AllowList {
    /// With a rule, or another one about the same.
    pub fn with(mut self, rule: impl Into<String>, allowed: Allowed) -> AllowList {
        self.rules.insert(rule.into(), allowed);
        self
    }

    /// Whether every rule names something that one of `services` has.
    ///
    /// # Errors
    /// The first rule that does not.
    pub fn check(&self, services: &[&'static ServiceDescriptor]) -> Result<(), AllowError> {
        for rule in self.rules.keys() {
            let parts = rule.rsplit_once('/');
            let Some((service, method)) = parts.filter(|(s, m)| !s.is_empty() && !m.is_empty())
            else {
                return Err(AllowError::Malformed { rule: rule.clone() });
            };
            let Some(service) = services.iter().find(|s| s.full_name == service) else {
                return Err(AllowError::UnknownService { rule: rule.clone() });
            };
            if method != ALL_METHODS && !service.methods.iter().any(|m| m.name == method) {
                return Err(AllowError::UnknownMethod { rule: rule.clone() });
            }
        }
        Ok(())
    }

    /// The rules about `services` alone: where one list is written for many servers, the part that is for one of them.
    pub fn about(&self, services: &[&'static ServiceDescriptor]) -> AllowList {
        let is_about = |rule: &str| {
            let service = rule.rsplit_once('/').map(|(service, _)| service);
            services.iter().any(|s| Some(s.full_name) == service)
        };
        let rules = self.rules.iter().filter(|(rule, _)| is_about(rule));
        AllowList {
            rules: rules.map(|(r, a)| (r.clone(), a.clone())).collect(),
            otherwise: self.otherwise.clone(),
        }
    }

    /// The rule of a method, if there is one: its own, else its service's.
    pub(super) fn rule(&self, service: &str, method: &str) -> Option<&Allowed> {
        let named = |method| self.rules.get(&format!("{service}/{method}"));
        named(method).or_else(|| named(ALL_METHODS))
    }
}

impl Default for AllowList {
    fn default() -> AllowList {
        AllowList {
            rules: BTreeMap::new(),
            otherwise: Allowed::Known,
        }
    }
}

impl Allowed {
    /// Of names as settings have them: `"*"` among them is whoever has shown one, `"anyone"` strangers too.
    ///
    /// # Errors
    /// A name that nobody can have.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Allowed, AllowError> {
        let mut allowed = Allowed::Only(BTreeSet::new());
        for name in names {
            match (name, &mut allowed) {
                (ANYONE, _) => allowed = Allowed::Anyone,
                (_, Allowed::Anyone) => {}
                (ANY_KNOWN, _) => allowed = Allowed::Known,
                (name, only) => {
                    let name = name.to_owned();
                    check_name(&name).map_err(|_| AllowError::Name { name: name.clone() })?;
                    if let Allowed::Only(names) = only {
                        names.insert(name);
                    }
                }
            }
        }
        Ok(allowed)
    }

    /// # Errors
    /// Why not.
    pub(super) fn admits(&self, caller: Option<&Caller>) -> Result<(), Denied> {
        match (self, caller) {
            (Allowed::Anyone, _) | (Allowed::Known, Some(_)) => Ok(()),
            (_, None) => Err(Denied::Stranger),
            (Allowed::Only(names), Some(caller)) => match names.contains(caller.name()) {
                true => Ok(()),
                false => Err(Denied::NotAllowed),
            },
        }
    }
}

impl fmt::Display for AllowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AllowError::Malformed { rule } => write!(
                f,
                "rule {rule:?} is neither package.Service/Method nor package.Service/*"
            ),
            AllowError::UnknownService { rule } => write!(f, "rule {rule:?} names no service"),
            AllowError::UnknownMethod { rule } => {
                write!(f, "rule {rule:?} names no method of its service")
            }
            AllowError::Name { name } => write!(f, "{name:?} is no name that a caller can have"),
        }
    }
}

impl std::error::Error for AllowError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Means;

    #[test]
    fn the_widest_of_a_list_counts() {
        let of = |names: &[&str]| Allowed::of(names.iter().copied()).unwrap();
        assert_eq!(of(&["a", "anyone", "*"]), Allowed::Anyone);
        assert_eq!(of(&["*", "a"]), Allowed::Known);
        assert_eq!(of(&[]), Allowed::Only(BTreeSet::new()));
        Allowed::of(["A"]).unwrap_err();
    }

    #[test]
    fn strangers_and_others_are_told_apart() {
        let ada = Caller::new("ada", Means::Key).unwrap();
        let only = |name| Allowed::of([name]).unwrap();
        assert_eq!(only("ada").admits(Some(&ada)), Ok(()));
        assert_eq!(only("bob").admits(Some(&ada)), Err(Denied::NotAllowed));
        assert_eq!(only("ada").admits(None), Err(Denied::Stranger));
        assert_eq!(Allowed::Known.admits(None), Err(Denied::Stranger));
        assert_eq!(Allowed::Anyone.admits(None), Ok(()));
    }
}
