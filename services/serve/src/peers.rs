//! The services that a service calls.

use std::collections::BTreeMap;
use svrkit_rt::{Channel, ChannelWatch, Status};

/// Channels by the name of the service they lead to: `"account_store"`.
#[derive(Clone, Default)]
pub struct Peers {
    channels: BTreeMap<String, Channel>,
}

impl Peers {
    /// Nobody yet.
    pub fn new() -> Peers {
        Peers::default()
    }

    /// With one more, or another channel to it.
    pub fn with(mut self, service: impl Into<String>, channel: Channel) -> Peers {
        self.channels.insert(service.into(), channel);
        self
    }

    /// A look at each channel, by service.
    pub(crate) fn watches(&self) -> impl Iterator<Item = (String, ChannelWatch)> {
        let channels = self.channels.iter();
        channels.map(|(service, channel)| (service.clone(), channel.watch()))
    }

    /// The channel to a service.
    ///
    /// # Errors
    /// `FailedPrecondition` when nobody said where it is.
    pub fn channel(&self, service: &str) -> Result<Channel, Status> {
        let channel = self.channels.get(service).cloned();
        channel
            .ok_or_else(|| Status::failed_precondition(format!("no address of service {service}")))
    }
}
