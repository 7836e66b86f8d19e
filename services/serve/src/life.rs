//! A process from its start to its end, or to the next one that takes over.

use crate::auth::AuthSettings;
use crate::roles::Role;
use crate::settings::Settings;
use crate::start::StartError;
use std::env;
use std::fs::File;
use std::future::{Future, pending};
use std::io::{self, IsTerminal, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;
use svrkit_rt::Listener;
use svrkit_rt::handover::{Sockets, Stage};
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::{info, warn};

/// The name under which a process hands on what tells it that its parent has ended.
const PARENT: &str = "parent";
/// Seconds in which a process that takes over must say how far it is; then it is killed, and the old one goes on.
const TAKE_OVER_S: u64 = 60;
/// Milliseconds that data may be held by the process that is taken over from: as long as its drain may take, and its last commit.
const DATA_WAIT_MS: u64 = 30_000;
/// The sections of those who own data.
const DATA_OWNERS: [&str; 3] = ["agent", "engine.local", "monitor"];

/// What a process needs to begin where another one was, and to let another one begin.
///
/// SIGTERM and Ctrl-C drain it; a second one ends it at once. SIGHUP starts the program anew, from the file that it was started from: the
/// new process gets the listening sockets, and this one drains when the other says that it serves, or waits for data that this one
/// holds. When it does not get so far, this one goes on. In a terminal SIGHUP says that the terminal is gone, and ends it.
#[derive(Debug)]
pub struct Life {
    sockets: Sockets,
    program: PathBuf,
    /// What ends with the process that started this one, if this one is to end with it.
    parent: Option<OwnedFd>,
    /// Somebody else starts the next process.
    is_supervised: bool,
    in_terminal: bool,
    /// Heard since it serves.
    signals: Option<Signals>,
}

impl Life {
    /// Begins, with what another process gave. Before anybody else reads standard input.
    ///
    /// # Errors
    /// Sockets were to be taken over and did not come.
    pub fn begin(with_parent: bool) -> Result<Life, StartError> {
        let stdin = io::stdin();
        let in_terminal = stdin.is_terminal();
        let mut sockets = Sockets::inherit()?;
        let handed_on = sockets.take(PARENT);
        let is_supervised = with_parent && sockets.are_given() && handed_on.is_none();
        let parent = match (with_parent, handed_on) {
            (false, _) => None,
            (true, Some(parent)) => Some(parent),
            (true, None) => Some(stdin.as_fd().try_clone_to_owned()?),
        };
        Ok(Life {
            sockets,
            program: match env::args_os().next() {
                Some(program) => program.into(),
                None => env::current_exe()?,
            },
            parent,
            is_supervised,
            in_terminal,
            signals: None,
        })
    }

    /// The program that this process runs, as it was called: a link may lead to another release by now.
    pub fn program(&self) -> PathBuf {
        self.program.clone()
    }

    /// Notes that the process owns data, of one service or of a whole backend. When it takes over, the one before it is told to let go of
    /// them, and `settings` are to wait for that for longer than an owner does by itself.
    ///
    /// # Errors
    /// Settings in which that cannot be set, or by which the service cannot say who it is.
    pub fn owns_data(
        &mut self,
        service: Option<&'static Role>,
        settings: &mut Settings,
    ) -> Result<(), StartError> {
        // First: the one before would be gone if this one then could not say who it is.
        if let Some(service) = service {
            AuthSettings::from_settings(settings)?.of(service)?;
        }
        if self.sockets.are_given() {
            for owner in DATA_OWNERS {
                settings.set(&format!("{owner}.lock_wait_ms"), &DATA_WAIT_MS.to_string())?;
            }
            self.sockets.tell(Stage::Waiting);
        }
        Ok(())
    }

    /// The listener of a name: the one that was given, else what `bind` makes.
    ///
    /// # Errors
    /// As `bind`.
    pub async fn listener<E: Into<StartError>>(
        &mut self,
        name: &str,
        bind: impl Future<Output = Result<Listener, E>>,
    ) -> Result<Listener, StartError> {
        if let Some(listener) = self.sockets.listener(name)? {
            return Ok(listener);
        }
        let listener = bind.await.map_err(Into::into)?;
        self.sockets.keep(name, &listener)?;
        Ok(listener)
    }

    /// It serves. From here on signals are heard, so this comes before anybody else is told: who hears that it is ready may send one at
    /// once.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn serves(&mut self) {
        self.signals = Some(Signals::new());
        self.sockets.tell(Stage::Ready);
    }

    /// Ready when the process should drain: it was told to, its parent has ended, or another process took over.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub async fn ended(mut self) {
        let signals = self.signals.take();
        let life = &self;
        let restart = async || match life.restart().await {
            Ok(()) => true,
            Err(error) => {
                warn!(%error, "goes on as it is");
                false
            }
        };
        life.until_end(signals, restart).await;
    }

    /// As [`Life::ended`], for a supervisor: SIGHUP has it do `restart` and go on.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub async fn ended_or(mut self, restart: impl AsyncFn()) {
        let signals = self.signals.take();
        let go_on = async || {
            restart().await;
            false
        };
        self.until_end(signals, go_on).await;
    }

    /// Waits for the end. `restart` says whether it has come.
    async fn until_end(&self, signals: Option<Signals>, restart: impl AsyncFn() -> bool) {
        let mut signals = signals.unwrap_or_else(Signals::new);
        let mut parent = Box::pin(gone(self.parent.as_ref().and_then(|p| p.try_clone().ok())));
        loop {
            tokio::select! {
                () = &mut parent => break,
                told = signals.next() => match told {
                    Told::ToEnd => break,
                    // In a terminal: it is gone.
                    Told::ToRestart if self.in_terminal => break,
                    Told::ToRestart => tokio::select! {
                        has_come = restart() => if has_come { break },
                        // Whoever wants this one to end does not want another one to begin.
                        () = signals.end_is_asked() => break,
                        () = &mut parent => break,
                    },
                },
            }
        }
        // Whoever asks a second time does not want to wait.
        tokio::spawn(async move {
            while matches!(signals.next().await, Told::ToRestart) {}
            warn!("ended at once");
            std::process::exit(1);
        });
    }

    /// Starts the next process, and waits until it can do without this one.
    async fn restart(&self) -> Result<(), StartError> {
        if self.is_supervised {
            return Err("its supervisor starts it anew".into());
        }
        let mut sockets = Sockets::new();
        self.sockets.copy_to(&mut sockets)?;
        if let Some(parent) = &self.parent {
            sockets.add(PARENT, parent.try_clone()?)?;
        }
        let mut command = Command::new(&self.program);
        let (process, mut reports) = sockets.start(command.args(env::args_os().skip(1)))?;
        let mut next = Next {
            process,
            takes_over: false,
        };
        let heard = timeout(Duration::from_secs(TAKE_OVER_S), reports.next()).await;
        match heard {
            Ok(Some(stage)) => {
                next.takes_over = true;
                info!(pid = next.process.id(), %stage, "another process takes over");
                Ok(())
            }
            Ok(None) => {
                let how = next.process.wait().await?;
                Err(format!("the new process ended: {how}").into())
            }
            Err(_) => Err(format!("the new process said nothing for {TAKE_OVER_S} s").into()),
        }
    }
}

