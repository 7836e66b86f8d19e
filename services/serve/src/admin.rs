//! The admin listener of a process: section `[admin]`, and what services have it tell.

use crate::life::Life;
use crate::listen::bind;
use crate::log;
use crate::peers::Peers;
use crate::process::tell;
use crate::record::RecordConfig;
use crate::roles::{ROLES, Role};
use crate::settings::{Settings, SettingsError, flattened};
use crate::start::StartError;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use svrkit_rt::admin::{Admin, Flags, Token};
use svrkit_rt::{Admission, ChannelWatch, Listener, ServerWatch};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tracing::warn;

/// What is added to a service's port: `account_store` serves at 8131 and tells of itself at 9131.
const PORT_STEP: u16 = 1_000;
/// Port of the process that holds all services: that of the page, and the step.
const WHOLE_PORT: u16 = 8_088 + PORT_STEP;

/// Where a process tells of itself, and to whom: section `[admin]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdminConfig {
    /// Address of the admin listeners, without a port. Default 127.0.0.1; any that others reach needs a token.
    pub listen: IpAddr,
    /// What operators show to look from elsewhere and to change settings: 16 visible characters or more. Default none. Never printed.
    #[serde(serialize_with = "blank")]
    pub token: String,
    /// Ports by role (`im` for all services in one process), 0 for any free one. Default: the service's port and 1,000, 9088 for `im`;
    /// when that is taken, a free one.
    pub ports: BTreeMap<String, u16>,
}

/// A secret is there or not; what it is nobody is told.
fn blank<S: Serializer>(secret: &str, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(if secret.is_empty() { "" } else { "•••" })
}

impl Default for AdminConfig {
    fn default() -> AdminConfig {
        AdminConfig {
            listen: Ipv4Addr::LOCALHOST.into(),
            token: String::new(),
            ports: BTreeMap::new(),
        }
    }
}

impl AdminConfig {
    /// The name under which a process hands its listener on.
    pub const LISTENER: &str = "admin";

    /// As in the settings.
    ///
    /// # Errors
    /// The section makes no sense.
    pub fn from_settings(settings: &Settings) -> Result<AdminConfig, SettingsError> {
        settings.section("admin")
    }

    /// The listener of `name`, a role or `im`: as it was handed on, else bound anew. Until a process that is taken over from has ended,
    /// either of the two may answer.
    ///
    /// # Errors
    /// As [`AdminConfig::bind_anew`].
    pub async fn bind(&self, name: &str, life: &mut Life) -> Result<Listener, StartError> {
        let bind = async { self.bind_anew(name) };
        life.listener(AdminConfig::LISTENER, bind).await
    }

    /// Binds the listener of a role. A default port that is taken is no reason not to start: the service matters more than its pages.
    ///
    /// # Errors
    /// Others could reach it without a token; the port that was set is taken.
    pub fn bind_anew(&self, name: &str) -> Result<Listener, StartError> {
        if !self.listen.to_canonical().is_loopback() && self.token.is_empty() {
            let listen = self.listen;
            return Err(
                format!("an admin listener at {listen} needs a token: set admin.token").into(),
            );
        }
        let at = |port| bind(SocketAddr::new(self.listen, port), "admin listener");
        match self.ports.get(name) {
            Some(port) => at(*port),
            None => at(AdminConfig::default_port(name)).or_else(|_| at(0)),
        }
    }

    fn default_port(name: &str) -> u16 {
        Role::named(name).map_or(WHOLE_PORT, |role| role.port + PORT_STEP)
    }

    /// Where the other roles of this backend tell of themselves, as far as that is known beforehand.
    fn siblings(&self, name: &str) -> Vec<(&'static str, SocketAddr)> {
        let others = ROLES.iter().filter(|role| role.name != name);
        let port = |role: &Role| {
            let set = self.ports.get(role.name).copied();
            set.unwrap_or(AdminConfig::default_port(role.name))
        };
        others
            .map(|role| (role.name, SocketAddr::new(self.listen, port(role))))
            .collect()
    }
}

/// What the services of a process have its admin listener tell; a cheap clone.
#[derive(Clone, Default)]
pub struct Told {
    flags: Flags,
    sections: Arc<Mutex<BTreeMap<String, Section>>>,
    admissions: Arc<Mutex<Vec<(&'static str, Admission)>>>,
    channels: Arc<Mutex<Vec<(String, ChannelWatch)>>>,
}

/// Gives a section of the settings as it is in effect.
type Section = Box<dyn Fn(&Settings) -> Option<toml::Value> + Send>;

impl Told {
    /// Nothing yet but what every process tells.
    pub fn new() -> Told {
        let told = Told::default();
        if let Some(flag) = log::flag() {
            told.flags.add(flag);
        }
        told
    }

