//! Settings of the whole backend: a TOML file, then the environment, then flags; the later wins.

use serde::de::DeserializeOwned;
use std::fmt;
use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Environment variables that are settings begin so: `IM__ACCOUNT__TICKET_DAYS=7` is `ticket_days` in `[account]`.
const ENVIRONMENT_PREFIX: &str = "IM__";

/// What every process of the backend is told. A section for each service, and `data_dir`, `[services]`, `[listen]`, `[engine]`.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    table: Table,
}

/// Why settings are of no use.
#[derive(Debug)]
pub enum SettingsError {
    /// The file cannot be read.
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML.
    Malformed {
        /// Its path.
        path: PathBuf,
        /// What and where.
        source: Box<toml::de::Error>,
    },
    /// A section does not fit whom it is for.
    Section {
        /// Its name.
        section: String,
        /// What and where.
        source: Box<toml::de::Error>,
    },
    /// A key names a section and is a value, or the other way round.
    Key {
        /// The key.
        key: String,
    },
    /// A section that nobody reads.
    Unknown {
        /// Its name.
        section: String,
    },
}

impl Settings {
    /// Reads `file`, if there is to be one, and the environment of this process.
    ///
    /// # Errors
    /// The file is missing or malformed; a variable names a value within a value.
    pub fn load(file: Option<&Path>) -> Result<Settings, SettingsError> {
        let mut settings = match file {
            None => Settings::default(),
            Some(path) => Settings::read(path)?,
        };
        let variables = std::env::vars().filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX));
        for (name, value) in variables {
            let key = name[ENVIRONMENT_PREFIX.len()..].to_lowercase();
            settings.set(&key.replace("__", "."), &value)?;
        }
        Ok(settings)
    }

    fn read(path: &Path) -> Result<Settings, SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|source| SettingsError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let table = text.parse().map_err(|source| SettingsError::Malformed {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        Ok(Settings { table })
    }

    /// Has what stands in a file go before all that was set. One that is not there says nothing.
    ///
    /// # Errors
    /// It cannot be read, or is not TOML.
    pub fn lay_over(&mut self, path: &Path) -> Result<(), SettingsError> {
        let over = match Settings::read(path) {
            Ok(over) => over.table,
            Err(SettingsError::Unreadable { source, .. }) if source.kind() == NotFound => {
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        for (name, value) in over {
            match (self.table.get_mut(&name), value) {
                (Some(Value::Table(section)), Value::Table(over)) => section.extend(over),
                (_, value) => drop(self.table.insert(name, value)),
            }
        }
        Ok(())
    }

    /// Sets one value: `set("account.ticket_days", "7")`. What is no TOML value is a string.
    ///
    /// # Errors
    /// The key leads through a value, or ends at a section.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), SettingsError> {
        let wrong = || SettingsError::Key {
            key: key.to_owned(),
        };
        let mut sections: Vec<&str> = key.split('.').collect();
        let name = sections.pop().ok_or_else(wrong)?;
        let mut table = &mut self.table;
        for section in sections {
            let entry = table.entry(section);
            let next = entry.or_insert_with(|| Value::Table(Table::new()));
            table = next.as_table_mut().ok_or_else(wrong)?;
        }
        if matches!(table.get(name), Some(Value::Table(_))) {
            return Err(wrong());
        }
        table.insert(name.to_owned(), parse(value));
        Ok(())
    }

    /// A section as its owner wants it; its defaults when there is none.
    ///
    /// # Errors
    /// A name it does not know, or a value of another type.
    pub fn section<T: DeserializeOwned>(&self, name: &str) -> Result<T, SettingsError> {
        let section = self.table.get(name).cloned();
        let section = section.unwrap_or_else(|| Value::Table(Table::new()));
        section.try_into().map_err(|source| SettingsError::Section {
            section: name.to_owned(),
            source: Box::new(source),
        })
    }

    /// Where data is kept. Default `data`.
    pub fn data_dir(&self) -> PathBuf {
        let dir = self.table.get("data_dir").and_then(Value::as_str);
        dir.unwrap_or("data").into()
    }

    /// Refuses sections (and plain values) that none of `known` reads: a slip of the pen must not be a default.
    ///
    /// # Errors
    /// The first one that nobody knows.
    pub fn only(&self, known: &[&str]) -> Result<(), SettingsError> {
        match self.table.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some(section) => Err(SettingsError::Unknown {
                section: section.clone(),
            }),
        }
    }

    /// All that was set.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// All that was set, as TOML.
    pub fn to_toml(&self) -> String {
        self.table.to_string()
    }
}

