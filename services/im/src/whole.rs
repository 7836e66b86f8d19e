//! All settings with their defaults, for those who want to look at them or check them.

use im_serve::{
    AdmissionSettings, AuthSettings, Calls, Counters, Gray, Listen, Place, Settings, SettingsError,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that can be set, section by section.
#[derive(Debug, Deserialize, Serialize)]
pub struct Whole {
    /// Where data is kept; each store has a folder in it.
    pub data_dir: String,
    /// Where clients find the backend.
    pub listen: Listen,
    /// Where processes tell of themselves.
    pub admin: im_serve::AdminConfig,
    /// Where services find each other, when not in one process: by default each on its port on loopback.
    pub services: BTreeMap<String, Place>,
    /// What a process does that has more to do than it can.
    pub admission: AdmissionSettings,
    /// How services show each other who they are, and who may call whom.
    pub auth: AuthSettings,
    /// How services call each other.
    pub calls: Calls,
    /// Where processes have their counters.
    pub counters: Counters,
    /// Whose calls meet a release that is being tried.
    pub gray: Gray,
    /// The engine of all stores.
    pub engine: im_engine::EngineConfig,
    /// Links of clients.
    pub access: im_access::Config,
    /// Accounts, tickets, passwords.
    pub account: im_account::Config,
    /// Accounts on disk.
    pub account_store: im_account_store::Config,
    /// Reading this machine's counters, and reporting them.
    pub agent: im_monitor::AgentConfig,
    /// Contacts.
    pub contact: im_contact::Config,
    /// Contacts on disk.
    pub contact_store: im_contact_store::Config,
    /// Delivery of group messages.
    pub fanout: im_fanout::Config,
    /// Groups.
    pub group: im_group::Config,
    /// Groups on disk.
    pub group_store: im_group_store::Config,
    /// Messages.
    pub message: im_message::Config,
    /// Inboxes on disk.
    pub message_store: im_message_store::Config,
    /// What agents report, for operators.
    pub monitor: im_monitor::Config,
    /// The OpenTelemetry collector that processes report to.
    pub otlp: im_serve::Otlp,
    /// Where requests are recorded.
    pub record: im_serve::RecordConfig,
    /// News on their way.
    pub push: im_push::Config,
    /// Tasks.
    pub queue: im_queue::Config,
    /// Who is online.
    pub session: im_session::Config,
    /// What is new.
    pub sync: im_sync::Config,
}

/// The names of all sections and plain values.
const KNOWN: &[&str] = &[
    "access",
    "account",
    "account_store",
    "admin",
    "admission",
    "agent",
    "auth",
    "calls",
    "contact",
    "contact_store",
    "counters",
    "data_dir",
    "engine",
    "fanout",
    "gray",
    "group",
    "group_store",
    "listen",
    "message",
    "message_store",
    "monitor",
    "otlp",
    "push",
    "queue",
    "record",
    "services",
    "session",
    "sync",
];

impl Whole {
    /// What the settings come to, once every default is filled in.
    ///
    /// # Errors
    /// The first section that nobody reads, or whose owner does not understand it.
    pub fn from_settings(settings: &Settings) -> Result<Whole, SettingsError> {
        settings.only(KNOWN)?;
        Ok(Whole {
            data_dir: settings.data_dir().display().to_string(),
            listen: settings.section("listen")?,
            admin: settings.section("admin")?,
            services: settings.section("services")?,
            admission: settings.section("admission")?,
            auth: settings.section("auth")?,
            calls: settings.section("calls")?,
            counters: settings.section("counters")?,
            gray: settings.section("gray")?,
            engine: settings.section("engine")?,
            access: settings.section("access")?,
            account: settings.section("account")?,
            account_store: settings.section("account_store")?,
            agent: settings.section("agent")?,
            contact: settings.section("contact")?,
            contact_store: settings.section("contact_store")?,
            fanout: settings.section("fanout")?,
            group: settings.section("group")?,
            group_store: settings.section("group_store")?,
            message: settings.section("message")?,
            message_store: settings.section("message_store")?,
            monitor: settings.section("monitor")?,
            otlp: settings.section("otlp")?,
            record: settings.section("record")?,
            push: settings.section("push")?,
            queue: settings.section("queue")?,
            session: settings.section("session")?,
            sync: settings.section("sync")?,
        })
    }
}
