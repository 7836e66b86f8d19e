//! A running load: its users, its streams, and what becomes of the messages.

use crate::args::{PressArgs, Scenario};
use crate::crew::Crew;
use crate::figures::Figures;
use crate::ledger::Arrival;
use crate::plan::{Plan, Target};
use crate::stream::{Stream, stream_of};
use bytes::Bytes;
use im_idl::message::{Content, Item, content};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::Connect;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Hexadecimal digits of the time that a message's text begins with.
const STAMP_DIGITS: usize = 16;
/// Milliseconds between heartbeats: a lost notify costs one, and a load should not stand still for minutes by it.
const HEARTBEAT_MS: u64 = 5_000;
/// Milliseconds between looks at the clock.
const TICK_MS: u64 = 250;
/// The same where nothing is to happen: as rarely as real clients do.
const IDLE_HEARTBEAT_MS: u64 = 210_000;
const IDLE_TICK_MS: u64 = 5_000;

/// What all users of a load share. One thread does everything, so nothing here is locked.
pub(crate) struct Load {
    pub(crate) connect: Arc<dyn Connect>,
    pub(crate) members: Vec<Member>,
    pub(crate) streams: Vec<Stream>,
    pub(crate) figures: RefCell<Figures>,
    /// Whether new messages are sent.
    pub(crate) is_sending: Cell<bool>,
    /// Users sync at once whenever this grows.
    pub(crate) sync_round: Cell<u64>,
    pub(crate) settings: LoadSettings,
    /// Called once when all streams are finished.
    pub(crate) at_last_acknowledgement: RefCell<Option<Box<dyn FnOnce()>>>,
    unfinished: Cell<usize>,
    /// Each group's seats, by member.
    seats: Vec<HashMap<usize, usize>>,
    started: Instant,
}

/// How the load behaves.
#[derive(Clone, Debug)]
pub(crate) struct LoadSettings {
    pub(crate) payload: usize,
    pub(crate) outstanding: usize,
    pub(crate) drop_every: Option<Duration>,
    /// Sync again as soon as a sync is answered.
    pub(crate) syncs_all_the_time: bool,
    /// Between heartbeats.
    pub(crate) heartbeat: Duration,
    /// Between a user's looks at the clock.
    pub(crate) tick: Duration,
}

/// A user.
pub(crate) struct Member {
    pub(crate) uin: u64,
    pub(crate) ticket: String,
    pub(crate) snapshot: RefCell<Bytes>,
    pub(crate) is_online: Cell<bool>,
    /// The last round in which he has synced everything.
    pub(crate) synced_round: Cell<u64>,
    /// His streams that may have something to send.
    pub(crate) ready: RefCell<VecDeque<usize>>,
    /// Something is ready.
    pub(crate) wake: Notify,
    /// The place in each group up to which he has got messages.
    group_seqs: RefCell<Vec<u64>>,
}

impl LoadSettings {
    pub(crate) fn new(args: &PressArgs) -> LoadSettings {
        let drop_every = Duration::try_from_secs_f64(args.drop_every).unwrap_or_default();
        let (heartbeat_ms, tick_ms) = match args.scenario {
            Scenario::IdleLinks => (IDLE_HEARTBEAT_MS, IDLE_TICK_MS),
            _ => (HEARTBEAT_MS, TICK_MS),
        };
        LoadSettings {
            payload: args.payload,
            outstanding: args.outstanding.max(1),
            drop_every: (!drop_every.is_zero()).then_some(drop_every),
            syncs_all_the_time: args.scenario == Scenario::IdleSync,
            heartbeat: Duration::from_millis(heartbeat_ms),
            tick: Duration::from_millis(tick_ms),
        }
    }
}

