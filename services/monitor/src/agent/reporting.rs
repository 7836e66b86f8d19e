//! The task that reads and reports. It owns all that changes, so there is nothing to lock.

use super::changes::Told;
use super::host;
use super::identity::Identity;
use super::reading::Reading;
use super::scan::Scanner;
use super::schedule::Schedule;
use super::spool::Spool;
use im_idl::monitor::{CentreClient, ReportRequest, ReportResponse, StatusResponse};
use std::io;
use std::time::Duration;
use svrkit_rt::{Call, Code, Status, clock};
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep_until};
use tracing::{error, info, warn};

svrkit_rt::monitor! {
    /// Reports that were dropped because too many waited for the centre.
    static DROPPED: Counter = "im_agent_dropped_reports";
    /// Reports that wait for the centre.
    static WAITING: Gauge = "im_agent_waiting_reports";
    /// Files among the counters that are no segments, or not whole.
    static UNREADABLE: Gauge = "im_agent_unreadable_files";
    /// Time to read all counters of the machine.
    static READING: Histogram = "im_agent_reading_microseconds" in "microseconds";
}

/// The first pause after a report that was not taken; each is twice as long as the one before.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause: two or three reports.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// What an agent is made of.
pub(super) struct Reporting {
    pub(super) identity: Identity,
    pub(super) host: String,
    pub(super) period_ms: u64,
    pub(super) scanner: Scanner,
    pub(super) spool: Spool,
    pub(super) centre: CentreClient,
    pub(super) shown: watch::Sender<StatusResponse>,
}

/// What is under way with the centre.
#[derive(Default)]
struct Conversation {
    told: Told,
    /// The store that was told.
    store: Option<u64>,
    sending: JoinSet<(u64, Result<ReportResponse, Status>)>,
    pause: Option<Pause>,
}

/// The centre did not take a report.
struct Pause {
    length: Duration,
    until: Instant,
    /// Since when it takes none.
    since: Instant,
}

impl Reporting {
    /// Reads and reports for ever; ended by being dropped, at any point.
    pub(super) async fn run(mut self) {
        let schedule = Schedule::new(self.period_ms, &self.host);
        let mut centre = Conversation::default();
        let mut next = next_reading(schedule);
        loop {
            tokio::select! {
                () = sleep_until(next) => {
                    self = match self.read(&mut centre.told).await {
                        Ok(reporting) => reporting,
                        Err(error) => {
                            error!(%error, "the agent ends: its reading was broken off");
                            return;
                        }
                    };
                    next = next_reading(schedule);
                }
                Some(sent) = centre.sending.join_next() => match sent {
                    Ok((seq, answer)) => self.answered(seq, answer, &mut centre),
                    Err(error) => error!(%error, "a report was broken off"),
                },
                () = pause_over(&centre.pause), if centre.sending.is_empty() => {
                    self.send(&mut centre);
                }
            }
            if centre.pause.is_none() && centre.sending.is_empty() {
                self.send(&mut centre);
            }
            self.show();
        }
    }

    /// Reads on a thread that may block, and puts what changed into the spool.
    async fn read(mut self, told: &mut Told) -> Result<Reporting, tokio::task::JoinError> {
        let now_ms = clock::now_ms();
        let read = spawn_blocking(move || {
            let began = std::time::Instant::now();
            let (mut instances, unreadable) = self.scanner.scan(now_ms);
            // The name is the machine's.
            instances.retain(|instance| instance.name != host::NAME);
            instances.extend(host::read());
            READING.observe_duration(began.elapsed());
            let reading = Reading {
                taken_ms: now_ms,
                instances,
                unreadable,
            };
            (self, reading)
        });
        let (mut reporting, reading) = read.await?;
        for report in told.reports(&reading) {
            reporting.push(report, told);
        }
        UNREADABLE.set(reading.unreadable.cast_signed());
        let silent = reading
            .instances
            .iter()
            .filter(|i| i.silent && !i.retired)
            .count();
        reporting.shown.send_modify(|shown| {
            shown.last_reading_ms = reading.taken_ms;
            shown.instances = reading.instances.len() as u64;
            shown.silent_instances = silent as u64;
            shown.series = reading.series() as u64;
            shown.unreadable_files = reading.unreadable;
        });
        Ok(reporting)
    }

