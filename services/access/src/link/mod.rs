//! One link: a task that owns its stream, reads frames, has its calls served, and writes what is to be said.
//!
//! Polled by hand: reading, writing, finished calls, news and the clock all wake the same task, and what it holds while it waits for
//! all of them is what an idle link costs.

mod auth;
mod breather;
mod outgoing;
mod timing;

use crate::buffers;
use crate::doors::Pass;
use crate::entry::Entry;
use crate::frame::{self, Cut, Head, Malformed};
use crate::handle::{End, Told};
use crate::node::{Node, Refused, Who};
use crate::routes::Order;
use crate::stats::{NOTIFICATIONS, count, uncount};
use auth::Authenticated;
use breather::Breather;
use bytes::Bytes;
use futures_util::Stream as _;
use futures_util::stream::FuturesUnordered;
use im_idl::access::{Command, Kick, Notify};
use im_idl::base::Versions;
use im_idl::refusal;
use outgoing::Outgoing;
use prost::Message;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use svrkit_rt::{BoxFuture, Status, Stream};
use timing::Timing;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

/// Seq of pushes.
const PUSH: u32 = 0;

/// The answer to a call.
struct Answer {
    head: Head,
    result: Result<Bytes, Status>,
}

type Calls = FuturesUnordered<BoxFuture<Answer>>;
type Authenticating = BoxFuture<Result<Authenticated, Status>>;

/// A link's own part.
pub(crate) struct Link {
    entry: Entry,
    /// Gone when the link is over and only waits for its client to notice.
    stream: Option<Stream>,
    address: Option<IpAddr>,
    /// Bytes read and not yet taken: the beginning of a frame, or frames that must wait.
    rest: Vec<u8>,
    /// Bytes still to come of a frame that was refused for its size.
    skipping: usize,
    outgoing: Outgoing,
    /// Calls being served. Boxed, and only there while there are any.
    calls: Option<Box<Calls>>,
    /// The ticket being looked at, with the frame to answer. What comes behind it waits.
    auth: Option<Box<(Head, Authenticating)>>,
    /// Its place among those who are nobody yet; given back with authentication.
    pass: Option<Pass>,
    timing: Timing,
    client_version: u32,
    breather: Breather,
    /// Nothing more will come.
    ended: bool,
    /// Why nothing more is read.
    closing: Option<Box<End>>,
}

/// How a link ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    /// Nobody is left to hear anything.
    AtOnce,
    /// The last words must reach a client that may still be sending.
    Lingering,
}

/// Why reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// There is nothing to read now.
    Waits,
    /// Something must be finished first.
    Paused,
}

impl Link {
    /// A link over `stream`; `first` was read from it already.
    pub(crate) fn new(
        entry: Entry,
        stream: Stream,
        first: Vec<u8>,
        address: Option<IpAddr>,
        pass: Pass,
    ) -> Link {
        let now_s = entry.node().wheel.now_s();
        Link {
            entry,
            stream: Some(stream),
            address,
            rest: first,
            skipping: 0,
            outgoing: Outgoing::default(),
            calls: None,
            auth: None,
            pass: Some(pass),
            timing: Timing::new(now_s),
            client_version: 0,
            breather: Breather::default(),
            ended: false,
            closing: None,
        }
    }

    fn node(&self) -> &Arc<Node> {
        self.entry.node()
    }

    /// One turn. Ready when the link is over.
    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<Closing> {
        loop {
            let told = self.listen(cx);
            if told.end == Some(End::Gone) {
                return Poll::Ready(Closing::AtOnce);
            }
            let reading = match self.poll_read(cx) {
                Ok(reading) => reading,
                Err(e) => {
                    tracing::debug!(error = %e, "link ended");
                    return Poll::Ready(Closing::AtOnce);
                }
            };
            self.poll_auth(cx);
            let answered = self.poll_calls(cx);
            if told.news && self.may_notify(answered) {
                self.notify();
            }
            let is_last_word = self.say_why();
            let was_blocked = self.outgoing.is_blocked();
            if self.poll_write(cx).is_err() {
                return Poll::Ready(Closing::AtOnce);
            }
            let is_blocked = self.outgoing.is_blocked();
            if is_last_word && !is_blocked {
                return Poll::Ready(Closing::Lingering);
            }
            // News may have waited for the client to take what was written, and frames for answers to be there.
            let go_on = reading == Reading::Paused && self.may_read();
            if go_on || (was_blocked && !is_blocked) {
                continue;
            }
            if self.ended && self.is_quiet() && !is_blocked {
                return Poll::Ready(Closing::AtOnce);
            }
            return self.look_at_the_clock();
        }
    }

