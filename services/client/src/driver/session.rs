//! One link, from its authentication to its end.

use super::pending::{Asked, Pending};
use super::{Driver, explain};
use crate::event::Event;
use crate::link::{Link, LinkError};
use crate::request::Request;
use im_idl::access::{AuthRequest, Command as Access};
use im_idl::account::RenewTicketRequest;
use im_idl::message::SendRequest;
use im_idl::sync::SyncRequest;
use prost::Message;
use std::time::Duration;
use svrkit_rt::{Status, Ticket, clock};
use tokio::time::{Instant, sleep_until};

/// Commands that are taken before the link has its turn again.
const COMMANDS_A_TURN: usize = 32;

/// Why a link is no more.
#[derive(Debug)]
pub(super) enum Ended {
    /// The client is to end.
    Closed,
    /// A new one is to be made at once.
    Replaced,
    /// The device has a newer link.
    Kicked,
    /// The ticket is no good.
    LoggedOut(String),
    /// It broke, or the server is not well.
    Lost { reason: String, retry_after_ms: u32 },
}

pub(super) struct Session<'a> {
    pub(super) driver: &'a mut Driver,
    pub(super) link: Link,
    pub(super) pending: Pending,
    pub(super) authenticated: Option<Instant>,
    pub(super) auth_is_pending: bool,
    /// The link has lived long enough for failures to be counted anew.
    is_settled: bool,
    /// When something was last written.
    spoke: Instant,
    pub(super) heartbeat: Option<Beat>,
    /// The longest silence that this server bears.
    pub(super) silence_max: Duration,
    /// A failed sync is not repeated before.
    pub(super) sync_not_before: Instant,
}

/// A heartbeat that was not answered yet.
pub(super) struct Beat {
    deadline: Instant,
    /// It was sent after a whole interval, so its fate says something about the network.
    pub(super) is_regular: bool,
}