/// The next process; killed when it is not waited for any more and has not taken over.
struct Next {
    process: Child,
    takes_over: bool,
}

impl Drop for Next {
    fn drop(&mut self) {
        if !self.takes_over {
            // An error says that it has ended.
            let _ = self.process.start_kill();
        }
    }
}

/// The signals that a process listens to. Where one cannot be heard of, it never comes.
#[derive(Debug)]
struct Signals {
    terminate: Option<Signal>,
    interrupt: Option<Signal>,
    hang_up: Option<Signal>,
}

impl Signals {
    fn new() -> Signals {
        let listen = |kind| signal(kind).ok();
        Signals {
            terminate: listen(SignalKind::terminate()),
            interrupt: listen(SignalKind::interrupt()),
            hang_up: listen(SignalKind::hangup()),
        }
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            () = heard(&mut self.terminate) => Told::ToEnd,
            () = heard(&mut self.interrupt) => Told::ToEnd,
            () = heard(&mut self.hang_up) => Told::ToRestart,
        }
    }

    /// Waits for one that asks for the end; any other is kept for [`Signals::next`].
    async fn end_is_asked(&mut self) {
        tokio::select! {
            () = heard(&mut self.terminate) => {}
            () = heard(&mut self.interrupt) => {}
        }
    }
}

/// What a signal asks for.
enum Told {
    ToEnd,
    ToRestart,
}

async fn heard(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => pending().await,
    }
}

/// Ready when whoever holds the other end of a pipe is gone.
async fn gone(pipe: Option<OwnedFd>) {
    let Some(pipe) = pipe else {
        return pending().await;
    };
    // A thread of its own: standard input cannot be waited for otherwise, and a runtime's end would wait for a blocking job.
    let (gone, is_gone) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        // Whatever ends it, end or error, there is nobody there any more.
        let _ = io::copy(&mut File::from(pipe).by_ref(), &mut io::sink());
        drop(gone);
    });
    let _ = is_gone.await;
}
