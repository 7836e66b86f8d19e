//! One process, started again when it ends.

use super::lines::forward;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::warn;

/// Pause before the first new start; it doubles each time the process ended soon.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// Where the doubling ends.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// A process that lived so long ended for a new reason: the pause begins anew.
const SETTLED_AFTER: Duration = Duration::from_secs(10);
/// Time that a process has for draining before it is killed.
const DRAIN_MAX: Duration = Duration::from_secs(15);

/// A service's process, whichever it is at the moment.
pub struct Child {
    role: &'static str,
    state: watch::Sender<State>,
    kill: Mutex<Option<tokio::sync::oneshot::Sender<()>>>,
}

#[derive(Clone, Copy, Default)]
struct State {
    pid: Option<u32>,
    ready: bool,
    starts: u32,
}

impl Child {
    pub(super) fn new(role: &'static str) -> Child {
        Child {
            role,
            state: watch::Sender::default(),
            kill: Mutex::default(),
        }
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
        let kill = self
            .kill
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        kill.is_some_and(|kill| kill.send(()).is_ok())
    }

    fn changed(&self, change: impl FnOnce(&mut State)) {
        self.state.send_modify(change);
    }
}

/// Keeps one service's process running until `stopped`.
pub(super) async fn keep(
    child: std::sync::Arc<Child>,
    program: PathBuf,
    settings: PathBuf,
    mut stopped: watch::Receiver<bool>,
) {
    let mut pause = PAUSE_MIN;
    loop {
        let started = Instant::now();
        let ended = run(&child, &program, &settings, &mut stopped).await;
        child.changed(|state| (state.pid, state.ready) = (None, false));
        if *stopped.borrow() {
            return;
        }
        match ended {
            Ok(how) => warn!(role = child.role, "ended: {how}"),
            Err(error) => warn!(role = child.role, %error, "cannot be started"),
        }
        if started.elapsed() > SETTLED_AFTER {
            pause = PAUSE_MIN;
        }
        tokio::select! {
            () = sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
            () = told_to_stop(&mut stopped) => return,
        }
    }
}

/// Waits until the supervisor says so, or is gone.
pub(super) async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// One life of the process.
async fn run(
    child: &Child,
    program: &PathBuf,
    settings: &PathBuf,
    stopped: &mut watch::Receiver<bool>,
) -> io::Result<std::process::ExitStatus> {
    let mut process = Command::new(program)
        .args(["run", "--role", child.role, "--with-parent", "--config"])
        .arg(settings)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (kill, killed) = tokio::sync::oneshot::channel();
    *child.kill.lock().unwrap_or_else(PoisonError::into_inner) = Some(kill);
    child.changed(|state| {
        state.pid = process.id();
        state.starts += 1;
    });
    let (out, err) = (process.stdout.take(), process.stderr.take());
    // Taken out, since waiting for the process would close it.
    let mut lifeline = process.stdin.take();
    let out = async {
        if let Some(out) = out {
            let ready = format!("{} is ready", child.role);
            let is_ready = |line: &str| {
                if line.starts_with(&ready) {
                    child.changed(|state| state.ready = true);
                }
            };
            forward(child.role, out, is_ready).await;
        }
    };
    let err = async {
        if let Some(err) = err {
            forward(child.role, err, |_| {}).await;
        }
    };
    let life = async {
        tokio::select! {
            ended = process.wait() => ended,
            Ok(()) = killed => {
                process.start_kill()?;
                process.wait().await
            }
            () = told_to_stop(stopped) => {
                // The end of its standard input tells it to drain.
                drop(lifeline.take());
                match timeout(DRAIN_MAX, process.wait()).await {
                    Ok(ended) => ended,
                    Err(_) => {
                        process.start_kill()?;
                        process.wait().await
                    }
                }
            }
        }
    };
    tokio::join!(out, err, life).2
}