impl Session<'_> {
    pub(super) fn new(driver: &mut Driver, link: Link) -> Session<'_> {
        let now = Instant::now();
        Session {
            driver,
            link,
            pending: Pending::default(),
            authenticated: None,
            auth_is_pending: false,
            is_settled: false,
            spoke: now,
            heartbeat: None,
            silence_max: Duration::MAX,
            sync_not_before: now,
        }
    }

    pub(super) async fn run(mut self) -> Ended {
        self.authenticate();
        let ended = self.converse().await;
        self.leave(&ended);
        ended
    }

    async fn converse(&mut self) -> Ended {
        loop {
            self.ask();
            let due = self.due();
            let ended = tokio::select! {
                frame = self.link.next() => match frame {
                    Ok(frame) => self.hear(frame).await,
                    Err(e) => Some(lost(&e)),
                },
                command = self.driver.commands.recv() => match command {
                    Some(command) => self.command(command).await,
                    None => Some(Ended::Closed),
                },
                () = sleep_until(due.unwrap_or(self.spoke)), if due.is_some() => self.look_at_the_clock(),
            };
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    /// Sends whatever can be sent now.
    fn ask(&mut self) {
        let before = self.link.unsent_bytes();
        self.ask_calls();
        if self.authenticated.is_some() {
            self.send_messages();
            self.sync();
        }
        if self.link.unsent_bytes() > before {
            self.spoke = Instant::now();
        }
    }

    fn has_room(&self) -> bool {
        self.pending.len() < self.driver.config.in_flight_max
    }

    fn ask_calls(&mut self) {
        if self.driver.calls.is_empty() {
            return;
        }
        for call in std::mem::take(&mut self.driver.calls) {
            let may = self.authenticated.is_some() || call.needs() == Ticket::None;
            let Some(cgi) = call.method.cgi.filter(|_| may && self.has_room()) else {
                self.driver.calls.push_back(call);
                continue;
            };
            let seq = self.link.send_encoded(cgi.cmd_id, &call.body);
            self.pending.add(seq, call.deadline, Asked::Call(call));
        }
    }

    fn send_messages(&mut self) {
        self.driver.outbox.wake(Instant::now());
        while self.has_room()
            && let Some(outgoing) = self.driver.outbox.next_ready()
        {
            let (chat, client_message_id) = (outgoing.chat, outgoing.client_message_id);
            let request = SendRequest {
                to: chat,
                client_message_id,
                content: outgoing.content.clone(),
            };
            let asked = Asked::Message {
                chat,
                client_message_id,
            };
            self.request(&request, asked);
        }
    }

    fn sync(&mut self) {
        if !self.driver.news.wants_sync() || Instant::now() < self.sync_not_before {
            return;
        }
        let snapshot = self.driver.shared.state().snapshot().clone();
        let request = SyncRequest {
            snapshot,
            selector: 0,
            messages_max: self.driver.config.sync_messages_max,
            check_only: false,
        };
        self.driver.news.began();
        self.request(&request, Asked::Sync);
    }

    pub(super) fn renew(&mut self, ticket: String) {
        self.request(&RenewTicketRequest { ticket }, Asked::Renew);
    }

    fn request<R: Request>(&mut self, request: &R, asked: Asked) {
        let method = R::method();
        let Some(cgi) = method.cgi else {
            return;
        };
        let timeout_ms = u64::from(method.timeout_ms) + self.driver.config.answer_slack_ms;
        let deadline = Instant::now() + Duration::from_millis(timeout_ms);
        let seq = self.link.send(cgi.cmd_id, request);
        self.pending.add(seq, deadline, asked);
    }

    /// Shows the ticket, when there is one to show.
    fn authenticate(&mut self) {
        let Some(identity) = self.driver.ticket() else {
            return;
        };
        let ticket = identity.ticket;
        let seq = self.link.send(Access::Auth as u32, &AuthRequest { ticket });
        let limit = Duration::from_millis(self.driver.config.connect_timeout_ms);
        self.pending.add(seq, Instant::now() + limit, Asked::Auth);
        self.auth_is_pending = true;
    }

    async fn command(&mut self, command: super::Command) -> Option<Ended> {
        self.driver.take(command).await;
        for _ in 1..COMMANDS_A_TURN {
            let Ok(command) = self.driver.commands.try_recv() else {
                break;
            };
            self.driver.take(command).await;
        }
        if !std::mem::take(&mut self.driver.hurry) {
            return None;
        }
        if self.authenticated.is_some() || self.auth_is_pending {
            return Some(Ended::Replaced);
        }
        self.authenticate();
        None
    }

    /// When there is something to do even if nothing comes.
    fn due(&self) -> Option<Instant> {
        let calls = self.driver.calls.iter().map(|call| call.deadline).min();
        let mut due = [self.pending.due(), calls, None, None, None, None];
        if let Some(since) = self.authenticated {
            due[2] = Some(match &self.heartbeat {
                Some(beat) => beat.deadline,
                None => self.spoke + self.interval(),
            });
            due[3] = self.driver.outbox.next_pause();
            due[4] = (!self.is_settled).then_some(since + self.settled_after());
            due[5] = self
                .driver
                .news
                .wants_sync()
                .then_some(self.sync_not_before);
        }
        due.into_iter().flatten().min()
    }

    fn interval(&self) -> Duration {
        self.driver.heartbeat.interval().min(self.silence_max)
    }

    fn settled_after(&self) -> Duration {
        Duration::from_millis(self.driver.config.settled_after_ms)
    }

    fn look_at_the_clock(&mut self) -> Option<Ended> {
        let now = Instant::now();
        self.driver.expire_calls();
        let over = self.pending.expire(now);
        let is_slow = !over.is_empty();
        for asked in over {
            if let Asked::Auth = asked {
                return Some(silent("the server does not answer"));
            }
            self.give_up(asked, now);
        }
        let since = self.authenticated?;
        if !self.is_settled && now >= since + self.settled_after() {
            self.is_settled = true;
            self.driver.reconnect.settled();
        }
        match &self.heartbeat {
            Some(beat) if now >= beat.deadline => {
                if beat.is_regular {
                    self.driver.heartbeat.missed(clock::now_ms());
                }
                return Some(silent("the link has gone silent"));
            }
            Some(_) => {}
            None if now >= self.spoke + self.interval() => self.beat(now, true),
            // Whoever does not answer may be gone: ask, instead of waiting for the next interval.
            None if is_slow => self.beat(now, false),
            None => {}
        }
        None
    }

    fn beat(&mut self, now: Instant, is_regular: bool) {
        self.link.send_heartbeat();
        self.spoke = now;
        let deadline = now + self.driver.heartbeat.answer_timeout();
        self.heartbeat = Some(Beat {
            deadline,
            is_regular,
        });
    }

    /// No answer came in time.
    fn give_up(&mut self, asked: Asked, now: Instant) {
        match asked {
            Asked::Auth | Asked::Renew => {}
            Asked::Sync => self.sync_failed(0),
            Asked::Message { chat, .. } => self.driver.outbox.again(chat, now),
            Asked::Call(call) => call.refuse(Status::new(
                svrkit_rt::Code::DeadlineExceeded,
                "the server does not answer",
            )),
        }
    }

    pub(super) fn sync_failed(&mut self, retry_after_ms: u32) {
        self.driver.news.failed();
        self.sync_not_before = Instant::now() + self.driver.resync.failed(retry_after_ms);
    }

    /// What was not answered is asked again on the next link, unless that could do harm.
    fn leave(&mut self, ended: &Ended) {
        for asked in self.pending.drain() {
            match asked {
                Asked::Auth | Asked::Renew | Asked::Message { .. } => {}
                Asked::Sync => self.driver.news.failed(),
                Asked::Call(call) if call.method.idempotent => self.driver.calls.push_back(call),
                Asked::Call(call) => {
                    let status = "the link broke; whether it was done is not known";
                    call.refuse(Status::unavailable(status));
                }
            }
        }
        self.driver.outbox.link_lost();
        if self.authenticated.is_some() {
            tracing::debug!(?ended, "link ended");
        }
    }

    /// The link is good. Mars sends a heartbeat right away; the sync that follows here tells more, and keeps the link as well awake.
    pub(super) fn went_online(&mut self) {
        self.auth_is_pending = false;
        self.authenticated = Some(Instant::now());
        self.driver.news.force();
        self.driver.shared.set_online(true);
        self.driver.shared.tell(Event::Online);
    }
}

fn lost(error: &LinkError) -> Ended {
    Ended::Lost {
        reason: explain(error),
        retry_after_ms: 0,
    }
}

fn silent(reason: &str) -> Ended {
    Ended::Lost {
        reason: reason.to_owned(),
        retry_after_ms: 0,
    }
}

/// Whether `body` is a message, for frames that nobody asked for: what is not is passed over.
pub(super) fn pushed<M: Message + Default>(body: &[u8]) -> Option<M> {
    let message = M::decode(body);
    if let Err(e) = &message {
        tracing::debug!(error = %e, "the server pushed something unknown");
    }
    message.ok()
}