    /// Hears what others of the node have to say.
    fn listen(&mut self, cx: &mut Context<'_>) -> Told {
        let told = self.entry.handle().listen(cx.waker());
        if let Some(end) = &told.end
            && self.closing.is_none()
        {
            let now_s = self.node().wheel.now_s();
            self.timing.closing(now_s);
            self.closing = Some(Box::new(end.clone()));
        }
        told
    }

    /// Whether news are said now. While calls are being served they wait for the next answer, and both go out in one write: a client that
    /// sends, or syncs, is about to hear of us anyway, and asks for what is new when it has heard. So news wait no longer than a call may
    /// take.
    fn may_notify(&self, answered: bool) -> bool {
        let now = answered || self.calls.is_none();
        now && self.is_authenticated() && !self.outgoing.is_blocked()
    }

    fn poll_auth(&mut self, cx: &mut Context<'_>) {
        let Some(auth) = &mut self.auth else { return };
        let Poll::Ready(result) = auth.1.as_mut().poll(cx) else {
            return;
        };
        let head = auth.0;
        self.auth = None;
        match result {
            Ok(authenticated) => {
                if !self.is_authenticated() {
                    count(&self.node().counters.authenticated);
                }
                self.pass = None;
                self.timing.authenticated();
                let answer = authenticated.answer(self.node().config.idle_timeout_ms);
                self.outgoing.put(head, &answer.encode_to_vec());
                // News may have come before this, and are said in the next turn.
                self.entry.handle().wake();
            }
            Err(status) => self.refuse(head, &status),
        }
    }

