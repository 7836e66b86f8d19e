//! A section of the settings that a running service takes over: from the file when it changes, and from operators.

use crate::process::causes;
use crate::settings::SettingsError;
use crate::start::Start;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use svrkit_rt::admin::{Flag, FlagKind};
use toml::{Table, Value};
use tracing::warn;

/// The section as it is in effect, and who takes over another one.
struct Reloadable<T> {
    /// A lock, so that two changes do not undo each other.
    current: Mutex<Table>,
    take: Box<dyn Fn(T) -> Result<(), String> + Send + Sync>,
}

impl Start {
    /// As [`Start::reloadable_section`], of the service's own.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn reloadable<T>(
        &self,
        now: &T,
        fields: &'static [(&'static str, &'static str)],
        take: impl Fn(T) -> Result<(), String> + Send + Sync + 'static,
    ) where
        T: Serialize + DeserializeOwned + 'static,
    {
        self.reloadable_section(self.role, now, fields, take);
    }

    /// Has `take` given a section each time it changes, in the file or by an operator; what it refuses does not take
    /// effect. `now` is what the service began with; `fields` are those that operators may change, with a sentence on each. What an
    /// operator changed lasts until the file changes or the process ends.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn reloadable_section<T>(
        &self,
        section: &'static str,
        now: &T,
        fields: &'static [(&'static str, &'static str)],
        take: impl Fn(T) -> Result<(), String> + Send + Sync + 'static,
    ) where
        T: Serialize + DeserializeOwned + 'static,
    {
        let reloadable = Arc::new(Reloadable {
            current: Mutex::new(table(now)),
            take: Box::new(take),
        });
        for (field, help) in fields {
            let name = format!("{section}.{field}");
            self.told
                .flags()
                .add(reloadable.clone().flag(name, field, help));
        }
        let told = reloadable.clone();
        let in_effect = move |_: &_| Some(Value::Table(told.current().clone()));
        self.told.section(section, in_effect);
        let mut changes = self.changes.clone();
        tokio::spawn(async move {
            // Ends with whoever sends the settings.
            while changes.changed().await.is_ok() {
                let new = changes.borrow_and_update().section::<Table>(section);
                if let Err(error) = reloadable.replace(new) {
                    warn!(
                        section,
                        error, "new settings make no sense; the old ones stay"
                    );
                }
            }
        });
    }
}

impl<T> Reloadable<T>
where
    T: Serialize + DeserializeOwned + 'static,
{
    fn flag(self: Arc<Self>, name: String, field: &'static str, help: &'static str) -> Flag {
        let value = self.current().get(field).cloned();
        let kind = match value {
            Some(Value::Boolean(_)) => FlagKind::Bool,
            Some(Value::Integer(_)) => FlagKind::Integer {
                min: 0,
                max: i64::MAX,
            },
            _ => FlagKind::Text,
        };
        let read = self.clone();
        let get = move || match read.current().get(field) {
            Some(Value::String(text)) => text.clone(),
            value => value.map_or(String::new(), Value::to_string),
        };
        let set = move |new: &str| {
            let value = match kind {
                FlagKind::Bool => new.parse().map(Value::Boolean).map_err(|e| e.to_string())?,
                FlagKind::Integer { .. } => {
                    new.parse().map(Value::Integer).map_err(|e| e.to_string())?
                }
                _ => Value::String(new.to_owned()),
            };
            let mut current = self.current();
            let value = match (current.get(field), value) {
                (Some(Value::Float(_)), Value::String(text)) => {
                    Value::Float(text.parse().map_err(|_| format!("{text:?} is no number"))?)
                }
                (_, value) => value,
            };
            let mut changed = current.clone();
            changed.insert(field.to_owned(), value);
            *current = self.taken(changed)?;
            Ok(())
        };
        Flag::new(name, help, kind, get, set)
    }

    fn replace(&self, section: Result<Table, SettingsError>) -> Result<(), String> {
        let section = section.map_err(|error| causes(&error))?;
        let mut current = self.current();
        *current = self.taken(section)?;
        Ok(())
    }

    /// The section with its defaults, once the service has taken it over.
    fn taken(&self, section: Table) -> Result<Table, String> {
        let config: T = section
            .try_into()
            .map_err(|e: toml::de::Error| e.message().to_owned())?;
        let whole = table(&config);
        (self.take)(config)?;
        Ok(whole)
    }

    fn current(&self) -> MutexGuard<'_, Table> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A section with all its values; empty for what is no section.
fn table(config: &impl Serialize) -> Table {
    Table::try_from(config).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::Told;
    use crate::peers::Peers;
    use crate::settings::Settings;
    use serde::Deserialize;
    use svrkit_rt::admin::FlagError;
    use tokio::sync::watch;

    #[derive(Debug, Default, Deserialize, Serialize)]
    #[serde(default, deny_unknown_fields)]
    struct Config {
        open_max: u32,
        name: String,
    }

    const FIELDS: [(&str, &str); 2] = [("open_max", "How many."), ("name", "Of what.")];

    #[tokio::test]
    async fn file_and_operators_change_what_is_in_effect() {
        let (sender, changes) = watch::channel(Settings::default());
        let start = Start {
            role: "queue",
            settings: Settings::default(),
            changes,
            peers: Peers::new(),
            told: Told::default(),
        };
        let (seen, mut taken) = watch::channel(0);
        start.reloadable(&Config::default(), &FIELDS, move |config: Config| {
            if config.open_max == 13 {
                return Err("13 brings bad luck".to_owned());
            }
            seen.send_replace(config.open_max);
            Ok(())
        });
        let flags = start.told.flags().clone();
        assert_eq!(flags.set("queue.open_max", "5"), Ok("0".to_owned()));
        assert_eq!(*taken.borrow_and_update(), 5);
        let refused = flags.set("queue.open_max", "13").unwrap_err();
        assert_eq!(refused.to_string(), "queue.open_max: 13 brings bad luck");
        let refused = flags.set("queue.open_max", "99999999999").unwrap_err();
        assert!(matches!(refused, FlagError::Refused { .. }), "{refused}");
        assert_eq!(flags.set("queue.name", "doors"), Ok(String::new()));
        let value = |name: &str| {
            let found = flags.list().into_iter().find(|flag| flag.name() == name);
            found.map(|flag| flag.value())
        };
        assert_eq!(value("queue.open_max").as_deref(), Some("5"));
        assert_eq!(value("queue.name").as_deref(), Some("doors"));

        let mut settings = Settings::default();
        settings.set("queue.open_max", "7").unwrap();
        sender.send_replace(settings);
        taken.changed().await.unwrap();
        taken.wait_for(|taken| *taken == 7).await.unwrap();
        assert_eq!(value("queue.open_max").as_deref(), Some("7"));
        assert_eq!(value("queue.name").as_deref(), Some(""));
    }
}
