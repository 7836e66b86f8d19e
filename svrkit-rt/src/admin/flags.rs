//! Settings that can be changed while the process runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of a value.
const VALUE_BYTES_MAX: usize = 4 * 1024;

/// The settings of a process that can be changed while it runs, by name; a cheap clone, and one table for all who register.
#[derive(Clone, Debug, Default)]
pub struct Flags(Arc<Mutex<BTreeMap<String, Flag>>>);

/// A setting that can be changed while the process runs.
#[derive(Clone)]
pub struct Flag {
    name: String,
    help: String,
    kind: FlagKind,
    get: Get,
    set: Set,
}

type Get = Arc<dyn Fn() -> String + Send + Sync>;
type Set = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// What values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlagKind {
    /// `true` or `false`.
    Bool,
    /// A whole number from `min` to `max`.
    Integer {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// Any text; its owner says what makes sense.
    Text,
}

/// Why a setting was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlagError {
    /// There is none of this name.
    Unknown(String),
    /// The value is not of its kind.
    NotOfKind {
        /// Its name.
        name: String,
        /// Its kind.
        kind: FlagKind,
    },
    /// Its owner says why the value makes no sense.
    Refused {
        /// Its name.
        name: String,
        /// What the owner says.
        why: String,
    },
}

impl Flag {
    /// A setting named as in the settings' file (`"group.members_max"`), a sentence on what it does, and how it is read and set. `set` is
    /// given values of the kind only; what it refuses, it says why.
    pub fn new(
        name: impl Into<String>,
        help: impl Into<String>,
        kind: FlagKind,
        get: impl Fn() -> String + Send + Sync + 'static,
        set: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
    ) -> Flag {
        Flag {
            name: name.into(),
            help: help.into(),
            kind,
            get: Arc::new(get),
            set: Arc::new(set),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it does.
    pub fn help(&self) -> &str {
        &self.help
    }

    /// What values it takes.
    pub fn kind(&self) -> FlagKind {
        self.kind
    }

    /// What it stands at.
    pub fn value(&self) -> String {
        (self.get)()
    }
}

impl Flags {
    /// No settings yet.
    pub fn new() -> Flags {
        Flags::default()
    }

    /// Adds one. One of the same name goes.
    pub fn add(&self, flag: Flag) {
        self.table().insert(flag.name.clone(), flag);
    }

    /// All of them, by name.
    pub fn list(&self) -> Vec<Flag> {
        self.table().values().cloned().collect()
    }

    /// Changes one, and says what it stood at before.
    ///
    /// # Errors
    /// There is none of this name, or the value is refused.
    pub fn set(&self, name: &str, value: &str) -> Result<String, FlagError> {
        // Not under the lock: setting runs code of the owner's.
        let flag = self.table().get(name).cloned();
        let flag = flag.ok_or_else(|| FlagError::Unknown(name.to_owned()))?;
        if !flag.kind.takes(value) {
            return Err(FlagError::NotOfKind {
                name: flag.name,
                kind: flag.kind,
            });
        }
        let before = flag.value();
        (flag.set)(value).map_err(|why| FlagError::Refused {
            name: flag.name,
            why,
        })?;
        Ok(before)
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<String, Flag>> {
        // Every change is one insertion.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FlagKind {
    fn takes(self, value: &str) -> bool {
        match self {
            FlagKind::Bool => matches!(value, "true" | "false"),
            FlagKind::Integer { min, max } => {
                value.parse().is_ok_and(|n: i64| (min..=max).contains(&n))
            }
            FlagKind::Text => value.len() <= VALUE_BYTES_MAX && !value.contains('\0'),
        }
    }
}

impl fmt::Display for FlagKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlagKind::Bool => f.write_str("true or false"),
            FlagKind::Integer { min, max: i64::MAX } => write!(f, "whole number, {min} or more"),
            FlagKind::Integer { min, max } => write!(f, "whole number, {min} to {max}"),
            FlagKind::Text => f.write_str("text"),
        }
    }
}

impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.kind)
    }
}

impl fmt::Display for FlagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlagError::Unknown(name) => write!(f, "there is no setting {name:?} to change"),
            FlagError::NotOfKind { name, kind } => write!(f, "{name} takes: {kind}"),
            FlagError::Refused { name, why } => write!(f, "{name}: {why}"),
        }
    }
}

impl std::error::Error for FlagError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_of_their_kind_and_make_sense() {
        let value = Arc::new(Mutex::new(5));
        let (read, write) = (value.clone(), value.clone());
        let flags = Flags::new();
        flags.add(Flag::new(
            "a.even_max",
            "An even bound.",
            FlagKind::Integer { min: 0, max: 10 },
            move || read.lock().unwrap().to_string(),
            move |new| match new.parse::<i32>() {
                Ok(n) if n % 2 == 0 => {
                    *write.lock().unwrap() = n;
                    Ok(())
                }
                _ => Err("odd".to_owned()),
            },
        ));
        assert_eq!(flags.set("a.even_max", "8"), Ok("5".to_owned()));
        assert_eq!(*value.lock().unwrap(), 8);
        for (name, wrong, said) in [
            ("a.even_max", "7", "a.even_max: odd"),
            (
                "a.even_max",
                "12",
                "a.even_max takes: whole number, 0 to 10",
            ),
            ("a.even_max", "x", "a.even_max takes: whole number, 0 to 10"),
            ("b", "1", "there is no setting \"b\" to change"),
        ] {
            assert_eq!(flags.set(name, wrong).unwrap_err().to_string(), said);
        }
        assert_eq!(flags.list()[0].value(), "8");
    }
}
