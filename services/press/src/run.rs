//! A load from its beginning to its report.

use crate::args::{PressArgs, Scenario};
use crate::backend::Backend;
use crate::chaos::kill_all_the_while;
use crate::conversation::live;
use crate::crew::Crew;
use crate::error::PressError;
use crate::load::{Load, LoadSettings};
use crate::meters::Meters;
use crate::plan::Plan;
use crate::processes::Processes;
use crate::progress::Progress;
use crate::report::Report;
use crate::settling::{LOOK, answered, arrived, nothing_more};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// Between two looks at what both sides cost.
const METERS_EVERY: Duration = Duration::from_millis(250);

/// Does what the arguments say, on the current thread; needs a `LocalSet`.
pub(crate) async fn run_load(args: &PressArgs, backend: Backend) -> Result<Report, PressError> {
    let plan = Plan::new(args);
    let progress = Progress::new(args.quiet);
    let processes = backend.processes();
    let resident_before = processes.resident_bytes();
    progress.say(&format!("making {} users", plan.users));
    let connect = backend.connect();
    let crew = Crew::gather(&connect, &plan)
        .await
        .map_err(PressError::Setup)?;
    let load = Load::new(connect, &plan, &crew, LoadSettings::new(args));
    let run = Run {
        args,
        meters: Meters::new(processes.clone()),
        processes,
        load: Rc::new(load),
        links: JoinSet::new(),
        beside: JoinSet::new(),
        progress,
        report: Report::of(args, plan.users),
        resident_before,
    };
    run.run(backend, &plan).await
}

struct Run<'a> {
    args: &'a PressArgs,
    load: Rc<Load>,
    processes: Processes,
    meters: Meters,
    progress: Progress,
    /// Users' links.
    links: JoinSet<()>,
    /// What goes on beside them.
    beside: JoinSet<()>,
    report: Report,
    resident_before: u64,
}

impl Run<'_> {
    async fn run(mut self, mut backend: Backend, plan: &Plan) -> Result<Report, PressError> {
        self.come_online((0..plan.users).filter(|user| !plan.offline.contains(user)))
            .await?;
        self.beside
            .spawn_local(self.progress.clone().watch(self.load.clone()));
        self.load.begin();
        match self.args.scenario {
            Scenario::Offline => {
                self.store().await;
                self.restart(&mut backend).await?;
            }
            _ => self.press(&mut backend).await?,
        }
        self.load.end();
        self.report.unanswered = answered(&self.load, self.end()).await as u64;
        self.progress
            .say("everything is answered; now everything must arrive");
        let (begun, before) = (Instant::now(), self.load.figures.borrow().deliveries);
        self.come_online(plan.offline.iter().copied()).await?;
        let last = arrived(&self.load, self.end()).await;
        if self.args.scenario == Scenario::Offline {
            let drained = self.load.figures.borrow().deliveries - before;
            self.report.drained(drained, last - begun);
        }
        nothing_more(&self.load, self.end()).await;
        self.finish();
        self.beside.shutdown().await;
        self.links.shutdown().await;
        backend.stop().await;
        Ok(self.report)
    }

    /// Brings users online, and waits until they all are.
    async fn come_online(&mut self, users: impl Iterator<Item = usize>) -> Result<(), PressError> {
        for user in users {
            self.links.spawn_local(live(self.load.clone(), user));
        }
        let (users, end) = (self.links.len(), self.end());
        loop {
            let online = self.load.online();
            if online >= users {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(PressError::NotOnline { online, users });
            }
            sleep(LOOK).await;
        }
    }

    /// Sends for the time that was asked for.
    async fn press(&mut self, backend: &mut Backend) -> Result<(), PressError> {
        let chaos = self.args.chaos.then(|| {
            let every = Duration::from_secs_f64(self.args.kill_every.max(0.1));
            let (processes, told) = (self.processes.clone(), self.progress.killed());
            let killing = kill_all_the_while(processes, self.load.clone(), every, told);
            self.beside.spawn_local(killing)
        });
        sleep(Duration::from_secs(self.args.warmup)).await;
        let begun = self.open_window();
        let end = begun + Duration::from_secs(self.args.seconds);
        let restarts = backend.own().filter(|_| self.args.restart);
        let restarts = restarts.map(|own| own.restarts());
        let mut over = pin!(async {
            match restarts {
                Some(restarts) => restarts.until(end).await,
                None => {
                    sleep_until(end).await;
                    Ok(0)
                }
            }
        });
        self.report.restarts = loop {
            tokio::select! {
                restarts = &mut over => break restarts?,
                () = sleep(METERS_EVERY) => self.meters.look(),
            }
        };
        self.meters.look();
        self.close_window(begun);
        if let Some(chaos) = chaos {
            chaos.abort();
        }
        Ok(())
    }

    /// Sends until all is sent, or nothing is answered any more. At the last acknowledgement the backend is killed, if that was asked for.
    async fn store(&mut self) {
        if self.args.kill {
            let (victims, load) = (self.processes.all(), self.load.clone());
            self.load
                .at_last_acknowledgement
                .replace(Some(Box::new(move || {
                    // In the very handler of the answer: nothing that the backend would still do may matter.
                    victims.iter().for_each(|process| process.kill());
                    load.figures.borrow_mut().faults.killed += victims.len() as u64;
                })));
        }
        let begun = self.open_window();
        let (mut end, mut before) = (self.end(), 0);
        while !self.load.is_finished() && Instant::now() < end {
            sleep(LOOK).await;
            self.meters.look();
            let sends = self.load.figures.borrow().sends;
            if sends > before {
                (end, before) = (self.end(), sends);
            }
        }
        self.close_window(begun);
    }

    /// Starts what was killed.
    async fn restart(&mut self, backend: &mut Backend) -> Result<(), PressError> {
        if self.args.kill
            && let Some(own) = backend.own()
        {
            let took = own.start_again().await?;
            self.report.restart_ms = took.as_secs_f64() * 1e3;
        }
        Ok(())
    }

    fn open_window(&mut self) -> Instant {
        self.load.figures.borrow_mut().open_window();
        self.meters.look();
        Instant::now()
    }

    fn close_window(&mut self, begun: Instant) {
        self.load.figures.borrow_mut().close_window();
        self.report.seconds = begun.elapsed().as_secs_f64();
    }

    /// By when what was begun now must have come about.
    fn end(&self) -> Instant {
        Instant::now() + Duration::from_secs(self.args.settle)
    }

    fn finish(&mut self) {
        let report = &mut self.report;
        report.count(self.args, &self.load.figures.borrow());
        report.cost(self.args, &self.load.figures.borrow(), &self.meters);
        report.acknowledged = self.load.acknowledged();
        report.lost = self.load.lost();
        report.foreign += self.load.refused_and_arrived();
        report.server_resident_bytes = self.processes.resident_bytes();
        if self.args.scenario == Scenario::IdleLinks {
            let more = report
                .server_resident_bytes
                .saturating_sub(self.resident_before);
            report.resident_bytes_per_link = more as f64 / report.users as f64;
        }
    }
}