    fn push(&mut self, report: ReportRequest, told: &mut Told) {
        let report = ReportRequest {
            agent: self.identity.agent.clone(),
            seq: self.identity.next_seq(),
            host: self.host.clone(),
            period_ms: self.period_ms as u32,
            ..report
        };
        let dropped = self.spool.dropped();
        let pushed = self.spool.push(report);
        self.look_after_spool(pushed, dropped, told);
    }

    /// The reports that wait go to the disk.
    fn settle(&mut self, told: &mut Told) {
        let dropped = self.spool.dropped();
        let settled = self.spool.settle();
        self.look_after_spool(settled, dropped, told);
    }

    /// What was dropped was not told.
    fn look_after_spool(&self, done: io::Result<()>, dropped_before: u64, told: &mut Told) {
        if let Err(error) = done {
            warn!(%error, "reports that wait cannot be written: they are lost if the agent ends");
        }
        let dropped = self.spool.dropped() - dropped_before;
        if dropped > 0 {
            if dropped_before == 0 {
                warn!(
                    "too many reports wait for the centre: the oldest are dropped, which costs detail"
                );
            }
            DROPPED.add(dropped);
            told.forget_all();
        }
    }

    fn send(&mut self, centre: &mut Conversation) {
        let Some(report) = self.spool.front() else {
            return;
        };
        let seq = report.seq;
        let client = self.centre.clone();
        centre.sending.spawn(async move {
            let report = ReportRequest {
                sent_ms: clock::now_ms(),
                ..report
            };
            let answered = client.report_with(Call::new(report)).await;
            (seq, answered.map(|reply| reply.message))
        });
    }

    fn answered(
        &mut self,
        seq: u64,
        answer: Result<ReportResponse, Status>,
        centre: &mut Conversation,
    ) {
        match answer {
            Ok(answer) => {
                if let Some(pause) = centre.pause.take() {
                    let away_s = pause.since.elapsed().as_secs();
                    let waiting = self.spool.len();
                    info!(away_s, waiting, "the centre takes reports again");
                }
                self.spool.pop(seq);
                if centre
                    .store
                    .replace(answer.store)
                    .is_some_and(|told| told != answer.store)
                {
                    info!("the centre has another store: everything is reported anew");
                    centre.told.forget_all();
                }
                centre.told.forget(&answer.unknown);
                let now_ms = clock::now_ms();
                self.shown.send_modify(|shown| shown.last_taken_ms = now_ms);
            }
            // It will not be taken another time, either.
            Err(status) if status.code() == Code::InvalidArgument => {
                error!(%status, "the centre refuses a report: it is dropped");
                self.spool.pop(seq);
                centre.told.forget_all();
            }
            Err(status) => {
                if centre.pause.is_none() {
                    warn!(%status, "the centre does not take reports: they wait");
                }
                centre.pause = Some(Pause::after(centre.pause.take()));
                self.settle(&mut centre.told);
            }
        }
    }

    fn show(&self) {
        WAITING.set(self.spool.len() as i64);
        self.shown.send_modify(|shown| {
            shown.seq = self.identity.last_seq();
            shown.waiting_reports = self.spool.len() as u64;
            shown.waiting_bytes = self.spool.bytes();
            shown.dropped_reports = self.spool.dropped();
        });
    }
}

impl Pause {
    /// Half of it is by chance: many agents lose one centre at once.
    fn after(before: Option<Pause>) -> Pause {
        let now = Instant::now();
        let length = before
            .as_ref()
            .map_or(PAUSE, |pause| (pause.length * 2).min(PAUSE_MAX));
        Pause {
            length,
            until: now + length.mul_f64(0.5 + fastrand::f64() / 2.0),
            since: before.map_or(now, |pause| pause.since),
        }
    }
}

/// By the wall clock, which the schedule is about.
fn next_reading(schedule: Schedule) -> Instant {
    Instant::now() + Duration::from_millis(schedule.wait_ms(clock::now_ms()))
}

async fn pause_over(pause: &Option<Pause>) {
    match pause {
        Some(pause) => sleep_until(pause.until).await,
        // Nothing waits for its end.
        None => std::future::pending().await,
    }
}