impl Load {
    pub(crate) fn new(
        connect: Arc<dyn Connect>,
        plan: &Plan,
        crew: &Crew,
        settings: LoadSettings,
    ) -> Load {
        let seat = |group: &Vec<usize>| group.iter().enumerate().map(|(s, m)| (*m, s)).collect();
        let streams = plan.streams.iter().map(|stream| {
            let (to, receivers) = match stream.to {
                Target::User(user) => (crew.users[user].uin, 1),
                Target::Group(group) => (crew.groups[group], plan.groups[group].len()),
            };
            Stream::new(stream, to, receivers)
        });
        let members = crew.users.iter().map(|user| Member {
            uin: user.uin,
            ticket: user.ticket.clone(),
            snapshot: RefCell::default(),
            is_online: Cell::new(false),
            synced_round: Cell::new(0),
            ready: RefCell::default(),
            wake: Notify::new(),
            group_seqs: RefCell::new(vec![0; plan.groups.len()]),
        });
        Load {
            connect,
            members: members.collect(),
            streams: streams.collect(),
            figures: RefCell::new(Figures::new()),
            is_sending: Cell::new(false),
            sync_round: Cell::new(0),
            settings,
            at_last_acknowledgement: RefCell::new(None),
            unfinished: Cell::new(plan.streams.len()),
            seats: plan.groups.iter().map(seat).collect(),
            started: Instant::now(),
        }
    }

    /// Lets everybody send.
    pub(crate) fn begin(&self) {
        self.is_sending.set(true);
        for (i, stream) in self.streams.iter().enumerate() {
            self.make_ready(i, stream);
        }
    }

    /// What is unanswered is still sent until it is answered, but nothing new.
    pub(crate) fn end(&self) {
        self.is_sending.set(false);
    }

    pub(crate) fn make_ready(&self, i: usize, stream: &Stream) {
        let sender = &self.members[stream.sender];
        sender.ready.borrow_mut().push_back(i);
        sender.wake.notify_one();
    }

    /// Makes everybody sync, and returns the round.
    pub(crate) fn sync_everybody(&self) -> u64 {
        let round = self.sync_round.get() + 1;
        self.sync_round.set(round);
        self.members
            .iter()
            .for_each(|member| member.wake.notify_one());
        round
    }

    /// Whether everybody who is online has synced everything in this round.
    pub(crate) fn has_synced(&self, round: u64) -> bool {
        let mut online = self.members.iter().filter(|member| member.is_online.get());
        online.all(|member| member.synced_round.get() >= round)
    }

    pub(crate) fn unanswered(&self) -> usize {
        self.streams
            .iter()
            .filter(|stream| stream.is_unanswered())
            .count()
    }

    pub(crate) fn online(&self) -> usize {
        self.members
            .iter()
            .filter(|member| member.is_online.get())
            .count()
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.streams
            .iter()
            .map(|s| s.ledger.borrow().acknowledged_total())
            .sum()
    }

    pub(crate) fn lost(&self) -> u64 {
        self.streams
            .iter()
            .map(|stream| self.lost_by_others(stream))
            .sum()
    }

    pub(crate) fn refused_and_arrived(&self) -> u64 {
        self.streams
            .iter()
            .map(|s| s.ledger.borrow().refused_and_arrived())
            .sum()
    }

    /// Whether the server shows a sender his own group messages is its own affair.
    fn lost_by_others(&self, stream: &Stream) -> u64 {
        let ledger = stream.ledger.borrow();
        let own = self.seat(stream, stream.sender);
        ledger.lost() - own.map_or(0, |seat| ledger.lost_by(seat))
    }

    /// A message's text: when it was first sent, and as many letters as were asked for.
    pub(crate) fn text(&self, first_sent: Instant) -> Content {
        let nanos = first_sent
            .saturating_duration_since(self.started)
            .as_nanos() as u64;
        let letters = self.settings.payload.max(STAMP_DIGITS + 1);
        let text = format!("{nanos:016x}{:x<1$}", "", letters - STAMP_DIGITS);
        let kind = Some(content::Kind::Text(text));
        Content { kind }
    }

    /// A stream's unanswered message is acknowledged.
    pub(crate) fn acknowledged_now(&self, i: usize) {
        let stream = &self.streams[i];
        stream.acknowledged();
        let after = stream.first_sent().elapsed();
        self.figures.borrow_mut().acknowledged(after);
        self.answered(i, stream);
    }

    /// A stream's unanswered message is refused for good.
    pub(crate) fn refused_now(&self, i: usize, why: String) {
        let stream = &self.streams[i];
        stream.refused();
        let faults = &mut self.figures.borrow_mut().faults;
        faults.refused += 1;
        faults.refusal = why;
        self.answered(i, stream);
    }

