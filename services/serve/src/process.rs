//! A service as a process of its own.

use crate::addresses::{Addresses, listen};
use crate::admin::{RunningAdmin, Told};
use crate::counters::open_counters;
use crate::log;
use crate::reload::follow;
use crate::roles::Role;
use crate::settings::Settings;
use crate::start::{Start, StartError};
use clap::Parser;
use std::fmt::Display;
use std::future::Future;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use svrkit_rt::Server;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How a service's binary is told what to do.
#[derive(Debug, Default, Parser)]
pub struct ProcessArgs {
    /// Settings of the whole backend, TOML. `IM__SECTION__KEY` in the environment goes before it.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where to listen, instead of what `[services]` says.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Where data is kept.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Ends when standard input does: with the process that started it, however that ended.
    #[arg(long)]
    pub with_parent: bool,
}

/// What a process was told.
#[derive(Debug)]
pub struct Launch {
    /// The settings of the whole backend, and new ones as they come.
    pub changes: watch::Receiver<Settings>,
    /// Where to listen, instead of what they say.
    pub address: Option<String>,
    /// Whether it ends with the process that started it.
    pub with_parent: bool,
}

/// The whole of a service's `main`: settings, log, peers, listening, serving, draining on SIGTERM or Ctrl-C.
pub fn main<Fut>(role: &'static str, start: impl FnOnce(Start) -> Fut) -> ExitCode
where
    Fut: Future<Output = Result<Server, StartError>>,
{
    launch(role, |told| {
        serve(role, told.changes, told.address, told.with_parent, start)
    })
}

/// As [`main`], for a process that listens in its own way.
pub fn launch<Fut>(name: &str, run: impl FnOnce(Launch) -> Fut) -> ExitCode
where
    Fut: Future<Output = Result<(), StartError>>,
{
    let args = ProcessArgs::parse();
    run_to_end(name, async {
        let (address, with_parent) = (args.listen.clone(), args.with_parent);
        let changes = follow(args.settings()?, args.config.clone(), move || {
            args.settings()
        });
        let launch = Launch {
            changes,
            address,
            with_parent,
        };
        run(launch).await
    })
}

impl ProcessArgs {
    /// The settings that file, environment and flags make.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn settings(&self) -> Result<Settings, StartError> {
        let mut settings = Settings::load(self.config.as_deref())?;
        if let Some(dir) = &self.data_dir {
            settings.set("data_dir", &dir.display().to_string())?;
        }
        Ok(settings)
    }
}

/// Runs `work` on a runtime and tells how it ended, with all causes, on standard error.
pub fn run_to_end(name: &str, work: impl Future<Output = Result<(), StartError>>) -> ExitCode {
    log::init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("{name}: no runtime: {e}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(work);
    // A blocking job that hangs must not keep the process.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {}", causes(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Serves one role until it is told to end. `changes` holds its settings, and brings new ones.
///
/// # Errors
/// What keeps it from starting, or from going on.
pub async fn serve<Fut>(
    role: &'static str,
    changes: watch::Receiver<Settings>,
    address: Option<String>,
    with_parent: bool,
    start: impl FnOnce(Start) -> Fut,
) -> Result<(), StartError>
where
    Fut: Future<Output = Result<Server, StartError>>,
{
    let known = Role::named(role).ok_or_else(|| format!("there is no service {role:?}"))?;
    let settings = changes.borrow().clone();
    open_counters(&settings, known.name, known.name);
    let addresses = Addresses::from_settings(&settings)?;
    let peers = addresses.peers_of(known)?;
    let told = Told::new();
    let server = start(Start {
        role: known.name,
        settings,
        changes: changes.clone(),
        peers,
        told: told.clone(),
    })
    .await?;
    let servers = vec![(role.to_owned(), server.watch())];
    let admin = RunningAdmin::start(role, changes, told, servers)?;
    let address = address.unwrap_or_else(|| addresses.of(known));
    let cannot = |e| format!("cannot listen at {address}: {e}");
    let listener = listen(&address).await.map_err(cannot)?;
    tell(format_args!("{role} is ready at {}", listener.address()));
    admin
        .until(server.run(listener, ended(with_parent)))
        .await?;
    Ok(())
}

/// Ends at SIGTERM or Ctrl-C, and with the process that started this one where it says so.
pub async fn ended(with_parent: bool) {
    let parent = async {
        if !with_parent {
            return std::future::pending().await;
        }
        // A thread of its own: standard input cannot be waited for otherwise, and a runtime's end would wait for a blocking job.
        let (gone, is_gone) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            // Whatever ends it, end or error, there is nobody there any more.
            let _ = std::io::copy(&mut std::io::stdin().lock().by_ref(), &mut std::io::sink());
            drop(gone);
        });
        let _ = is_gone.await;
    };
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            // Where no signal can be heard of, only the process's end ends it.
            Err(_) => std::future::pending().await,
        }
    };
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = parent => {}
        () = terminate => {}
        () = ctrl_c => {}
    }
}

/// Writes a line to standard output. Where nobody reads it any more, it is lost: a service does not end for want of a listener.
pub fn tell(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// An error and what caused it, in one line.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line = format!("{line}: {cause}");
        next = cause.source();
    }
    line
}
