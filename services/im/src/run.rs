//! `im run`: in one process, split, or one role of it.

use clap::Args;
use im::{OneProcess, Split, Whole};
use im_serve::process::{Here, ProcessArgs, tell};
use im_serve::{
    AdminConfig, Life, Listen, Role, Settings, StartError, export, follow, open_counters,
};
use std::future::pending;
use std::net::SocketAddr;
use std::path::PathBuf;
use svrkit_rt::Listener;
use tokio::sync::watch;

/// What is at the page's address.
const PAGE: &str = "HTTP: how all of it does";

/// Where settings come from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SettingsArgs {
    /// Settings, TOML. `IM__SECTION__KEY` in the environment goes before it, flags before both.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where data is kept [default: ./data].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Address of the long link [default: 127.0.0.1:8081].
    #[arg(long, value_name = "ADDR")]
    long: Option<SocketAddr>,
    /// Address of the short link and WebSocket [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR")]
    short: Option<SocketAddr>,
    /// Address of the operator's page [default: 127.0.0.1:8088].
    #[arg(long, value_name = "ADDR")]
    page: Option<SocketAddr>,
}

/// How to run the backend.
#[derive(Args, Debug, Default)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Each service in a process of its own, started again when it ends.
    #[arg(long, conflicts_with = "role")]
    split: bool,
    /// Only this service, at its address in `[services]`.
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    /// With --role: listen here instead.
    #[arg(long, value_name = "ADDRESS", requires = "role")]
    listen: Option<String>,
    /// With --role: the release that this instance is of, when [services] does not say so of its address.
    #[arg(long, value_name = "TAG", requires = "role")]
    tag: Option<String>,
    /// Ends when standard input does: with the process that started it.
    #[arg(long)]
    with_parent: bool,
}

impl SettingsArgs {
    /// The settings that file, environment and flags make, checked.
    pub(crate) fn settings(&self) -> Result<Settings, StartError> {
        let process = ProcessArgs {
            config: self.config.clone(),
            data_dir: self.data_dir.clone(),
            ..ProcessArgs::default()
        };
        let mut settings = process.settings()?;
        let flags = [
            ("listen.long", self.long),
            ("listen.short", self.short),
            ("listen.page", self.page),
        ];
        for (key, address) in flags {
            if let Some(address) = address {
                settings.set(key, &address.to_string())?;
            }
        }
        Whole::from_settings(&settings)?.auth.check()?;
        Ok(settings)
    }
}

pub(crate) async fn run(args: RunArgs) -> Result<(), StartError> {
    let from = args.settings;
    let file = from.config.clone();
    let mut life = Life::begin(args.with_parent)?;
    let mut settings = from.settings()?;
    let role = args.role.as_deref();
    let owner = role.and_then(Role::named).filter(|role| role.owns_data());
    let is_all_in_one = role.is_none() && !args.split;
    if owner.is_some() || is_all_in_one {
        life.owns_data(owner, &mut settings)?;
    }
    let changes = follow(settings, file, move || from.settings());
    match role {
        Some(role) => {
            let here = Here::new(args.listen, args.tag.as_deref())?;
            im::run_role(role, changes, here, life).await
        }
        None if args.split => split(changes, life).await,
        None => one_process(changes, life).await,
    }
}

async fn one_process(changes: watch::Receiver<Settings>, mut life: Life) -> Result<(), StartError> {
    let settings = changes.borrow().clone();
    let listen = Listen::from_settings(&settings)?;
    let listeners = listen.bind(&mut life).await?;
    let page = listen.bind_page(&mut life).await?;
    let admin = AdminConfig::from_settings(&settings)?;
    let admin = admin.bind("im", &mut life).await?;
    announce("long link", "Mars frames", &listeners.long);
    announce("short link", "HTTP, WebSocket at /im/ws", &listeners.short);
    announce("page", PAGE, &page);
    tell(format_args!(
        "{:<12} {}",
        "data",
        settings.data_dir().display()
    ));
    open_counters(&settings, "im", "im", None);
    let _exporting = export(&settings, "im")?;
    let mut backend = OneProcess::start(changes.clone(), listeners).await?;
    backend.serve_page(page);
    let admin = backend.serve_admin(admin, changes)?;
    life.serves();
    tell("im is ready");
    let serving = async {
        tokio::select! {
            failed = backend.failed() => failed,
            () = life.ended() => {
                tell("draining");
                backend.stop().await
            }
        }
    };
    admin.until(serving).await
}

async fn split(changes: watch::Receiver<Settings>, life: Life) -> Result<(), StartError> {
    let split = Split::start(life.program(), changes).await?;
    let listen = split.listen().clone();
    tell(format_args!(
        "{:<12} {} (Mars frames)",
        "long link", listen.long
    ));
    tell(format_args!(
        "{:<12} {} (HTTP, WebSocket at /im/ws)",
        "short link", listen.short
    ));
    tell(format_args!("{:<12} {} ({PAGE})", "page", listen.page));
    let announced = async {
        split.ready().await;
        tell("im is ready");
        pending::<()>().await;
    };
    let ended = life.ended_or(async || {
        tell("each service is started anew");
        split.roll().await;
        tell("all services were started anew");
    });
    // A service that never gets ready must not keep the others from ending.
    tokio::select! {
        () = announced => {}
        () = ended => {}
    }
    tell("draining");
    split.stop().await;
    Ok(())
}

fn announce(what: &str, how: &str, listener: &Listener) {
    tell(format_args!("{what:<12} {} ({how})", listener.address()));
}

pub(crate) fn check_config(args: &SettingsArgs) -> Result<(), StartError> {
    Whole::from_settings(&args.settings()?)?
        .auth
        .check_certificates()?;
    println!("the settings make sense");
    Ok(())
}

pub(crate) fn print_config(args: &SettingsArgs) -> Result<(), StartError> {
    let whole = Whole::from_settings(&args.settings()?)?;
    print!("{}", toml::to_string_pretty(&whole)?);
    Ok(())
}
