//! What all links of a node share.

use crate::checks::Checks;
use crate::config::Config;
use crate::deps::Deps;
use crate::doors::{Doors, Origin};
use crate::links::Links;
use crate::presence::Presence;
use crate::priority;
use crate::rates::Rates;
use crate::routes::{Route, Routes};
use crate::stats::{Counters, count};
use crate::tickets::Tickets;
use crate::turnstile::Turnstile;
use crate::wheel::Wheel;
use bytes::Bytes;
use im_idl::base::Caller;
use im_idl::caller::CALLER_KEY;
use im_idl::push::PushClient;
use prost::Message;
use std::net::IpAddr;
use std::sync::Arc;
use svrkit_rt::{Call, Channel, Request, Status, Ticket, clock};

/// A node between its start and its end.
#[derive(Debug)]
pub(crate) struct Node {
    /// Its name, different with each start.
    pub(crate) name: String,
    pub(crate) config: Config,
    pub(crate) routes: Routes,
    pub(crate) links: Links,
    pub(crate) wheel: Wheel,
    pub(crate) doors: Arc<Doors>,
    pub(crate) turnstile: Turnstile,
    pub(crate) tickets: Tickets,
    pub(crate) presence: Presence,
    pub(crate) checks: Checks,
    pub(crate) push: PushClient,
    pub(crate) counters: Counters,
    rates: Rates,
}

/// On whose behalf a call is made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who<'a> {
    User {
        uin: u64,
        /// The encoded [`Caller`].
        caller: &'a Bytes,
    },
    Stranger {
        address: Option<IpAddr>,
        client_version: u32,
    },
}

/// A call that may be made.
#[derive(Debug)]
pub(crate) struct Admitted {
    channel: Channel,
    request: Request,
}

impl Admitted {
    /// Makes it.
    ///
    /// # Errors
    /// The callee's refusal, or what kept it from answering.
    pub(crate) async fn call(self) -> Result<Bytes, Status> {
        Ok(self.channel.call(self.request).await?.body)
    }
}

impl Node {
    pub(crate) fn new(config: Config, deps: Deps) -> Node {
        let name = format!("{}-{:016x}", config.node, fastrand::u64(..));
        Node {
            routes: Routes::new(&deps.services),
            links: Links::new(config.links_max),
            wheel: Wheel::new(),
            doors: Doors::new(
                config.unauthenticated_max,
                config.unauthenticated_per_address_max,
            ),
            turnstile: Turnstile::new(config.handshakes_at_once),
            tickets: Tickets::new(deps.account, &config),
            presence: Presence::new(deps.session, name.clone(), &config),
            checks: Checks::new(deps.sync, &config),
            push: deps.push,
            counters: Counters::default(),
            rates: Rates::new(&config),
            name,
            config,
        }
    }

    /// Whether a call may be made, and with what beside its body. All of that is ours: nothing that a client says gets there.
    ///
    /// # Errors
    /// `Unauthenticated`, or one of the limits.
    pub(crate) fn admit(
        &self,
        route: &Route,
        who: Who<'_>,
        body: Bytes,
    ) -> Result<Admitted, Status> {
        let (uin, caller) = match who {
            Who::User { uin, caller } => {
                self.rates.user(uin, route.cmd)?;
                (uin, caller.clone())
            }
            Who::Stranger {
                address,
                client_version,
            } => {
                if route.ticket == Ticket::Required {
                    return Err(Status::unauthenticated("log in first").with_not_started());
                }
                self.rates.origin(Origin::from(address), route.cmd)?;
                let caller = stranger(address, client_version);
                (0, caller.encode_to_vec().into())
            }
        };
        let channel = route.check(&body)?.clone();
        let call = Call::new(())
            .routing_key(uin)
            .priority(priority::of(route.method, uin, clock::now_ms()))
            .metadata(CALLER_KEY, caller)?;
        let request = channel.untyped(route.method, call, body);
        count(&self.counters.calls);
        Ok(Admitted { channel, request })
    }

    /// Whether an address may try another ticket.
    ///
    /// # Errors
    /// `ResourceExhausted` with a time to wait.
    pub(crate) fn admit_ticket(&self, address: Option<IpAddr>, cmd: u32) -> Result<(), Status> {
        self.rates.origin(Origin::from(address), cmd)
    }
}

/// Who calls without a ticket.
fn stranger(address: Option<IpAddr>, client_version: u32) -> Caller {
    Caller {
        client_version,
        address: address_text(address),
        ..Caller::default()
    }
}

/// An address as services see it.
pub(crate) fn address_text(address: Option<IpAddr>) -> String {
    address.map_or_else(String::new, |address| address.to_canonical().to_string())
}