    fn answered(&self, i: usize, stream: &Stream) {
        if stream.is_finished() {
            self.unfinished.set(self.unfinished.get() - 1);
            if self.unfinished.get() == 0
                && let Some(call) = self.at_last_acknowledgement.take()
            {
                call();
            }
        } else if stream.may_go_on() {
            self.make_ready(i, stream);
        }
    }

    /// Whether all streams that have an end have come to it.
    pub(crate) fn is_finished(&self) -> bool {
        self.unfinished.get() == 0
    }

    /// A user has got a message.
    pub(crate) fn arrived(&self, receiver: usize, item: &Item) {
        let Some((i, number)) = self.of_ours(item) else {
            if !is_announcement(item) {
                self.figures.borrow_mut().faults.foreign += 1;
            }
            return;
        };
        let stream = &self.streams[i];
        let Some(seat) = self.seat(stream, receiver) else {
            self.figures.borrow_mut().faults.foreign += 1;
            return;
        };
        let arrival = stream.ledger.borrow_mut().arrived(seat, number);
        let in_group_order = self.is_in_group_order(receiver, stream, item);
        let mut figures = self.figures.borrow_mut();
        match arrival {
            Arrival::Duplicate => {
                figures.faults.duplicated += 1;
                return;
            }
            Arrival::OutOfOrder => figures.faults.out_of_order += 1,
            Arrival::InOrder if !in_group_order => figures.faults.out_of_order += 1,
            Arrival::InOrder => {}
        }
        figures.delivered(self.age(item));
        drop(figures);
        if self.is_witness(stream, seat) {
            stream.witnessed(number);
            if self.is_sending.get() && stream.may_go_on() {
                self.make_ready(i, stream);
            }
        }
    }

    /// The stream and number of a message that one of ours has sent there.
    fn of_ours(&self, item: &Item) -> Option<(usize, u32)> {
        let (i, number) = stream_of(item.client_message_id)?;
        let stream = self.streams.get(i)?;
        let sender = self.members[stream.sender].uin;
        let chat = match stream.target {
            Target::User(_) => sender,
            Target::Group(_) => stream.to,
        };
        (item.sender == sender && item.chat == chat).then_some((i, number))
    }

    fn seat(&self, stream: &Stream, receiver: usize) -> Option<usize> {
        match stream.target {
            Target::User(user) => (user == receiver).then_some(0),
            Target::Group(group) => self.seats[group].get(&receiver).copied(),
        }
    }

    /// Whose receipt lets a stream go on: in a group it is the member after the sender.
    fn is_witness(&self, stream: &Stream, seat: usize) -> bool {
        match stream.target {
            Target::User(_) => true,
            Target::Group(group) => {
                let seats = &self.seats[group];
                seats
                    .get(&stream.sender)
                    .is_some_and(|own| (own + 1) % seats.len() == seat)
            }
        }
    }

    /// Whether a member gets a group's messages in the group's order.
    fn is_in_group_order(&self, receiver: usize, stream: &Stream, item: &Item) -> bool {
        let Target::Group(group) = stream.target else {
            return true;
        };
        let last = &mut self.members[receiver].group_seqs.borrow_mut()[group];
        let is_later = item.group_seq > *last;
        *last = item.group_seq.max(*last);
        is_later
    }

    fn age(&self, item: &Item) -> Duration {
        let kind = item
            .content
            .as_ref()
            .and_then(|content| content.kind.as_ref());
        let nanos = match kind {
            Some(content::Kind::Text(text)) => text
                .get(..STAMP_DIGITS)
                .and_then(|stamp| u64::from_str_radix(stamp, 16).ok()),
            _ => None,
        };
        let sent = Duration::from_nanos(nanos.unwrap_or(0));
        self.started.elapsed().saturating_sub(sent)
    }
}

/// Whether a message says what happened in a group.
fn is_announcement(item: &Item) -> bool {
    let kind = item
        .content
        .as_ref()
        .and_then(|content| content.kind.as_ref());
    matches!(kind, Some(content::Kind::GroupEvent(_)))
}
