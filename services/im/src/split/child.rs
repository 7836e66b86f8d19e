//! One service's process, started again when it ends, and anew when it should.

use super::lines::forward;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::handover::{Reports, Sockets, Stage};
use tokio::process::{Child as Process, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

/// Pause before the first new start; it doubles each time the process ended soon.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// Where the doubling ends.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// A process that lived so long ended for a new reason: the pause begins anew.
const SETTLED_AFTER: Duration = Duration::from_secs(10);
/// Time that a process has for draining before it is killed: as long as an access node takes for its last links.
const DRAIN_MAX: Duration = Duration::from_secs(20);
/// Time in which a new process must say how far it is.
const TAKE_OVER_MAX: Duration = Duration::from_secs(60);

/// A service's process, whichever it is at the moment.
pub struct Child {
    role: &'static str,
    state: watch::Sender<State>,
    orders: mpsc::Sender<Order>,
}

#[derive(Clone, Copy, Default)]
struct State {
    pid: Option<u32>,
    ready: bool,
    starts: u32,
}

/// What is to be done with it.
pub(super) enum Order {
    Kill,
    /// Told when it is done.
    Restart(oneshot::Sender<()>),
}

impl Child {
    pub(super) fn new(role: &'static str) -> (Arc<Child>, mpsc::Receiver<Order>) {
        // One at a time: whoever orders a restart waits for it.
        let (sender, orders) = mpsc::channel(1);
        let child = Child {
            role,
            state: watch::Sender::default(),
            orders: sender,
        };
        (Arc::new(child), orders)
    }

    /// The service.
    pub fn role(&self) -> &'static str {
        self.role
    }

    /// Its process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.state.borrow().pid
    }

    /// How many times it was started.
    pub fn starts(&self) -> u32 {
        self.state.borrow().starts
    }

    /// Waits until it serves.
    pub async fn ready(&self) {
        let mut state = self.state.subscribe();
        // The sender is in `self`.
        let _ = state.wait_for(|state| state.ready).await;
    }

    /// Kills it (SIGKILL). It will be started again. Says whether there was something to kill.
    pub fn kill(&self) -> bool {
        self.pid().is_some() && self.orders.try_send(Order::Kill).is_ok()
    }

    /// Has another process take over from it, and waits until that serves, or is known not to.
    pub async fn restart(&self) {
        let (done, is_done) = oneshot::channel();
        if self.orders.send(Order::Restart(done)).await.is_ok() {
            // An error says that the process ended meanwhile: then another one is started anyway.
            let _ = is_done.await;
        }
    }
}

/// Keeps one service's process running.
pub(super) struct Keeper {
    pub(super) child: Arc<Child>,
    pub(super) program: PathBuf,
    pub(super) settings: PathBuf,
    pub(super) sockets: Sockets,
    /// Which instance of its service it is, where there are several.
    pub(super) address: Option<String>,
}

/// One life of the process.
struct Life {
    process: Process,
    /// The end of its standard input, which tells it to drain.
    reports: Reports,
    started: Instant,
}

impl Keeper {
    /// Until `stopped`.
    pub(super) async fn keep(
        self,
        mut orders: mpsc::Receiver<Order>,
        mut stopped: watch::Receiver<bool>,
    ) {
        let role = self.child.role;
        let mut pause = PAUSE_MIN;
        loop {
            match self.start() {
                Err(error) => warn!(role, %error, "cannot be started"),
                Ok(life) => match self.live(life, &mut orders, &mut stopped).await {
                    Ended::Stopped => return self.noted(None, false),
                    Ended::ByItself(lived, how) => {
                        warn!(role, "ended: {how:?}");
                        if lived > SETTLED_AFTER {
                            pause = PAUSE_MIN;
                        }
                    }
                },
            }
            self.noted(None, false);
            tokio::select! {
                () = sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
                () = told_to_stop(&mut stopped) => return,
            }
        }
    }

