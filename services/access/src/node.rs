//! What all links of a node share.

use crate::checks::Checks;
use crate::config::Config;
use crate::deps::Deps;
use crate::doors::{Doors, Origin};
use crate::links::Links;
use crate::presence::Presence;
use crate::priority::{Priorities, UserLevel};
use crate::rates::Rates;
use crate::refusals::Refusals;
use crate::routes::{Route, Routes};
use crate::stats::{Counters, count};
use crate::tickets::Tickets;
use crate::turnstile::Turnstile;
use crate::wheel::Wheel;
use bytes::Bytes;
use im_idl::base::Caller;
use im_idl::caller::CALLER_KEY;
use im_idl::push::PushClient;
use im_serve::GrayNow;
use prost::Message;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{Admission, Call, Channel, InFlight, NotAdmitted, Request, Status, Ticket, clock};
use tokio::time::Instant;

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
    /// Which release a call is to meet.
    pub(crate) gray: GrayNow,
    pub(crate) refusals: Refusals,
    rates: Rates,
    priorities: Priorities,
    admission: Admission,
}

/// On whose behalf a call is made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who<'a> {
    User {
        uin: u64,
        /// His level, if that is known already.
        level: &'a UserLevel,
        /// The encoded [`Caller`].
        caller: &'a Bytes,
        client_version: u32,
    },
    Stranger {
        address: Option<IpAddr>,
        client_version: u32,
    },
}

/// Why a call may not be made.
#[derive(Debug)]
pub(crate) enum Refused {
    /// There is too much to do. Ten times as many calls as are made may be refused for that, so it costs no more than it must.
    NotAdmitted(NotAdmitted),
    /// It is not for who asks, or he asks too often.
    Status(Status),
}

impl From<NotAdmitted> for Refused {
    fn from(why: NotAdmitted) -> Refused {
        Refused::NotAdmitted(why)
    }
}

impl From<Status> for Refused {
    fn from(status: Status) -> Refused {
        Refused::Status(status)
    }
}

impl From<Refused> for Status {
    fn from(refused: Refused) -> Status {
        match refused {
            Refused::NotAdmitted(why) => why.into(),
            Refused::Status(status) => status,
        }
    }
}

/// A call that may be made.
#[derive(Debug)]
pub(crate) struct Admitted {
    in_flight: InFlight,
    channel: Channel,
    request: Request,
}

impl Admitted {
    /// Makes it when its turn has come.
    ///
    /// # Errors
    /// Its turn came too late; the callee's refusal, or what kept it from answering.
    pub(crate) async fn call(mut self) -> Result<Bytes, Status> {
        self.in_flight.turn().await?;
        Ok(self.channel.call(self.request).await?.body)
    }
}

impl Node {
    pub(crate) fn new(config: Config, deps: Deps, admission: Admission) -> Node {
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
            gray: GrayNow::default(),
            refusals: Refusals::default(),
            rates: Rates::new(&config),
            priorities: Priorities::new(&config.priority_secret),
            admission,
            name,
            config,
        }
    }

    /// Whether a call that came at `now` may be made, and with what beside its body. All of that is ours: nothing that a client says gets
    /// there. The body is looked at, and is kept by `keep` only if the call may be made: refusing must stay cheap.
    ///
    /// # Errors
    /// There is too much to do, `Unauthenticated`, or one of the limits.
    pub(crate) fn admit(
        &self,
        route: &Route,
        who: Who<'_>,
        body: &[u8],
        now: Instant,
        keep: impl FnOnce() -> Bytes,
    ) -> Result<Admitted, Refused> {
        let (uin, client_version) = match who {
            Who::User {
                uin,
                client_version,
                ..
            } => {
                self.rates.user(uin, route.cmd, now)?;
                (uin, client_version)
            }
            Who::Stranger {
                address,
                client_version,
            } => {
                if route.ticket == Ticket::Required {
                    let status = Status::unauthenticated("log in first");
                    return Err(status.with_not_started().into());
                }
                self.rates.origin(Origin::from(address), route.cmd, now)?;
                (0, client_version)
            }
        };
        let channel = route.check(body)?;
        let now_ms = clock::ms_at(now);
        let priority = self.priorities.of(route.method, who, body, now_ms);
        let timeout = Duration::from_millis(route.method.timeout_ms.into());
        let in_flight = self.admission.take(priority, timeout, now)?;
        let mut call = Call::new(())
            .routing_key(uin)
            .priority(priority)
            .metadata(CALLER_KEY, who.caller())?;
        if let Some(tag) = self.gray.tag_of(uin, client_version) {
            call = call.tag(tag);
        }
        let channel = channel.clone();
        let request = channel.untyped(route.method, call, keep());
        count(&self.counters.calls);
        Ok(Admitted {
            in_flight,
            channel,
            request,
        })
    }

    /// Whether an address may try another ticket.
    ///
    /// # Errors
    /// `ResourceExhausted` with a time to wait.
    pub(crate) fn admit_ticket(&self, address: Option<IpAddr>, cmd: u32) -> Result<(), Status> {
        let now = Instant::now();
        self.rates.origin(Origin::from(address), cmd, now)
    }
}

impl Who<'_> {
    /// The encoded [`Caller`], which services are told.
    fn caller(self) -> Bytes {
        match self {
            Who::User { caller, .. } => caller.clone(),
            Who::Stranger {
                address,
                client_version,
            } => {
                let stranger = Caller {
                    client_version,
                    address: address_text(address),
                    ..Caller::default()
                };
                stranger.encode_to_vec().into()
            }
        }
    }
}

/// An address as services see it.
pub(crate) fn address_text(address: Option<IpAddr>) -> String {
    address.map_or_else(String::new, |address| address.to_canonical().to_string())
}
