//! What a running server asks of its callers: who may call what, how names are shown, and what strangers may say.

use super::refused::Refusal;
use crate::admission::UserLevels;
use crate::auth::{AllowError, Auth, Caller, Denied, MethodTable};
use crate::clock;
use crate::context::Priority;
use crate::descriptor::ServiceDescriptor;
use crate::monitor::connections::UNPROVEN;
use crate::seldom::Seldom;
use crate::transport::PeerText;
use std::fmt::Display;
use std::net::SocketAddr;

pub(crate) struct Guard {
    methods: MethodTable,
    #[cfg(feature = "auth")]
    keys: crate::auth::Keys,
    /// Strangers have a level each, and another one in every process.
    strangers: UserLevels,
    /// Of callers that were kept out.
    log: Seldom,
}

impl Guard {
    /// # Errors
    /// A rule that is about none of `services`.
    pub(super) fn new(
        auth: Auth,
        services: &[&'static ServiceDescriptor],
    ) -> Result<Guard, AllowError> {
        Ok(Guard {
            methods: MethodTable::new(&auth.allow, services)?,
            #[cfg(feature = "auth")]
            keys: auth.keys,
            strangers: UserLevels::new(&fastrand::u64(..).to_string()),
            log: Seldom::new(),
        })
    }

    /// Whether a method lets a caller in.
    ///
    /// # Errors
    /// As what the call is refused.
    pub(crate) fn admit(&self, method_id: u32, caller: Option<&Caller>) -> Result<(), Refusal> {
        let denied = match self.methods.admits(method_id, caller) {
            Ok(()) => return Ok(()),
            Err(denied) => denied,
        };
        if self.log.tells() {
            let caller = caller.map_or("a stranger", Caller::name);
            tracing::warn!(caller, method_id, "called what it may not");
        }
        Err(match denied {
            Denied::Stranger => Refusal::Stranger,
            Denied::NotAllowed => Refusal::NotAllowed,
        })
    }

    /// The keys by which names are shown, if they are.
    #[cfg(feature = "auth")]
    pub(super) fn keys(&self) -> Option<&crate::auth::Keys> {
        Some(&self.keys).filter(|keys| !keys.is_empty())
    }

    /// The user level of strangers from an address: the same for all that come from there, whatever they ask, so that nobody draws again.
    pub(super) fn stranger_level(&self, address: Option<SocketAddr>) -> u8 {
        match address {
            Some(address) => {
                let address = address.ip().to_canonical().to_string();
                self.strangers.level_of(address.as_bytes(), clock::now_ms())
            }
            None => Priority::drawn(0).user,
        }
    }

    /// Tells of a connection that did not show what it should have.
    pub(super) fn unproven(&self, address: Option<SocketAddr>, why: impl Display) {
        UNPROVEN.add(1);
        if self.log.tells() {
            let peer = PeerText(address);
            tracing::warn!(%peer, %why, "a connection did not show who it is");
        }
    }
}