/// Every value by its whole name: `account.ticket_days`, `7`.
pub(crate) fn flattened(table: &Table) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => {
                let inner = flattened(inner).into_iter();
                all.extend(inner.map(|(rest, value)| (format!("{name}.{rest}"), value)));
            }
            Value::String(text) => all.push((name.clone(), text.clone())),
            value => all.push((name.clone(), value.to_string())),
        }
    }
    all
}

/// A TOML value, or the text itself.
fn parse(text: &str) -> Value {
    let line = format!("value = {text}");
    let parsed: Option<Table> = line.parse().ok();
    let value = parsed.and_then(|mut table| match table.len() {
        1 => table.remove("value"),
        _ => None,
    });
    value.unwrap_or_else(|| Value::String(text.to_owned()))
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingsError::Unreadable { path, .. } => write!(f, "cannot read {}", path.display()),
            SettingsError::Malformed { path, .. } => write!(f, "{} is not TOML", path.display()),
            SettingsError::Section { section, .. } => write!(f, "settings of [{section}]"),
            SettingsError::Key { key } => write!(f, "{key} cannot be set: a section and a value"),
            SettingsError::Unknown { section } => write!(f, "nobody reads settings {section:?}"),
        }
    }
}

impl std::error::Error for SettingsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SettingsError::Unreadable { source, .. } => Some(source),
            SettingsError::Malformed { source, .. } | SettingsError::Section { source, .. } => {
                Some(&**source)
            }
            SettingsError::Key { .. } | SettingsError::Unknown { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default, deny_unknown_fields)]
    struct Section {
        days: u32,
        name: String,
    }

    #[test]
    fn later_values_win_and_unknown_names_are_refused() {
        let mut settings = Settings::default();
        assert_eq!(
            settings.section::<Section>("a").unwrap(),
            Section::default()
        );
        settings.set("a.days", "7").unwrap();
        settings.set("a.name", "127.0.0.1:80").unwrap();
        settings.set("a.days", "8").unwrap();
        let section = settings.section::<Section>("a").unwrap();
        let name = "127.0.0.1:80".to_owned();
        assert_eq!(section, Section { days: 8, name });
        settings.set("a.dayz", "8").unwrap();
        let error = settings.section::<Section>("a").unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("dayz"), "{source}");
    }

    #[test]
    fn a_file_may_go_before_what_was_set() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("over.toml");
        let mut settings = Settings::default();
        settings.set("a.days", "7").unwrap();
        settings.set("a.name", "ada").unwrap();
        settings.lay_over(&file).unwrap();
        assert_eq!(settings.section::<Section>("a").unwrap().days, 7);
        std::fs::write(&file, "[a]\ndays = 8\n[b]\nc = 1\n").unwrap();
        settings.lay_over(&file).unwrap();
        let section = settings.section::<Section>("a").unwrap();
        let name = "ada".to_owned();
        assert_eq!(section, Section { days: 8, name });
        settings.only(&["a", "b"]).unwrap();
        std::fs::write(&file, "[a").unwrap();
        settings.lay_over(&file).unwrap_err();
    }

    #[test]
    fn a_key_is_a_section_or_a_value() {
        let mut settings = Settings::default();
        settings.set("a.b", "1").unwrap();
        settings.set("a.b.c", "1").unwrap_err();
        settings.set("a", "1").unwrap_err();
        settings.only(&["a"]).unwrap();
        settings.only(&["b"]).unwrap_err();
    }

    #[test]
    fn values_are_told_by_their_whole_names() {
        let mut settings = Settings::default();
        settings.set("data_dir", "/d").unwrap();
        settings.set("a.b.c", "[1, 2]").unwrap();
        let pairs = [("a.b.c", "[1, 2]"), ("data_dir", "/d")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(flattened(settings.table()), pairs);
    }

    #[test]
    fn values_cannot_smuggle_in_lines() {
        let mut settings = Settings::default();
        settings.set("a.name", "1\nother = 2").unwrap();
        let section = settings.section::<Section>("a").unwrap();
        assert_eq!(section.name, "1\nother = 2");
    }
}
