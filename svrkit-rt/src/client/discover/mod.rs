//! Where a channel learns which endpoints there are.

mod dns;
#[cfg(feature = "etcd")]
mod etcd;
mod file;
mod text;

pub use dns::Dns;
#[cfg(feature = "etcd")]
pub use etcd::{Etcd, Registration};
pub use file::EndpointsFile;
pub use text::{EndpointsError, parse_endpoints};

use super::endpoint::Endpoint;
use super::fleet::Fleet;
use crate::service::BoxFuture;
use crate::status::Status;
use std::fmt;
use std::sync::{Arc, Weak};

/// Tells a channel which endpoints there are, as they come and go.
pub trait Discover: Send + 'static {
    /// Runs as long as the channel lives, and is dropped with it. What it announced last counts; what goes wrong meanwhile is its own
    /// affair, and a line in the errors of calls that find nobody ([`Announce::trouble`]).
    fn run(self: Box<Self>, announce: Announce) -> BoxFuture<()>;
}

/// Where endpoints are to be learnt, as settings say it.
pub(super) enum Source {
    /// Always these.
    Fixed(Vec<Endpoint>),
    /// From somebody who knows.
    Told(Box<dyn Discover>),
}

impl Source {
    /// Reads what [`super::ChannelBuilder::at`] describes.
    pub(super) fn parse(text: &str) -> Result<Source, Status> {
        if let Some(path) = text.strip_prefix("file:") {
            return Ok(Source::Told(Box::new(EndpointsFile::new(path))));
        }
        if let Some(name) = text.strip_prefix("dns:") {
            return Ok(Source::Told(Box::new(Dns::new(name)?)));
        }
        #[cfg(feature = "etcd")]
        if let Some(text) = text.strip_prefix("etcd:") {
            return Ok(Source::Told(Box::new(Etcd::new(text)?)));
        }
        let lines: Vec<&str> = text.split(',').collect();
        Ok(Source::Fixed(parse_endpoints(&lines.join("\n"))?))
    }
}

/// The way from a [`Discover`] to its channel.
pub struct Announce {
    fleet: Weak<Fleet>,
    options: EndpointOptions,
}

/// What the channel's author wants of every endpoint.
pub(super) type EndpointOptions = Arc<dyn Fn(Endpoint) -> Endpoint + Send + Sync>;

impl Announce {
    pub(super) fn new(fleet: &Arc<Fleet>, options: EndpointOptions) -> Announce {
        Announce {
            fleet: Arc::downgrade(fleet),
            options,
        }
    }

    /// These are the endpoints now. Those that were there before (by their names) keep their connections and the calls on them; those
    /// that are gone finish theirs.
    pub fn endpoints(&self, endpoints: Vec<Endpoint>) {
        if let Some(fleet) = self.fleet.upgrade() {
            fleet.set(endpoints.into_iter().map(&*self.options).collect());
        }
    }

    /// Why they could not be learnt just now. The last ones stay.
    pub fn trouble(&self, why: impl Into<String>) {
        if let Some(fleet) = self.fleet.upgrade() {
            fleet.set_trouble(why.into());
        }
    }
}

impl fmt::Debug for Announce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Announce")
    }
}
