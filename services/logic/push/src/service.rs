//! The calls.

use crate::config::Config;
use crate::delivery::{deliver_kick, deliver_news, expire_mailboxes};
use crate::gathering::Gathering;
use crate::kick::Target;
use crate::mailboxes::Mailboxes;
use im_idl::base::{Empty, Uins, Versions};
use im_idl::push::{KickRequest, NotifyRequest, Push, PushServer, WaitRequest, WaitResponse};
use im_idl::session::{Link, SessionClient};
use im_serve::Peers;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use svrkit_rt::{Context, Draining, Server, Status, clock};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

/// Bytes of a node's name.
const NODE_BYTES_MAX: usize = 256;

/// Whom the service calls.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Knows whose links are where.
    pub session: SessionClient,
}

impl Deps {
    /// Its peers by their names.
    ///
    /// # Errors
    /// `FailedPrecondition` when nobody said where one is.
    pub fn connect(peers: &Peers) -> Result<Deps, Status> {
        let session = SessionClient::new(peers.channel("session")?);
        Ok(Deps { session })
    }
}

/// The service with nothing on its way.
///
/// # Errors
/// `InvalidArgument` when a bound in `config` is 0.
pub async fn build(config: Config, deps: Deps) -> Result<Server, Status> {
    config.check()?;
    let idle = Duration::from_millis(config.mailbox_idle_ms.into());
    let state = Arc::new(State {
        session: deps.session,
        gathering: Mutex::new(Gathering::new(config.gathering_users_max)),
        mailboxes: Mutex::new(Mailboxes::new(&config)),
        kicks: Arc::new(Semaphore::new(config.kicks_max)),
        config: Arc::new(config),
    });
    // A look each quarter: when exactly an unused mailbox goes matters to nobody.
    tokio::spawn(expire_mailboxes(Arc::downgrade(&state), idle / 4));
    let server = Server::new();
    let draining = server.draining();
    Ok(server.service(PushServer::new(Calls { state, draining })))
}

/// What is on its way. Locks, not a task's own: callers put in what pollers take out, each for a moment, and nothing waits under them.
pub(crate) struct State {
    pub(crate) config: Arc<Config>,
    session: SessionClient,
    gathering: Mutex<Gathering>,
    mailboxes: Mutex<Mailboxes>,
    kicks: Arc<Semaphore>,
}

impl State {
    pub(crate) fn mailboxes(&self) -> MutexGuard<'_, Mailboxes> {
        // Half-done is at worst an event that is offered twice or lost, and both may happen anyway.
        self.mailboxes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn lookup(&self, uins: Vec<u64>) -> Result<Vec<Link>, Status> {
        Ok(self.session.lookup(Uins { uins }).await?.links)
    }

    /// What has gathered; `None` ends the delivery.
    pub(crate) fn next_news(&self) -> Option<HashMap<u64, Versions>> {
        let mut gathering = self.gathering();
        let next = gathering.next();
        let lost = gathering.take_lost();
        drop(gathering);
        if lost > 0 {
            tracing::warn!(lost, "too many users had news; heartbeats will find them");
        }
        next
    }

    fn gathering(&self) -> MutexGuard<'_, Gathering> {
        self.gathering
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

struct Calls {
    state: Arc<State>,
    /// Who waits is answered then, and waits elsewhere.
    draining: Draining,
}

impl Push for Calls {
    async fn notify(&self, _ctx: &mut Context, request: NotifyRequest) -> Result<Empty, Status> {
        let begin = self.state.gathering().add(request.news);
        if begin {
            tokio::spawn(deliver_news(Arc::downgrade(&self.state)));
        }
        Ok(Empty {})
    }

    async fn kick(&self, _ctx: &mut Context, request: KickRequest) -> Result<Empty, Status> {
        let (reason, uin) = (request.reason.clone(), request.uin);
        match Target::of(request, clock::now_ms())? {
            Target::Link { node, link } => {
                check_node(&node)?;
                let mut mailboxes = self.state.mailboxes();
                mailboxes.add_kick(Instant::now(), &node, link, uin, &reason)?;
            }
            Target::Links(links) => {
                let permit = self.state.kicks.clone().try_acquire_owned();
                let permit =
                    permit.map_err(|_| Status::resource_exhausted("kicks_max: too many kicks"))?;
                let state = Arc::downgrade(&self.state);
                tokio::spawn(deliver_kick(state, links, reason, permit));
            }
        }
        Ok(Empty {})
    }

    async fn wait(&self, _ctx: &mut Context, request: WaitRequest) -> Result<WaitResponse, Status> {
        check_node(&request.node)?;
        let wait_ms = request.wait_ms.min(self.state.config.wait_max_ms);
        let wait = Duration::from_millis(wait_ms.into());
        let (node, now) = (&request.node, Instant::now());
        let turn = self
            .state
            .mailboxes()
            .begin(now, node, request.taken, wait)?;
        let until = now + wait;
        let mut waited_enough = wait.is_zero();
        loop {
            // Made before the look, so that what comes between the look and the wait wakes it.
            let woken = turn.wake.notified();
            let answer = self.state.mailboxes().answer(node, &turn, waited_enough)?;
            if let Some(answer) = answer {
                return Ok(answer);
            }
            waited_enough = tokio::select! {
                () = woken => false,
                () = sleep_until(until) => true,
                () = self.draining.begun() => true,
            };
        }
    }
}

fn check_node(node: &str) -> Result<(), Status> {
    if node.is_empty() || node.len() > NODE_BYTES_MAX {
        let message = format!("node is empty or over {NODE_BYTES_MAX} bytes");
        return Err(Status::invalid_argument(message));
    }
    Ok(())
}
