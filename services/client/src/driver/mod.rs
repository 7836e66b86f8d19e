//! The task that owns a client: its link, its store, and what is on its way.

mod command;
mod hear;
mod meanwhile;
mod pending;
mod session;

pub(crate) use command::{Call, Command};

use crate::backoff::Backoff;
use crate::config::Config;
use crate::event::Event;
use crate::heartbeat::Heartbeat;
use crate::link::Link;
use crate::news::News;
use crate::outbox::Outbox;
use crate::shared::Shared;
use crate::store::{Identity, LocalStore, Record};
use im_idl::message::SendResponse;
use meanwhile::Meanwhile;
use session::{Ended, Session};
use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{Connect, Status, Ticket, clock};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};

type Settle = oneshot::Sender<Result<SendResponse, Status>>;

pub(crate) struct Driver {
    config: Config,
    connect: Arc<dyn Connect>,
    store: Box<dyn LocalStore>,
    shared: Arc<Shared>,
    commands: mpsc::Receiver<Command>,
    outbox: Outbox,
    /// Who waits for the last word on a message, by chat and id.
    settling: HashMap<(u64, u64), Settle>,
    /// Calls that no link has taken yet.
    calls: VecDeque<Call>,
    news: News,
    /// Failures to connect, over links.
    reconnect: Backoff,
    /// Failures to sync, over links.
    resync: Backoff,
    heartbeat: Heartbeat,
    /// Why there is to be no link until somebody asks for one.
    stopped: Option<Status>,
    /// Somebody wants a new link at once.
    hurry: bool,
}

impl Driver {
    pub(crate) fn new(
        config: Config,
        connect: Arc<dyn Connect>,
        store: Box<dyn LocalStore>,
        shared: Arc<Shared>,
        commands: mpsc::Receiver<Command>,
    ) -> Driver {
        let mut outbox = Outbox::default();
        for outgoing in shared.state().outgoing() {
            outbox.push(outgoing.clone());
        }
        Driver {
            connect,
            store,
            shared,
            commands,
            outbox,
            settling: HashMap::new(),
            calls: VecDeque::new(),
            news: News::default(),
            reconnect: Backoff::new(config.reconnect.clone()),
            resync: Backoff::new(config.resend.clone()),
            heartbeat: Heartbeat::new(config.heartbeat.clone()),
            stopped: None,
            hurry: false,
            config,
        }
    }

    /// One link after the other, until the last handle is dropped.
    pub(crate) async fn run(mut self) {
        while self.wait_for_a_reason().await {
            self.hurry = false;
            let ended = match self.open().await {
                None => return,
                Some(Ok(link)) => Session::new(&mut self, link).run().await,
                Some(Err(reason)) => Ended::Lost {
                    reason,
                    retry_after_ms: 0,
                },
            };
            self.shared.set_online(false);
            if !self.after(ended).await {
                return;
            }
        }
    }

    /// Waits until a link is wanted. `false` when the client is to end.
    async fn wait_for_a_reason(&mut self) -> bool {
        while !self.wants_link() {
            match self.meanwhile(std::future::pending::<()>()).await {
                Meanwhile::Closed => return false,
                Meanwhile::Done(()) | Meanwhile::Commanded => {}
            }
        }
        true
    }

    fn wants_link(&self) -> bool {
        let has_ticket = || self.ticket().is_some();
        !self.calls.is_empty() || (self.stopped.is_none() && has_ticket())
    }

    /// The ticket to authenticate with, unless it is not to be used.
    fn ticket(&self) -> Option<Identity> {
        if self.stopped.is_some() {
            return None;
        }
        let state = self.shared.state();
        state.identity().filter(|i| !i.ticket.is_empty()).cloned()
    }

