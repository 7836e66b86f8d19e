//! A user's link, over and over.

use crate::load::{Load, Member};
use crate::stream::message_id;
use crate::wire::open_as;
use bytes::Bytes;
use im_client::{Answer, Backoff, BackoffConfig, Frame, Link, News, Request, SEQ_PUSH, Verdict};
use im_idl::access::{Command, Notify};
use im_idl::base::Error;
use im_idl::message::{SendRequest, SendResponse, entry};
use im_idl::sync::{SyncRequest, SyncResponse};
use prost::Message;
use std::rc::Rc;
use std::time::Duration;
use svrkit_rt::Code;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

/// Pauses before connecting again: a load wants its links back, and does not want to be a storm.
const RECONNECT: BackoffConfig = BackoffConfig {
    base_ms: 20,
    max_ms: 1_000,
};
/// Pauses before a refused message is sent again.
const RESEND: BackoffConfig = BackoffConfig {
    base_ms: 20,
    max_ms: 2_000,
};
/// Milliseconds that anything may take to be answered before the link is given up.
const ANSWER_TIMEOUT_MS: u64 = 7_000;
/// Messages in one answer of a sync: the most there are.
const SYNC_MESSAGES_MAX: u32 = 500;

/// Keeps a user online, until it is dropped.
pub(crate) async fn live(load: Rc<Load>, me: usize) {
    let mut backoff = Backoff::new(RECONNECT);
    loop {
        match open_as(&load.connect, &load.members[me].ticket).await {
            Ok(link) => {
                backoff.settled();
                let mut conversation = Conversation::new(&load, me, link);
                let end = conversation.run().await;
                conversation.leave();
                let mut figures = load.figures.borrow_mut();
                match end {
                    End::Dropped => figures.faults.links_dropped += 1,
                    End::Lost => figures.faults.links_lost += 1,
                }
            }
            Err(e) => {
                tracing::debug!(error = %e, "no link");
                load.figures.borrow_mut().faults.connects_failed += 1;
            }
        }
        sleep(backoff.failed(0)).await;
    }
}

/// How a link ended.
enum End {
    /// By us.
    Dropped,
    Lost,
}

/// What an answer will be for.
enum Asked {
    /// The stream.
    Message(usize),
    /// The round that the sync belongs to.
    Sync(u64),
}

struct Conversation<'a> {
    load: &'a Load,
    member: &'a Member,
    me: usize,
    link: Link,
    /// Few at a time: a search is cheaper than a table.
    asked: Vec<(u32, Asked, Instant)>,
    in_flight: usize,
    /// Streams whose message is to be sent again, and when.
    later: Vec<(Instant, usize)>,
    news: News,
    heartbeat: Option<Instant>,
    last_heartbeat: Instant,
    drop_at: Option<Instant>,
    counted: (u64, u64),
}

impl<'a> Conversation<'a> {
    fn new(load: &'a Load, me: usize, link: Link) -> Conversation<'a> {
        let now = Instant::now();
        let mut news = News::default();
        news.force();
        let member = &load.members[me];
        member.is_online.set(true);
        let drop_at = load
            .settings
            .drop_every
            .map(|every| now + every.mul_f64(2.0 * fastrand::f64()));
        let counted = link.traffic();
        Conversation {
            load,
            member,
            me,
            link,
            asked: Vec::new(),
            in_flight: 0,
            later: Vec::new(),
            news,
            heartbeat: None,
            last_heartbeat: now,
            drop_at,
            counted,
        }
    }

    async fn run(&mut self) -> End {
        let mut tick = interval(self.load.settings.tick);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.send_messages();
            self.sync();
            tokio::select! {
                frame = self.link.next() => match frame {
                    Err(_) => return End::Lost,
                    Ok(frame) => if let Some(end) = self.hear(frame) {
                        return end;
                    },
                },
                () = self.member.wake.notified() => {}
                _ = tick.tick() => if let Some(end) = self.look_at_the_clock() {
                    return end;
                },
            }
            self.count_traffic();
        }
    }

    fn send_messages(&mut self) {
        while self.in_flight < self.load.settings.outstanding {
            let Some(i) = self.member.ready.borrow_mut().pop_front() else {
                return;
            };
            let stream = &self.load.streams[i];
            let may_go_on = self.load.is_sending.get() && stream.may_go_on();
            if !stream.is_unanswered() && !may_go_on {
                continue;
            }
            let now = Instant::now();
            let (number, again) = stream.begin(now);
            if again {
                self.load.figures.borrow_mut().faults.resent += 1;
            }
            let request = SendRequest {
                to: stream.to,
                client_message_id: message_id(i, number),
                content: Some(self.load.text(stream.first_sent())),
            };
            self.ask(&request, Asked::Message(i), now);
            self.in_flight += 1;
        }
    }

    fn sync(&mut self) {
        let round = self.load.sync_round.get();
        if self.news.is_syncing() {
            return;
        }
        if self.member.synced_round.get() < round || self.load.settings.syncs_all_the_time {
            self.news.force();
        }
        if !self.news.wants_sync() {
            return;
        }
        self.news.began();
        let request = SyncRequest {
            snapshot: self.member.snapshot.borrow().clone(),
            selector: 0,
            messages_max: SYNC_MESSAGES_MAX,
            check_only: false,
        };
        self.ask(&request, Asked::Sync(round), Instant::now());
    }