    /// The settings that can be changed while the process runs.
    pub fn flags(&self) -> &Flags {
        &self.flags
    }

    /// Has an admission be told that is no server's.
    pub fn admission(&self, name: &'static str, admission: Admission) {
        self.admissions().push((name, admission));
    }

    fn admissions(&self) -> MutexGuard<'_, Vec<(&'static str, Admission)>> {
        self.admissions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the channels to a service's peers be told of.
    pub fn peers(&self, peers: &Peers) {
        self.channels().extend(peers.watches());
    }

    fn channels(&self) -> MutexGuard<'_, Vec<(String, ChannelWatch)>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a section be told as `section` gives it; others are told as they were set.
    pub(crate) fn section(
        &self,
        name: impl Into<String>,
        section: impl Fn(&Settings) -> Option<toml::Value> + Send + 'static,
    ) {
        let mut sections = self.sections.lock().unwrap_or_else(PoisonError::into_inner);
        sections.insert(name.into(), Box::new(section));
    }

    fn settings(&self, set: &Settings) -> Vec<(String, String)> {
        let sections = self.sections.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = set.table().clone();
        for (name, section) in sections.iter() {
            if let Some(value) = section(set) {
                all.insert(name.clone(), value);
            }
        }
        flattened(&all)
    }
}

/// An admin listener that runs.
pub struct RunningAdmin {
    stop: oneshot::Sender<()>,
    done: JoinHandle<std::io::Result<()>>,
}

impl RunningAdmin {
    /// Serves the admin pages of `name`, a role or `im`, on `listener`, as `[admin]` says, and tells where they are. They tell of `servers`
    /// and of what `told` holds.
    ///
    /// # Errors
    /// The settings make no sense.
    pub fn start(
        name: &str,
        listener: Listener,
        changes: watch::Receiver<Settings>,
        told: Told,
        servers: Vec<(String, ServerWatch)>,
    ) -> Result<RunningAdmin, StartError> {
        let config = AdminConfig::from_settings(&changes.borrow())?;
        let recorder = RecordConfig::recorder(&changes.borrow())?;
        let mut admin = Admin::new(name)
            .version(env!("CARGO_PKG_VERSION"))
            .recorder(recorder);
        admin = servers
            .into_iter()
            .fold(admin, |admin, (name, server)| admin.watch(name, server));
        let admissions = told.admissions().clone();
        admin = admissions
            .into_iter()
            .fold(admin, |admin, (name, admission)| {
                admin.admission(name, admission)
            });
        if !config.token.is_empty() {
            admin =
                admin.token(Token::new(&config.token).map_err(|e| format!("admin.token: {e}"))?);
        }
        // Whoever holds all services has nobody to ask.
        if Role::named(name).is_some() {
            let siblings = config.siblings(name).into_iter();
            admin = siblings.fold(admin, |admin, (name, at)| {
                admin.sibling(name, at.to_string())
            });
        }
        let channels = std::mem::take(&mut *told.channels());
        admin = channels.into_iter().fold(admin, |admin, (name, channel)| {
            admin.watch_channel(name, channel)
        });
        let flags = told.flags.clone();
        let admin = admin
            .flags(flags)
            .config(move || told.settings(&changes.borrow()));
        tell(format_args!(
            "{name} has admin pages at http://{}",
            listener.address()
        ));
        let (stop, stopped) = oneshot::channel::<()>();
        let done = tokio::spawn(admin.run(listener, async { drop(stopped.await) }));
        Ok(RunningAdmin { stop, done })
    }

    /// Runs `work`, and ends the listener with it: one can look while the rest drains.
    pub async fn until<T>(self, work: impl Future<Output = T>) -> T {
        let done = work.await;
        drop(self.stop);
        match self.done.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, "the admin listener ended badly"),
            Err(error) => warn!(%error, "the admin listener ended badly"),
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_a_port_of_its_own_and_knows_the_others() {
        let mut config = AdminConfig::default();
        config.ports.insert("queue".to_owned(), 7_000);
        let siblings = config.siblings("push");
        assert_eq!(siblings.len(), ROLES.len() - 1);
        let of = |name: &str| {
            siblings
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, at)| at.port())
        };
        assert_eq!(of("push"), None);
        assert_eq!(of("queue"), Some(7_000));
        assert_eq!(of("access"), Some(9_081));
        let mut ports: Vec<u16> = siblings.iter().map(|(_, at)| at.port()).collect();
        ports.push(AdminConfig::default_port("im"));
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), siblings.len() + 1);
    }
}
