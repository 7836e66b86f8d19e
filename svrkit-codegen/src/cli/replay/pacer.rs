//! The thread that starts calls when they are due.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hdrhistogram::Histogram;
use svrkit_rt::record::{ReadError, RecordedCall, RecordedMethod};
use svrkit_rt::{Call, Channel, MethodDescriptor};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::source::{Next, Source};
use super::survey::Survey;
use super::{GRACE, Plan};
use crate::cli::press::record::{Record, empty_histogram};
use crate::cli::press::schedule::Schedule;

/// Longest nap, so that the end is felt.
const NAP_MAX: Duration = Duration::from_millis(20);
/// A call that starts so much after it was due is late.
pub(super) const LATE_FROM: Duration = Duration::from_millis(10);
/// When a replay ends that has no end: later than anybody looks.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// Starts the calls of a recording.
pub(super) struct Pacer {
    plan: Plan,
    methods: Vec<&'static MethodDescriptor>,
    /// A record a method.
    records: Vec<Arc<Record>>,
    channels: Vec<Channel>,
    slots: Arc<Semaphore>,
    runtime: Handle,
    started: Instant,
    ends: Instant,
}

/// What the pacer has to say at the end.
#[derive(Debug)]
pub(super) struct Paced {
    /// Calls started.
    pub(super) started: u64,
    /// How long after they were due calls started, in nanoseconds.
    pub(super) lateness: Histogram<u64>,
    /// Those that started [`LATE_FROM`] after or later.
    pub(super) late: u64,
    /// Nanoseconds that calls had waited at the end which were due and not started. They are latencies too, and the longest.
    pub(super) not_started: Histogram<u64>,
    /// Calls that got no answer within the grace at the end.
    pub(super) unanswered: u64,
    /// From the beginning until the last call was answered.
    pub(super) took: Duration,
    /// What kept the file from being read to its end.
    pub(super) unreadable: Option<ReadError>,
}

impl Pacer {
    pub(super) fn new(
        plan: Plan,
        survey: &Survey,
        channels: Vec<Channel>,
        runtime: Handle,
        started: Instant,
    ) -> Pacer {
        let ends = started + plan.lasts.unwrap_or(NEVER);
        let schedule = Schedule {
            starts: started,
            begins: started,
            ends,
        };
        let record = |_| Arc::new(Record::new(schedule));
        Pacer {
            plan,
            methods: survey
                .methods
                .iter()
                .map(|it| descriptor(&it.method))
                .collect(),
            records: survey.methods.iter().map(record).collect(),
            channels,
            slots: Arc::new(Semaphore::new(plan.concurrency)),
            runtime,
            started,
            ends,
        }
    }

    /// Where it is written down what became of the calls, a record a method.
    pub(super) fn records(&self) -> Vec<Arc<Record>> {
        self.records.clone()
    }

    /// Runs until the end. Wants a thread of its own: timers of a runtime are a millisecond apart, naps of a thread some 60 µs.
    pub(super) fn run(self, mut source: Source, stop: &AtomicBool) -> Paced {
        let mut paced = Paced {
            started: 0,
            lateness: empty_histogram(),
            late: 0,
            not_started: empty_histogram(),
            unanswered: 0,
            took: Duration::ZERO,
            unreadable: None,
        };
        // The one whose turn it was when time was over.
        let mut left = None;
        let mut number = 0;
        loop {
            let next = match source.next() {
                Ok(Some(next)) => next,
                Ok(None) => break,
                Err(error) => {
                    paced.unreadable = Some(error);
                    break;
                }
            };
            let due = self.started + self.plan.pace.due(number, next.at);
            number += 1;
            match self.slot(due, stop) {
                Some(slot) => self.start(next, due, slot, &mut paced),
                None => {
                    left = Some(due);
                    break;
                }
            }
        }
        if let Some(due) = left {
            self.count_not_started(due, number, &mut source, &mut paced);
        }
        paced.unanswered = self.unanswered();
        paced.took = self.started.elapsed();
        paced
    }

    /// Waits until a call is due and may start; `None` when that is not before the end.
    fn slot(&self, due: Instant, stop: &AtomicBool) -> Option<OwnedSemaphorePermit> {
        loop {
            let now = Instant::now();
            if now >= self.ends || stop.load(Relaxed) {
                return None;
            }
            if now < due {
                std::thread::sleep((due.min(self.ends) - now).min(NAP_MAX));
                continue;
            }
            if let Some(slot) = self.free_slot((self.ends - now).min(NAP_MAX)) {
                return Some(slot);
            }
        }
    }

    fn free_slot(&self, within: Duration) -> Option<OwnedSemaphorePermit> {
        if let Ok(slot) = self.slots.clone().try_acquire_owned() {
            return Some(slot);
        }
        let free = self.slots.clone().acquire_owned();
        let free = async { tokio::time::timeout(within, free).await };
        self.runtime.block_on(free).ok()?.ok()
    }

    fn start(&self, next: Next, due: Instant, slot: OwnedSemaphorePermit, paced: &mut Paced) {
        let late = due.elapsed();
        paced.lateness.saturating_record(late.as_nanos() as u64);
        paced.late += u64::from(late >= LATE_FROM);
        let channel = self.channels[paced.started as usize % self.channels.len()].clone();
        paced.started += 1;
        let method = self.methods[next.place];
        let record = self.records[next.place].clone();
        self.runtime.spawn(async move {
            let (call, body) = again(next.call);
            let answer = channel.call(channel.untyped(method, call, body)).await;
            record.write(due, Instant::now(), answer.err().as_ref());
            drop(slot);
        });
    }

    /// What else was due before the end.
    fn count_not_started(
        &self,
        mut due: Instant,
        mut number: u64,
        source: &mut Source,
        paced: &mut Paced,
    ) {
        let ended = Instant::now().min(self.ends);
        while due <= ended {
            let waited = ended.duration_since(due).as_nanos() as u64;
            paced.not_started.saturating_record(waited);
            let Ok(Some(next)) = source.next() else {
                return;
            };
            due = self.started + self.plan.pace.due(number, next.at);
            number += 1;
        }
    }

    /// Waits for the calls in flight, within bounds; how many were not answered.
    fn unanswered(&self) -> u64 {
        let all = self.plan.concurrency as u32;
        let answered = async {
            tokio::time::timeout(GRACE, self.slots.acquire_many(all))
                .await
                .is_ok()
        };
        match self.runtime.block_on(answered) {
            true => 0,
            false => (self.plan.concurrency - self.slots.available_permits()) as u64,
        }
    }
}

/// A method as the file knows it: no more than its name and id is needed to call it.
fn descriptor(method: &RecordedMethod) -> &'static MethodDescriptor {
    let full_name: &'static str = method.full_name.clone().leak();
    let (service, name) = full_name.split_once('/').unwrap_or((full_name, ""));
    MethodDescriptor::plain(method.id, service, name, full_name).leak()
}

/// The call as it was made.
fn again(recorded: RecordedCall) -> (Call<()>, Bytes) {
    let mut call = Call::new(())
        .timeout(recorded.timeout)
        .priority(recorded.priority)
        .routing_key(recorded.routing_key)
        .attachment(recorded.attachment);
    for (key, value) in recorded.metadata.iter() {
        let added = call.metadata(key.to_owned(), value.clone());
        call = added.expect("it was metadata before");
    }
    (call, recorded.body)
}
