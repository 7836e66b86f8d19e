//! Where services are: listening there, and calling them.

use crate::auth::Authentication;
use crate::calls::Calls;
use crate::peers::Peers;
use crate::roles::Role;
use crate::settings::Settings;
use crate::start::StartError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use svrkit_rt::{Channel, ChannelConfig, Endpoint, Listener, Tag, parse_endpoints};

/// Addresses of services, from `[services]`: `message_store = "10.0.0.5:8134"`, or `"unix:/run/im/message_store.sock"`. A service that
/// may have several instances: `message = ["10.0.0.1:8104 zone=a", "10.0.0.2:8104 zone=b weight=2"]`, or a place where they are
/// told, `"file:/etc/im/message"`, `"dns:message.internal:8104"` or `"etcd:10.0.0.9:2379/im/message"`
/// ([`svrkit_rt::ChannelBuilder::at`]).
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    set: BTreeMap<String, Place>,
    calls: ChannelConfig,
}

/// Where one service is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Place {
    /// There.
    One(String),
    /// At all of these.
    Several(Vec<String>),
}

impl Addresses {
    /// Those in the settings.
    ///
    /// # Errors
    /// `[services]` is not a table of addresses; several for a service that can only be one.
    pub fn from_settings(settings: &Settings) -> Result<Addresses, StartError> {
        let set: BTreeMap<String, Place> = settings.section("services")?;
        for (name, place) in &set {
            let is_one = Role::named(name).is_some_and(|role| !role.may_be_several());
            if is_one && place.may_be_several() {
                let why = "it holds what its callers must find again";
                return Err(format!("services.{name}: there can be one only, since {why}").into());
            }
        }
        Ok(Addresses {
            set,
            calls: Calls::from_settings(settings)?.channel(),
        })
    }

    /// Where a service is: as set, else its default port on loopback.
    pub fn of(&self, role: &Role) -> String {
        match self.set.get(role.name) {
            Some(Place::One(place)) => place.clone(),
            Some(Place::Several(places)) => places.join(","),
            None => format!("127.0.0.1:{}", role.port),
        }
    }

    /// Where a service's own process listens, if that is said: where it is, unless there may be several of it.
    pub fn listens_at(&self, role: &Role) -> Option<String> {
        let may_be_several = |place: &Place| place.may_be_several();
        match self.set.get(role.name).is_some_and(may_be_several) {
            true => None,
            false => Some(self.of(role)),
        }
    }

    /// Where the instances of a service are and of which release each is, as far as the settings name them: nothing of what is told
    /// elsewhere.
    ///
    /// # Errors
    /// What is no address or no option of one.
    pub fn instances(&self, role: &Role) -> Result<Vec<Endpoint>, StartError> {
        let place = self.of(role);
        match is_told(&place) {
            true => Ok(Vec::new()),
            false => Ok(parse_endpoints(&place.replace(',', "\n"))?),
        }
    }

    /// The release that the instance at an address is of, if the settings say so.
    pub fn tag_at(&self, role: &Role, address: &str) -> Option<Tag> {
        let instances = self.instances(role).ok()?;
        let here = instances.iter().find(|instance| instance.name() == address);
        here?.tag()
    }

    /// Channels to all that a service calls, which are shown that it is it as `own` says. They connect when they are used.
    ///
    /// # Errors
    /// `InvalidArgument` for an address that is none; a service's name that no certificate can have.
    pub fn peers_of(&self, role: &'static Role, own: &Authentication) -> Result<Peers, StartError> {
        let mut peers = Peers::new();
        for callee in role.calls.iter().filter_map(|name| Role::named(name)) {
            let builder = Channel::builder().config(self.calls.clone());
            let builder = builder.at(&self.of(callee))?;
            let builder = builder.each_endpoint(own.endpoints_of(callee)?);
            peers = peers.with(callee.name, builder.build()?);
        }
        Ok(peers)
    }
}

impl Place {
    fn may_be_several(&self) -> bool {
        match self {
            Place::One(place) => place.contains(',') || is_told(place),
            Place::Several(places) => places.len() > 1,
        }
    }
}

/// Whether a place is one where instances are told of.
fn is_told(place: &str) -> bool {
    let told = ["file:", "dns:", "etcd:"];
    told.iter().any(|told| place.starts_with(told))
}

/// Listens at an address: `127.0.0.1:8131`, or `unix:PATH`, whose folder is made.
///
/// # Errors
/// The address is malformed or taken.
pub async fn listen(address: &str) -> io::Result<Listener> {
    let Some(path) = address.strip_prefix("unix:") else {
        return Listener::bind(address).await;
    };
    if let Some(folder) = std::path::Path::new(path).parent() {
        std::fs::create_dir_all(folder)?;
    }
    Listener::bind_unix(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(name: &str, value: &str) -> Result<Addresses, StartError> {
        let mut settings = Settings::default();
        settings.set(&format!("services.{name}"), value)?;
        Addresses::from_settings(&settings)
    }

    #[test]
    fn a_service_is_at_one_place_or_several() {
        let message = Role::named("message").unwrap();
        let none = Addresses::default();
        assert_eq!(none.of(message), "127.0.0.1:8104");
        assert_eq!(none.listens_at(message).unwrap(), "127.0.0.1:8104");
        let one = addresses("message", "10.0.0.1:80").unwrap();
        assert_eq!(one.listens_at(message).unwrap(), "10.0.0.1:80");
        let two = addresses("message", "[\"10.0.0.1:80 zone=a\", \"10.0.0.2:80\"]").unwrap();
        assert_eq!(two.of(message), "10.0.0.1:80 zone=a,10.0.0.2:80");
        assert_eq!(
            two.listens_at(message),
            None,
            "which of the two, nobody said"
        );
        let told = addresses("message", "file:/etc/im/message").unwrap();
        assert_eq!(told.listens_at(message), None);
        assert!(told.instances(message).unwrap().is_empty());
    }

    #[test]
    fn an_instance_is_of_the_release_that_its_callers_think() {
        let message = Role::named("message").unwrap();
        let two = addresses("message", "[\"10.0.0.1:80\", \"10.0.0.2:80 tag=gray\"]").unwrap();
        assert_eq!(two.instances(message).unwrap().len(), 2);
        assert_eq!(two.tag_at(message, "10.0.0.1:80"), None);
        assert_eq!(two.tag_at(message, "10.0.0.2:80"), Tag::new("gray").ok());
        assert_eq!(two.tag_at(message, "10.0.0.3:80"), None);
    }

    #[test]
    fn what_holds_something_is_one() {
        for name in ["session", "push", "queue", "message_store"] {
            assert!(addresses(name, "10.0.0.1:80").is_ok());
            let error = addresses(name, "dns:x:80").unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