    /// Reads while there is something to read and room for what it causes.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Result<Reading, Malformed> {
        self.take_rest()?;
        let stranger_room = self.node().config.unauthenticated_frame_bytes_max;
        loop {
            if !self.may_read() {
                return Ok(Reading::Paused);
            }
            if self.ended || self.breather.is_taken(cx) {
                return Ok(Reading::Waits);
            }
            let Some(stream) = &mut self.stream else {
                return Ok(Reading::Waits);
            };
            let mut lent = buffers::take_read();
            // What must wait is kept: of strangers, no more than a frame or two.
            let room = self.pass.as_ref().map_or(lent.len(), |_| stranger_room);
            let mut buffer = ReadBuf::new(&mut lent[..room]);
            let read = Pin::new(stream).poll_read(cx, &mut buffer);
            let bytes = buffer.filled();
            let result = match read {
                Poll::Pending => {
                    self.breather.all_is_read();
                    Ok(Reading::Waits)
                }
                Poll::Ready(Ok(())) if !bytes.is_empty() => {
                    self.timing.received(bytes.len());
                    let is_all = bytes.len() < room;
                    self.take(bytes).map(|()| {
                        if is_all {
                            self.breather.all_is_read();
                        }
                        Reading::Paused
                    })
                }
                // The client will send nothing more, and may still read; or is gone, which writing will show.
                Poll::Ready(_) => {
                    self.ended = true;
                    Ok(Reading::Waits)
                }
            };
            buffers::give_back_read(lent);
            if result? == Reading::Waits {
                return Ok(Reading::Waits);
            }
        }
    }

    /// Takes frames out of what was kept and `bytes`, and keeps what is left.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            let taken = self.take_frames(bytes)?;
            self.rest.extend_from_slice(&bytes[taken..]);
            return Ok(());
        }
        self.rest.extend_from_slice(bytes);
        self.take_rest()
    }

    fn take_rest(&mut self) -> Result<(), Malformed> {
        if self.rest.is_empty() || !self.may_read() {
            return Ok(());
        }
        let mut rest = std::mem::take(&mut self.rest);
        let taken = self.take_frames(&rest)?;
        if taken < rest.len() {
            rest.drain(..taken);
            self.rest = rest;
        }
        Ok(())
    }

    /// Takes as many frames as there are and may be. The number of bytes taken.
    fn take_frames(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        let node = self.node().clone();
        let now_s = node.wheel.now_s();
        let now = Instant::now();
        let mut at = 0;
        while at < bytes.len() && self.may_read() {
            if self.skipping > 0 {
                let skipped = self.skipping.min(bytes.len() - at);
                self.skipping -= skipped;
                at += skipped;
                continue;
            }
            match frame::cut(&bytes[at..], self.frame_bytes_max())? {
                Cut::Incomplete => break,
                Cut::Frame(head, body, len) => {
                    at += len;
                    self.timing.frame(now_s);
                    self.client_version = head.client_version;
                    self.take_frame(&node, head, body, now);
                }
                Cut::TooLarge(head, len) => {
                    self.timing.frame(now_s);
                    self.client_version = head.client_version;
                    self.skipping = len;
                    let max = self.frame_bytes_max();
                    let message = format!("frame is {len} bytes, over {max}");
                    self.refuse(head, &Status::resource_exhausted(message));
                }
            }
        }
        let incomplete = self.skipping > 0 || (at < bytes.len() && self.may_read());
        self.timing.owes(incomplete.then_some(now_s));
        Ok(at)
    }

    fn take_frame(&mut self, node: &Arc<Node>, head: Head, body: &[u8], now: Instant) {
        match node.routes.order(head.cmd) {
            Order::Noop => self.answer_heartbeat(head),
            Order::Signalling => {}
            // An answer to it would be a push. No client of Mars' sends it.
            _ if head.seq == PUSH => {}
            Order::Auth => self.authenticate(node, head, body),
            Order::Unknown => {
                let message = format!("no method has command id {}", head.cmd);
                self.refuse(head, &Status::unimplemented(message));
            }
            Order::Call(route) => {
                let identity = self.entry.handle().identity();
                let who = match identity.filter(|_| self.is_authenticated()) {
                    Some(identity) => Who::User {
                        uin: identity.uin,
                        level: &identity.level,
                        caller: &identity.caller,
                        client_version: head.client_version,
                    },
                    None => Who::Stranger {
                        address: self.address,
                        client_version: head.client_version,
                    },
                };
                match node.admit(route, who, body, now, || Bytes::copy_from_slice(body)) {
                    Ok(admitted) => self
                        .calls
                        .get_or_insert_default()
                        .push(Box::pin(async move {
                            let result = admitted.call().await;
                            Answer { head, result }
                        })),
                    Err(Refused::NotAdmitted(why)) => {
                        self.breather.refused();
                        self.refuse_with(head, node.refusals.body(why));
                    }
                    Err(Refused::Status(status)) => self.refuse(head, &status),
                }
            }
        }
    }

    fn authenticate(&mut self, node: &Arc<Node>, head: Head, body: &[u8]) {
        let origin = self.address;
        if let Err(status) = node.admit_ticket(origin, Command::Auth as u32) {
            return self.refuse(head, &status);
        }
        let authenticating = auth::authenticate(
            node.clone(),
            self.entry.handle().clone(),
            Bytes::copy_from_slice(body),
            head.client_version,
            origin,
        );
        self.auth = Some(Box::new((head, Box::pin(authenticating))));
    }

    /// On the spot: no service is asked. What is known to be newest goes with it, and whether something is newer is found out later.
    fn answer_heartbeat(&mut self, head: Head) {
        if !self.is_authenticated() {
            return self.outgoing.put(head, &[]);
        }
        let newest = self.entry.handle().take_newest();
        self.outgoing.put(head, &notify_body(newest));
        self.node().checks.add(self.entry.handle());
    }

    fn notify(&mut self) {
        let newest = self.entry.handle().take_newest();
        let head = self.push_head(Command::Notify);
        self.outgoing.put(head, &notify_body(newest));
        count(&self.node().counters.notifications);
        NOTIFICATIONS.add(1);
    }

    /// Takes the answers of calls that have ended. Whether there was one.
    fn poll_calls(&mut self, cx: &mut Context<'_>) -> bool {
        let mut answered = false;
        while let Some(calls) = &mut self.calls {
            match Pin::new(&mut **calls).poll_next(cx) {
                Poll::Pending => break,
                Poll::Ready(None) => self.calls = None,
                Poll::Ready(Some(Answer { head, result })) => {
                    answered = true;
                    match result {
                        Ok(body) => self.answer(head, &body),
                        Err(status) => {
                            self.outgoing.put(head, &refusal::body(&status));
                        }
                    }
                }
            }
        }
        answered
    }

    fn answer(&mut self, head: Head, body: &[u8]) {
        let max = self.node().config.answer_bytes_max;
        if frame::HEAD_BYTES + body.len() > max {
            let message = format!("answer is {} bytes, over {max} with its head", body.len());
            return self.refuse(head, &Status::resource_exhausted(message));
        }
        if self.outgoing.len() + body.len() > self.node().config.untaken_bytes_max {
            let message = "answers were not read in time";
            return self.refuse(head, &Status::resource_exhausted(message));
        }
        self.outgoing.put(head, body);
    }

    /// Refuses what nobody else was asked.
    fn refuse(&mut self, head: Head, status: &Status) {
        self.refuse_with(head, &refusal::body(status));
    }

    fn refuse_with(&mut self, head: Head, body: &Bytes) {
        count(&self.node().counters.refused);
        self.outgoing.put(head, body);
    }

    /// The last frame of a link that closes, once all it asked is answered. Whether it was said.
    fn say_why(&mut self) -> bool {
        let Some(end) = &self.closing else {
            return false;
        };
        let out_of_time = self.timing.is_out_of_time(self.node().wheel.now_s());
        if !self.is_quiet() && !out_of_time {
            return false;
        }
        if let End::Kicked(reason) = &**end
            && !self.outgoing.is_last()
        {
            let reason = reason.to_string();
            let head = self.push_head(Command::Kick);
            self.outgoing.put(head, &Kick { reason }.encode_to_vec());
            self.outgoing.last();
            count(&self.node().counters.kicked);
        }
        true
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> std::io::Result<()> {
        let now_s = self.node().wheel.now_s();
        let Some(stream) = &mut self.stream else {
            return Ok(());
        };
        let progress = self.outgoing.poll_write(stream, cx)?;
        let blocked = self.outgoing.is_blocked();
        self.timing.stalled(blocked.then_some(now_s), progress);
        Ok(())
    }

    /// Whether it is late for something, and who wakes it when it will be.
    fn look_at_the_clock(&mut self) -> Poll<Closing> {
        let node = self.entry.node();
        let now_s = node.wheel.now_s();
        if let Some(overdue) = self.timing.overdue(now_s, &node.config) {
            tracing::debug!(?overdue, "link ended");
            // A client that owes a frame or does not read cannot be told; one that is idle will find out.
            return Poll::Ready(Closing::AtOnce);
        }
        let number = self.entry.handle().number;
        let wake = |at_s| node.wheel.arm(number, at_s);
        self.timing.arm(now_s, &node.config, wake);
        Poll::Pending
    }

    fn may_read(&self) -> bool {
        let config = &self.node().config;
        let calls = self.calls.as_ref().map_or(0, |calls| calls.len());
        self.auth.is_none()
            && self.closing.is_none()
            && calls < config.calls_per_link_max
            && self.outgoing.len() <= config.unwritten_bytes_max
    }

    /// Whether everything that was asked is answered.
    fn is_quiet(&self) -> bool {
        self.calls.is_none() && self.auth.is_none()
    }

    fn is_authenticated(&self) -> bool {
        self.pass.is_none()
    }

    fn frame_bytes_max(&self) -> usize {
        let config = &self.node().config;
        match self.is_authenticated() {
            true => config.frame_bytes_max,
            false => config.unauthenticated_frame_bytes_max,
        }
    }

    fn push_head(&self, command: Command) -> Head {
        Head {
            client_version: self.client_version,
            cmd: command as u32,
            seq: PUSH,
        }
    }
}

/// News as a client is told them; empty when there is nothing to tell.
fn notify_body(versions: Versions) -> Vec<u8> {
    if versions == Versions::default() {
        return Vec::new();
    }
    let versions = Some(versions);
    Notify { versions }.encode_to_vec()
}

impl Future for Link {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let closing = ready!(self.turn(cx));
        // For everybody else the link is over.
        if closing == Closing::Lingering
            && let Some(mut stream) = self.stream.take()
        {
            tokio::spawn(async move { stream.linger().await });
        }
        Poll::Ready(())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if self.is_authenticated() {
            uncount(&self.node().counters.authenticated);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The task of an idle link is this and the runtime's 100 bytes or so; everything else that it needs is made when it is needed.
    #[test]
    fn an_idle_link_is_small() {
        assert!(size_of::<Link>() <= 320, "{}", size_of::<Link>());
    }
}