    /// Opens a link; `None` when the client is to end.
    async fn open(&mut self) -> Option<Result<Link, String>> {
        let limit = Duration::from_millis(self.config.connect_timeout_ms);
        let connecting = timeout(limit, self.connect.connect());
        let mut connecting = std::pin::pin!(connecting);
        let connected = loop {
            match self.meanwhile(&mut connecting).await {
                Meanwhile::Closed => return None,
                Meanwhile::Commanded => {}
                Meanwhile::Done(connected) => break connected,
            }
        };
        Some(match connected {
            Ok(Ok(stream)) => Ok(Link::with_version(stream, self.config.client_version)),
            Ok(Err(e)) => Err(format!("the server cannot be reached: {e}")),
            Err(_) => Err("the server cannot be reached: it takes too long".to_owned()),
        })
    }

    /// Decides what follows a link. `false` when the client is to end.
    async fn after(&mut self, ended: Ended) -> bool {
        match ended {
            Ended::Closed => return false,
            Ended::Replaced => {}
            Ended::Kicked => {
                self.stop(Status::unauthenticated("this device is used elsewhere"));
                self.shared.tell(Event::Kicked);
            }
            Ended::LoggedOut(reason) => {
                self.log_out(&reason).await;
                self.shared.tell(Event::LoggedOut { reason });
            }
            Ended::Lost {
                reason,
                retry_after_ms,
            } => {
                if !self.wants_link() {
                    return true;
                }
                let retry_in = self.reconnect.failed(retry_after_ms);
                tracing::debug!(reason, ?retry_in, "link lost");
                self.shared.tell(Event::Offline { reason, retry_in });
                return self.pause(retry_in).await;
            }
        }
        true
    }

    /// Waits, unless somebody is in a hurry. `false` when the client is to end.
    async fn pause(&mut self, pause: Duration) -> bool {
        let mut pause = std::pin::pin!(sleep(pause));
        while !self.hurry {
            match self.meanwhile(&mut pause).await {
                Meanwhile::Closed => return false,
                Meanwhile::Commanded => {}
                Meanwhile::Done(()) => break,
            }
        }
        true
    }

    /// No links until somebody asks for one. Calls that need a ticket would wait in vain.
    fn stop(&mut self, why: Status) {
        let waiting = std::mem::take(&mut self.calls);
        let needs_ticket = |call: &Call| call.needs() == Ticket::Required;
        let (vain, rest): (VecDeque<Call>, _) = waiting.into_iter().partition(needs_ticket);
        self.calls = rest;
        vain.into_iter().for_each(|call| call.refuse(why.clone()));
        self.stopped = Some(why);
    }

    /// Forgets a ticket that is no good.
    async fn log_out(&mut self, reason: &str) {
        self.stop(Status::unauthenticated(format!("log in again: {reason}")));
        let identity = self.shared.state().identity().cloned();
        if let Some(identity) = identity {
            let ticket = String::new();
            // When this fails the next process finds out the same way.
            let _ = self.keep(Record::of(Identity { ticket, ..identity })).await;
        }
    }

    /// Keeps a record, then shows it.
    async fn keep(&mut self, record: Record) -> io::Result<()> {
        if let Err(e) = self.store.append(record.clone()).await {
            let reason = e.to_string();
            tracing::warn!(error = %e, "the local store cannot keep a record");
            self.shared.tell(Event::StoreFailed { reason });
            return Err(e);
        }
        self.shared.apply(record);
        Ok(())
    }

    /// Gives calls up whose time is over.
    fn expire_calls(&mut self) {
        let now = Instant::now();
        let is_over = |call: &Call| call.deadline <= now;
        let (over, rest): (VecDeque<Call>, _) = self.calls.drain(..).partition(is_over);
        self.calls = rest;
        for call in over {
            call.refuse(Status::unavailable("there is no link to the server").with_not_started());
        }
    }
}

impl Record {
    fn of(identity: Identity) -> Record {
        Record {
            identity: Some(identity),
            ..Record::default()
        }
    }
}

/// An error and what caused it, in a line for people.
fn explain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        line = format!("{line}: {e}");
        cause = e.source();
    }
    line
}

/// Whether two thirds of a ticket's time are over.
fn is_to_be_renewed(identity: &Identity) -> bool {
    let (since, expires) = (identity.ticket_since_ms, identity.ticket_expires_ms);
    let life = expires.saturating_sub(since);
    clock::now_ms() >= since + life / 3 * 2
}
