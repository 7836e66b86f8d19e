//! The callers: threads, each a runtime with connections of its own, each call in flight a task.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hdrhistogram::Histogram;
use svrkit_rt::{Call, Channel, Code, MethodDescriptor, Status};

use super::Plan;
use super::record::{Record, Totals};
use super::schedule::{Pace, Paced, Pacer, Schedule, Tickets};
use crate::cli::address::Address;
use crate::cli::failure::Failure;
use crate::cli::target::Target;

/// Time that calls in flight have at the end.
const GRACE: Duration = Duration::from_secs(5);
/// Pause of a caller that did not even get to the server, so that it does not spin.
const PAUSE: Duration = Duration::from_millis(1);

/// A press that is running.
#[derive(Debug)]
pub(crate) struct Load {
    records: Vec<Arc<Record>>,
    threads: Vec<JoinHandle<Result<u64, Failure>>>,
    pacer: Option<JoinHandle<Paced>>,
}

/// What is known only when all is over.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Calls since the last collection.
    pub(crate) rest: Totals,
    /// Of the open loop: how late it was itself, in nanoseconds.
    pub(crate) lateness: Option<Histogram<u64>>,
    /// Of the open loop: calls due for which there was no room. How long they had waited is among the latencies.
    pub(crate) not_started: u64,
    /// Calls that got no answer within the grace at the end.
    pub(crate) unanswered: u64,
}

/// What every call of a thread is made from.
#[derive(Clone, Debug)]
struct Caller {
    method: &'static MethodDescriptor,
    call: Call<()>,
    body: Bytes,
    record: Arc<Record>,
    stop: Arc<AtomicBool>,
    ends: Instant,
}

impl Load {
    pub(crate) fn start(
        target: &Target,
        plan: Plan,
        schedule: Schedule,
        stop: Arc<AtomicBool>,
    ) -> Result<Load, Failure> {
        let pace = plan.rate.map(|rate| Pace {
            starts: schedule.starts,
            rate,
            threads: plan.threads as u64,
        });
        let pacer = pace.map(|pace| Pacer::new(pace, schedule));
        let mut load = Load {
            records: Vec::new(),
            threads: Vec::new(),
            pacer: None,
        };
        for thread in 0..plan.threads {
            let record = Arc::new(Record::new(schedule));
            load.records.push(Arc::clone(&record));
            let caller = Caller {
                method: target.method,
                call: target.call.clone(),
                body: target.body.clone(),
                record,
                stop: Arc::clone(&stop),
                ends: schedule.ends,
            };
            let paced = pace.zip(pacer.as_ref()).map(|(pace, pacer)| {
                let tickets = pacer.tickets(thread);
                (tickets, pace, thread as u64)
            });
            let address = target.address.clone();
            // The first threads take one connection more when they do not divide evenly.
            let connections = (plan.connections + plan.threads - 1 - thread) / plan.threads;
            let in_flight = plan.in_flight;
            load.threads.push(spawn(format!("press-{thread}"), move || {
                run_thread(&address, connections, in_flight, &caller, paced.as_ref())
            })?);
        }
        if let Some(pacer) = pacer {
            load.pacer = Some(spawn("pacer".to_owned(), move || pacer.run(&stop))?);
        }
        Ok(load)
    }

    /// What happened since the last time.
    pub(crate) fn collect(&self) -> Totals {
        let mut totals = Totals::new();
        for record in &self.records {
            totals.add(record.take());
        }
        totals
    }

    /// Waits for the calls in flight, within bounds.
    pub(crate) fn finish(mut self) -> Finished {
        let paced = self.pacer.take().and_then(|it| it.join().ok());
        let mut unanswered = 0;
        for thread in self.threads.drain(..) {
            match thread.join() {
                Ok(Ok(count)) => unanswered += count,
                Ok(Err(failure)) => eprintln!("warning: {failure}"),
                Err(_) => eprintln!("warning: a thread of callers broke down"),
            }
        }
        let mut rest = self.collect();
        if let Some(paced) = &paced {
            // Both have the same bounds.
            let _ = rest.latency.add(&paced.not_started);
        }
        Finished {
            rest,
            not_started: paced.as_ref().map_or(0, |it| it.not_started.len()),
            lateness: paced.map(|it| it.lateness),
            unanswered,
        }
    }
}

fn spawn<T: Send + 'static>(
    name: String,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Failure> {
    let thread = std::thread::Builder::new().name(name).spawn(run);
    thread.map_err(|error| Failure::failed(format!("no thread for callers: {error}")))
}

/// One thread of callers; returns how many were still waiting when the grace was over.
fn run_thread(
    address: &Address,
    connections: usize,
    in_flight: usize,
    caller: &Caller,
    paced: Option<&(Arc<Tickets>, Pace, u64)>,
) -> Result<u64, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let mut tasks = Vec::with_capacity(connections * in_flight);
        for _ in 0..connections {
            let channel = address.channel()?;
            for _ in 0..in_flight {
                let (caller, channel) = (caller.clone(), channel.clone());
                tasks.push(match paced {
                    None => tokio::spawn(caller.closed_loop(channel)),
                    Some((tickets, pace, thread)) => {
                        let tickets = Arc::clone(tickets);
                        tokio::spawn(caller.open_loop(channel, tickets, *pace, *thread))
                    }
                });
            }
        }
        let over = tokio::time::Instant::from_std(caller.ends + GRACE);
        let mut unanswered = 0;
        for task in tasks {
            if tokio::time::timeout_at(over, task).await.is_err() {
                unanswered += 1;
            }
        }
        Ok(unanswered)
    })
}

impl Caller {
    async fn closed_loop(self, channel: Channel) {
        let mut started = Instant::now();
        while started < self.ends && !self.stop.load(Relaxed) {
            // One clock read a call: the next one starts when this one is done.
            started = self.call(&channel, started).await;
        }
    }

    async fn open_loop(self, channel: Channel, tickets: Arc<Tickets>, pace: Pace, thread: u64) {
        while let Some(number) = tickets.next().await {
            self.call(&channel, pace.intended(thread, number)).await;
        }
    }

    /// Makes a call; returns when the next one may start.
    async fn call(&self, channel: &Channel, intended: Instant) -> Instant {
        let request = channel.untyped(self.method, self.call.clone(), self.body.clone());
        let answer = channel.call(request).await;
        let done = Instant::now();
        match answer {
            Ok(_) => {
                self.record.write(intended, done, None);
                done
            }
            Err(status) => {
                self.record.write(intended, done, Some(&status));
                back_off(&status).await;
                Instant::now()
            }
        }
    }
}

/// A refusal that never left this process costs nothing, and would be asked for again for ever without letting anybody else run.
async fn back_off(status: &Status) {
    let is_local = matches!(status.code(), Code::Unavailable | Code::ResourceExhausted);
    if is_local && status.not_started() {
        tokio::time::sleep(PAUSE).await;
    } else {
        tokio::task::yield_now().await;
    }
}
