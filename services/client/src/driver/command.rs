//! What handles ask of the task.

use super::{Driver, Settle};
use crate::store::{Identity, Outgoing, Record};
use bytes::Bytes;
use im_idl::account::LoginResponse;
use std::io;
use svrkit_rt::{MethodDescriptor, Status, Ticket, clock};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Tells how something went.
type Done = oneshot::Sender<Result<(), Status>>;

#[derive(Debug)]
pub(crate) enum Command {
    /// Ask the server.
    Call(Call),
    /// Keep a message, tell that it is kept, send it, and tell the last word on it.
    Send(Outgoing, Done, Settle),
    /// Keep something.
    Keep(Box<Record>, Done),
    /// A login: keep it and use it.
    Identify(Identity, Done),
    /// A fresh ticket: keep it; the link stays.
    Renewed(LoginResponse, Done),
    /// Sync now.
    Sync,
    /// Make a new link now.
    Reconnect,
}

/// A question to the server.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static MethodDescriptor,
    pub(crate) body: Bytes,
    pub(crate) deadline: Instant,
    pub(crate) answer: oneshot::Sender<Result<Bytes, Status>>,
}

impl Call {
    /// Whether the server wants a ticket for it.
    pub(super) fn needs(&self) -> Ticket {
        self.method.cgi.map_or(Ticket::Required, |cgi| cgi.ticket)
    }

    pub(super) fn refuse(self, status: Status) {
        // Who does not wait any more need not be told.
        let _ = self.answer.send(Err(status));
    }
}

impl Driver {
    /// Does what a handle asks, as far as that can be done without a link.
    pub(super) async fn take(&mut self, command: Command) {
        match command {
            Command::Call(call) => self.take_call(call),
            Command::Send(outgoing, accepted, settle) => {
                let accept = self.take_message(outgoing, settle).await;
                let _ = accepted.send(accept);
            }
            Command::Keep(record, done) => {
                let kept = self.keep(*record).await;
                let _ = done.send(kept.map_err(not_kept));
            }
            Command::Identify(identity, done) => {
                self.stopped = None;
                self.hurry = true;
                let kept = self.keep(Record::of(identity)).await;
                let _ = done.send(kept.map_err(not_kept));
            }
            Command::Renewed(answer, done) => {
                let kept = self.renewed(answer).await;
                let _ = done.send(kept.map_err(not_kept));
            }
            Command::Sync => self.news.force(),
            Command::Reconnect => {
                self.stopped = None;
                self.hurry = true;
            }
        }
    }

    pub(super) async fn renewed(&mut self, answer: LoginResponse) -> io::Result<()> {
        let identity = self.shared.state().identity().cloned();
        let Some(identity) = identity else {
            return Ok(());
        };
        self.keep(Record::of(Identity {
            ticket: answer.ticket,
            ticket_since_ms: clock::now_ms(),
            ticket_expires_ms: answer.expires_ms,
            ..identity
        }))
        .await
    }

    fn take_call(&mut self, call: Call) {
        let nobody = || self.shared.state().uin() == 0;
        match &self.stopped {
            None if call.needs() == Ticket::Required && nobody() => {
                call.refuse(Status::unauthenticated("log in first").with_not_started());
            }
            Some(why) if call.needs() == Ticket::Required => {
                let why = why.clone();
                call.refuse(why);
            }
            _ if self.calls.len() >= self.config.calls_waiting_max => {
                let status = Status::overloaded("too many calls wait for a link");
                call.refuse(status.with_not_started());
            }
            _ => self.calls.push_back(call),
        }
    }

    async fn take_message(&mut self, outgoing: Outgoing, settle: Settle) -> Result<(), Status> {
        if self.shared.state().uin() == 0 {
            return Err(Status::unauthenticated("log in first"));
        }
        if self.outbox.len() >= self.config.outbox_max {
            return Err(Status::resource_exhausted(
                "too many messages wait to be sent",
            ));
        }
        let kept = self.keep(Record {
            outgoing: vec![outgoing.clone()],
            ..Record::default()
        });
        kept.await.map_err(not_kept)?;
        let name = (outgoing.chat, outgoing.client_message_id);
        self.settling.insert(name, settle);
        self.outbox.push(outgoing);
        Ok(())
    }
}

fn not_kept(error: io::Error) -> Status {
    Status::unavailable(format!("the local store cannot keep it: {error}"))
}