    /// From one process to the next that takes over, until one ends by itself or none is wanted any more.
    async fn live(
        &self,
        mut life: Life,
        orders: &mut mpsc::Receiver<Order>,
        stopped: &mut watch::Receiver<bool>,
    ) -> Ended {
        self.noted(life.process.id(), false);
        loop {
            tokio::select! {
                ended = life.process.wait() => {
                    return Ended::ByItself(life.started.elapsed(), ended);
                }
                stage = life.reports.next() => match stage {
                    Some(Stage::Ready) => self.noted(life.process.id(), true),
                    Some(Stage::Waiting) => {}
                    // It has closed its standard input; its end is seen as such.
                    None => return Ended::ByItself(life.started.elapsed(), life.process.wait().await),
                },
                Some(order) = orders.recv() => match order {
                    Order::Kill => {
                        let killed = life.process.start_kill();
                        warn_of(self.child.role, killed);
                    }
                    Order::Restart(done) => {
                        if let Some((next, stage)) = self.take_over(&mut life, stopped).await {
                            self.noted(next.process.id(), stage == Stage::Ready);
                            let before = std::mem::replace(&mut life, next);
                            before.drain(self.child.role).await;
                            if stage == Stage::Waiting {
                                tokio::select! {
                                    () = self.until_ready(&mut life) => {}
                                    () = told_to_stop(stopped) => {}
                                }
                            }
                        }
                        // Whoever asked may have gone.
                        let _ = done.send(());
                    }
                },
                () = told_to_stop(stopped) => {
                    life.drain(self.child.role).await;
                    return Ended::Stopped;
                }
            }
        }
    }

    /// Starts the next process. It is there when it serves, or waits for what the old one holds, unless none is wanted any more by then.
    async fn take_over(
        &self,
        old: &mut Life,
        stopped: &mut watch::Receiver<bool>,
    ) -> Option<(Life, Stage)> {
        let role = self.child.role;
        let mut next = match self.start() {
            Ok(next) => next,
            Err(error) => {
                warn!(role, %error, "cannot be started anew");
                return None;
            }
        };
        let heard = tokio::select! {
            heard = timeout(TAKE_OVER_MAX, next.reports.next()) => heard.ok().flatten(),
            // There is nobody to take over from: the next one is all there is.
            _ = old.process.wait() => return Some((next, Stage::Waiting)),
            // It is killed; the old one is told, too.
            () = told_to_stop(stopped) => return None,
        };
        match heard {
            Some(stage) => {
                info!(role, %stage, "another process takes over");
                Some((next, stage))
            }
            None => {
                warn!(
                    role,
                    "the new process did not get ready; the old one goes on"
                );
                warn_of(role, next.process.kill().await);
                None
            }
        }
    }

    async fn until_ready(&self, life: &mut Life) {
        while let Ok(Some(stage)) = timeout(TAKE_OVER_MAX, life.reports.next()).await {
            if stage == Stage::Ready {
                return self.noted(life.process.id(), true);
            }
        }
    }

    fn start(&self) -> io::Result<Life> {
        let role = self.child.role;
        let mut command = Command::new(&self.program);
        command
            .args(["run", "--role", role, "--with-parent", "--config"])
            .arg(&self.settings)
            .args(
                self.address
                    .iter()
                    .flat_map(|address| ["--listen", address]),
            )
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let (mut process, reports) = self.sockets.start(&mut command)?;
        if let Some(out) = process.stdout.take() {
            tokio::spawn(forward(role, out));
        }
        if let Some(err) = process.stderr.take() {
            tokio::spawn(forward(role, err));
        }
        self.child.state.send_modify(|state| state.starts += 1);
        Ok(Life {
            process,
            reports,
            started: Instant::now(),
        })
    }

    fn noted(&self, pid: Option<u32>, ready: bool) {
        self.child
            .state
            .send_modify(|state| (state.pid, state.ready) = (pid, ready));
    }
}

enum Ended {
    /// As it was told to.
    Stopped,
    /// After so long.
    ByItself(Duration, io::Result<ExitStatus>),
}

impl Life {
    /// Has it drain and end; kills it when that takes too long.
    async fn drain(mut self, role: &str) {
        drop(self.reports);
        if timeout(DRAIN_MAX, self.process.wait()).await.is_err() {
            warn!(role, "did not drain in time, and is killed");
            warn_of(role, self.process.kill().await);
        }
    }
}

fn warn_of(role: &str, killed: io::Result<()>) {
    if let Err(error) = killed {
        warn!(role, %error, "cannot be killed");
    }
}

/// Waits until the supervisor says so, or is gone.
pub(super) async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
