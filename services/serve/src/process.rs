//! A service as a process of its own.

use crate::addresses::{Addresses, listen};
use crate::admin::{AdminConfig, RunningAdmin, Told};
use crate::admission::AdmissionSettings;
use crate::auth::AuthSettings;
use crate::calls::Calls;
use crate::counters::open_counters;
use crate::gray::Gray;
use crate::life::Life;
use crate::log;
use crate::otlp::export;
use crate::reload::follow;
use crate::roles::Role;
use crate::settings::Settings;
use crate::start::{Start, StartError};
use clap::Parser;
use std::fmt::Display;
use std::future::Future;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use svrkit_rt::{Server, Status, Tag, monitor};
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
    /// Release that this instance is of, when `[services]` does not say so of its address.
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
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
    /// Which instance it is.
    pub here: Here,
    /// Its end, and its successor.
    pub life: Life,
}

/// Which instance of a service a process is, where the settings do not say, or say otherwise.
#[derive(Clone, Debug, Default)]
pub struct Here {
    /// Where it listens.
    pub address: Option<String>,
    /// The release that it is of.
    pub tag: Option<Tag>,
}

impl Here {
    /// From flags.
    ///
    /// # Errors
    /// `InvalidArgument` for a tag that is none.
    pub fn new(address: Option<String>, tag: Option<&str>) -> Result<Here, Status> {
        let tag = tag.map(Tag::new).transpose()?;
        Ok(Here { address, tag })
    }

    /// With what the settings say of the role, where nothing else was said.
    pub fn or_as_set(mut self, role: &Role, addresses: &Addresses) -> Here {
        self.address = self.address.or_else(|| addresses.listens_at(role));
        let as_set = || addresses.tag_at(role, self.address.as_deref()?);
        self.tag = self.tag.or_else(as_set);
        self
    }
}

/// The whole of a service's `main`: settings, log, peers, listening, serving, and an end or a successor as [`Life`] says.
pub fn main<Fut>(role: &'static str, start: impl FnOnce(Start) -> Fut) -> ExitCode
where
    Fut: Future<Output = Result<Server, StartError>>,
{
    launch(role, |told| {
        serve(role, told.changes, told.here, told.life, start)
    })
}

/// As [`main`], for a process that listens in its own way.
pub fn launch<Fut>(name: &str, run: impl FnOnce(Launch) -> Fut) -> ExitCode
where
    Fut: Future<Output = Result<(), StartError>>,
{
    let args = ProcessArgs::parse();
    run_to_end(name, async {
        let mut life = Life::begin(args.with_parent)?;
        let mut settings = args.settings()?;
        if let Some(role) = Role::named(name).filter(|role| role.owns_data()) {
            life.owns_data(Some(role), &mut settings)?;
        }
        let here = Here::new(args.listen.clone(), args.tag.as_deref())?;
        let changes = follow(settings, args.config.clone(), move || args.settings());
        run(Launch {
            changes,
            here,
            life,
        })
        .await
    })
}

impl ProcessArgs {
    /// The settings that file, environment, flags and `im gray` make.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn settings(&self) -> Result<Settings, StartError> {
        let mut settings = Settings::load(self.config.as_deref())?;
        if let Some(dir) = &self.data_dir {
            settings.set("data_dir", &dir.display().to_string())?;
        }
        settings.lay_over(&Gray::file(&settings))?;
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
        Ok(()) => {
            // Last, so that whoever watches misses nobody who only handed over.
            monitor::retire();
            ExitCode::SUCCESS
        }
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
    here: Here,
    mut life: Life,
    start: impl FnOnce(Start) -> Fut,
) -> Result<(), StartError>
where
    Fut: Future<Output = Result<Server, StartError>>,
{
    let known = Role::named(role).ok_or_else(|| format!("there is no service {role:?}"))?;
    let settings = changes.borrow().clone();
    let admission = AdmissionSettings::from_settings(&settings)?.admission();
    let auth = AuthSettings::from_settings(&settings)?.of(known)?;
    let compression = Calls::from_settings(&settings)?.compression();
    let addresses = Addresses::from_settings(&settings)?;
    let here = here.or_as_set(known, &addresses);
    open_counters(&settings, known.name, known.name, here.tag);
    let _exporting = export(&settings, known.name)?;
    auth.follow();
    let peers = addresses.peers_of(known, &auth)?;
    let told = Told::new();
    told.peers(&peers);
    let server = start(Start {
        role: known.name,
        settings,
        changes: changes.clone(),
        peers,
        told: told.clone(),
    })
    .await?
    .admission(admission)
    .compression(compression);
    let server = auth.server(server);
    let address = here.address.ok_or_else(|| {
        format!("{role} has several addresses, or none of its own: say with --listen which it is")
    })?;
    let bind = async {
        let bound = listen(&address).await;
        bound.map_err(|e| format!("cannot listen at {address}: {e}"))
    };
    let listener = auth.listener(life.listener(role, bind).await?);
    let admin = AdminConfig::from_settings(&changes.borrow())?;
    let admin = admin.bind(role, &mut life).await?;
    let servers = vec![(role.to_owned(), server.watch())];
    let admin = RunningAdmin::start(role, admin, changes, told, servers)?;
    life.serves();
    tell(format_args!("{role} is ready at {}", listener.address()));
    admin.until(server.run(listener, life.ended())).await?;
    Ok(())
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