    fn ask<R: Request>(&mut self, request: &R, asked: Asked, now: Instant) {
        let cmd_id = R::method().cgi.map_or(0, |cgi| cgi.cmd_id);
        let seq = self.link.send(cmd_id, request);
        self.asked.push((seq, asked, now));
    }

    fn hear(&mut self, frame: Frame) -> Option<End> {
        if frame.cmd_id == Command::Noop as u32 {
            self.heartbeat = None;
            self.notified(&frame.body);
            return None;
        }
        if frame.seq == SEQ_PUSH {
            if frame.cmd_id == Command::Kick as u32 {
                return Some(End::Lost);
            }
            self.notified(&frame.body);
            return None;
        }
        let at = self.asked.iter().position(|(seq, ..)| *seq == frame.seq)?;
        let (_, asked, since) = self.asked.swap_remove(at);
        match asked {
            Asked::Message(i) => self.message_answered(i, &frame.body),
            Asked::Sync(round) => self.synced(round, since, frame.body),
        }
    }

    fn notified(&mut self, body: &[u8]) {
        if let Ok(Notify {
            versions: Some(versions),
        }) = Notify::decode(body)
        {
            self.news.tell(&versions);
        }
    }

    fn message_answered(&mut self, i: usize, body: &[u8]) -> Option<End> {
        self.in_flight -= 1;
        let error = match decode::<SendResponse>(body) {
            Ok(_) => {
                self.load.acknowledged_now(i);
                return None;
            }
            Err(error) => error,
        };
        let attempts = self.load.streams[i].attempts();
        match Verdict::on(&error, attempts) {
            Verdict::ForGood => self.load.refused_now(i, error.message),
            Verdict::Again => {
                let pause = RESEND.pause(attempts, error.retry_after_ms);
                self.later.push((Instant::now() + pause, i));
            }
            Verdict::AfterLogin => return Some(End::Lost),
        }
        None
    }

    fn synced(&mut self, round: u64, since: Instant, body: Bytes) -> Option<End> {
        let Ok(answer) = decode::<SyncResponse>(body) else {
            // Whatever it is, a new link syncs again, after a pause.
            self.news.failed();
            return Some(End::Lost);
        };
        self.load.figures.borrow_mut().synced(since.elapsed());
        for entry in &answer.messages {
            if let Some(entry::Kind::Item(item)) = &entry.kind {
                self.load.arrived(self.me, item);
            }
        }
        if !answer.snapshot.is_empty() {
            self.member.snapshot.replace(answer.snapshot);
        }
        self.news.finished(answer.more);
        if !answer.more {
            self.member.synced_round.set(round);
        }
        None
    }

    fn look_at_the_clock(&mut self) -> Option<End> {
        let now = Instant::now();
        if self.drop_at.is_some_and(|at| now >= at) {
            return Some(End::Dropped);
        }
        let limit = Duration::from_millis(ANSWER_TIMEOUT_MS);
        let is_late = |since: &Instant| now.duration_since(*since) >= limit;
        let mut since = self
            .asked
            .iter()
            .map(|(_, _, since)| since)
            .chain(&self.heartbeat);
        if since.any(is_late) {
            return Some(End::Lost);
        }
        let ready = &mut self.member.ready.borrow_mut();
        self.later.retain(|(at, i)| {
            let waits = *at > now;
            if !waits {
                ready.push_front(*i);
            }
            waits
        });
        if now.duration_since(self.last_heartbeat) >= self.load.settings.heartbeat {
            self.link.send_heartbeat();
            self.last_heartbeat = now;
            self.heartbeat.get_or_insert(now);
        }
        None
    }

    fn count_traffic(&mut self) {
        let (up, down) = self.link.traffic();
        let (counted_up, counted_down) = std::mem::replace(&mut self.counted, (up, down));
        let mut figures = self.load.figures.borrow_mut();
        figures.traffic(up - counted_up, down - counted_down);
    }

    /// What is in doubt is sent again on the next link, before anything else.
    fn leave(&mut self) {
        self.member.is_online.set(false);
        let in_doubt = self
            .asked
            .drain(..)
            .filter_map(|(_, asked, _)| match asked {
                Asked::Message(i) => Some(i),
                Asked::Sync(_) => None,
            });
        let later = self.later.drain(..).map(|(_, i)| i);
        let mut ready = self.member.ready.borrow_mut();
        in_doubt.chain(later).for_each(|i| ready.push_front(i));
    }
}

/// An answer, or why there is none.
fn decode<A: Answer>(body: impl bytes::Buf) -> Result<A, Error> {
    let mut answer = A::decode(body).map_err(|e| Error {
        code: Code::Internal as u32,
        message: e.to_string(),
        ..Error::default()
    })?;
    match answer.take_error() {
        None => Ok(answer),
        Some(error) => Err(error),
    }
}
