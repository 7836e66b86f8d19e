//! What the server says.

use super::pending::Asked;
use super::session::{Ended, Session, pushed};
use super::{explain, is_to_be_renewed};
use crate::event::Event;
use crate::link::{Frame, SEQ_PUSH};
use crate::request::Answer;
use crate::store::{Record, Settled};
use crate::verdict::Verdict;
use bytes::Bytes;
use im_idl::access::{AuthResponse, Command as Access, Kick, Notify};
use im_idl::account::LoginResponse;
use im_idl::base::Error;
use im_idl::message::SendResponse;
use im_idl::refusal;
use im_idl::sync::SyncResponse;
use std::time::Duration;
use svrkit_rt::{Code, clock};
use tokio::time::Instant;

/// What the server says when a ticket was revoked; any other kick is by a newer link.
const TICKET_REVOKED: &str = "TICKET_REVOKED";

impl Session<'_> {
    /// Takes a frame. `Some` when the link is to end by it.
    pub(super) async fn hear(&mut self, frame: Frame) -> Option<Ended> {
        if frame.cmd_id == Access::Noop as u32 {
            self.heartbeat_answered(&frame.body);
            return None;
        }
        if frame.seq == SEQ_PUSH {
            return self.hear_push(&frame);
        }
        // An answer that was given up, or that nobody asked for, is passed over.
        match self.pending.answered(frame.seq)? {
            Asked::Auth => self.authenticated(&frame.body),
            Asked::Renew => self.renewed(&frame.body).await,
            Asked::Sync => self.synced(frame.body).await,
            Asked::Message {
                chat,
                client_message_id,
            } => {
                self.message_answered(chat, client_message_id, &frame.body)
                    .await
            }
            Asked::Call(call) => {
                // Who does not wait any more need not be told.
                let _ = call.answer.send(Ok(frame.body));
                None
            }
        }
    }

    fn hear_push(&mut self, frame: &Frame) -> Option<Ended> {
        if frame.cmd_id == Access::Notify as u32 {
            self.notified(&frame.body);
        } else if frame.cmd_id == Access::Kick as u32 {
            let kick: Kick = pushed(&frame.body).unwrap_or_default();
            return Some(match kick.reason == TICKET_REVOKED {
                true => Ended::LoggedOut("the ticket was revoked".to_owned()),
                false => Ended::Kicked,
            });
        }
        None
    }

    fn notified(&mut self, body: &[u8]) {
        let notify: Option<Notify> = pushed(body);
        if let Some(versions) = notify.and_then(|notify| notify.versions) {
            self.driver.news.tell(&versions);
        }
    }

    fn heartbeat_answered(&mut self, body: &[u8]) {
        if self.heartbeat.take().is_some_and(|beat| beat.is_regular) {
            self.driver.heartbeat.answered(clock::now_ms());
        }
        self.notified(body);
        self.renew_when_due();
    }

    fn renew_when_due(&mut self) {
        if let Some(identity) = self.driver.ticket().filter(is_to_be_renewed) {
            self.renew(identity.ticket);
        }
    }

    fn authenticated(&mut self, body: &[u8]) -> Option<Ended> {
        let answer = match decode::<AuthResponse>(body) {
            Ok(answer) => answer,
            Err(error) if error.code == Code::Unauthenticated as u32 => {
                return Some(Ended::LoggedOut(error.message));
            }
            Err(error) => return Some(refused(error)),
        };
        if answer.idle_timeout_ms > 0 {
            // Two thirds of it: one heartbeat may be late without harm.
            let silence_ms = u64::from(answer.idle_timeout_ms) / 3 * 2;
            self.silence_max = Duration::from_millis(silence_ms);
        }
        self.went_online();
        self.renew_when_due();
        None
    }

    async fn renewed(&mut self, body: &[u8]) -> Option<Ended> {
        match decode::<LoginResponse>(body) {
            // When the store fails the old ticket stays in use, and the next heartbeat renews it.
            Ok(answer) => drop(self.driver.renewed(answer).await),
            Err(error) => tracing::debug!(error = error.message, "the ticket was not renewed"),
        }
        None
    }

    async fn synced(&mut self, body: Bytes) -> Option<Ended> {
        let answer = match decode::<SyncResponse>(body) {
            Ok(answer) => answer,
            Err(error) => return self.sync_refused(error).await,
        };
        let more = answer.more;
        let is_news = answer.account.is_some()
            || !answer.contacts.is_empty()
            || !answer.groups.is_empty()
            || !answer.messages.is_empty();
        let moved =
            !answer.snapshot.is_empty() && answer.snapshot != self.driver.shared.state().snapshot();
        let record = Record {
            profile: answer.account,
            contacts: answer.contacts,
            groups: answer.groups,
            entries: answer.messages,
            snapshot: moved.then_some(answer.snapshot),
            ..Record::default()
        };
        if (is_news || moved) && self.driver.keep(record).await.is_err() {
            self.sync_failed(0);
            return None;
        }
        self.driver.resync.settled();
        self.driver.news.finished(more);
        if !more {
            self.driver.shared.tell(Event::Synced);
        }
        None
    }

    async fn sync_refused(&mut self, error: Error) -> Option<Ended> {
        self.sync_failed(error.retry_after_ms);
        match Verdict::on(&error, 1) {
            Verdict::Again => {}
            Verdict::AfterLogin => return Some(refused(error)),
            Verdict::ForGood => {
                // A snapshot that the server does not take: begin anew. What is known already is not taken twice.
                tracing::warn!(
                    error = error.message,
                    "the snapshot is no good; syncing everything"
                );
                let snapshot = Some(Bytes::new());
                let record = Record {
                    snapshot,
                    ..Record::default()
                };
                // When this fails, the same comes again after the pause.
                let _ = self.driver.keep(record).await;
            }
        }
        None
    }

    async fn message_answered(
        &mut self,
        chat: u64,
        client_message_id: u64,
        body: &[u8],
    ) -> Option<Ended> {
        let answer = decode::<SendResponse>(body);
        let attempts = self.driver.outbox.attempts(chat);
        let settled = match &answer {
            Ok(answer) => Settled {
                chat,
                client_message_id,
                time_ms: answer.time_ms,
                group_seq: answer.group_seq,
                refused: None,
            },
            Err(error) => match Verdict::on(error, attempts) {
                Verdict::ForGood => Settled {
                    chat,
                    client_message_id,
                    refused: Some(error.clone()),
                    ..Settled::default()
                },
                Verdict::Again => {
                    self.send_later(chat, attempts, error.retry_after_ms);
                    return None;
                }
                Verdict::AfterLogin => return Some(refused(error.clone())),
            },
        };
        let record = Record {
            settled: Some(settled),
            ..Record::default()
        };
        if self.driver.keep(record).await.is_err() {
            // The server knows the message: sending it again does no harm.
            self.send_later(chat, attempts, 0);
            return None;
        }
        self.driver.outbox.settled(chat, client_message_id);
        if let Some(settle) = self.driver.settling.remove(&(chat, client_message_id)) {
            // Who does not wait any more need not be told.
            let _ = settle.send(answer.map_err(|error| refusal::status(&error)));
        }
        None
    }

    fn send_later(&mut self, chat: u64, attempts: u32, retry_after_ms: u32) {
        let pause = self.driver.config.resend.pause(attempts, retry_after_ms);
        self.driver.outbox.again(chat, Instant::now() + pause);
    }
}

/// An answer, or why there is none.
fn decode<A: Answer>(body: impl bytes::Buf) -> Result<A, Error> {
    let mut answer = A::decode(body).map_err(|e| Error {
        code: Code::Internal as u32,
        message: explain(&e),
        ..Error::default()
    })?;
    match answer.take_error() {
        None => Ok(answer),
        Some(error) => Err(error),
    }
}

fn refused(error: Error) -> Ended {
    Ended::Lost {
        reason: error.message,
        retry_after_ms: error.retry_after_ms,
    }
}
