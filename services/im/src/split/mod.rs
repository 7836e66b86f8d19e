//! Each service in a process of its own, under one supervisor.

mod child;
mod lines;
mod sockets;

pub use child::Child;

use child::Keeper;
use im_serve::{AuthSettings, Gray, Listen, ROLES, Settings, StartError};
use sockets::Outside;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::warn;

/// The backend as processes of this machine. They end with it, however it ends: each watches a pipe that only this process holds.
pub struct Split {
    children: Vec<Arc<Child>>,
    watches: JoinSet<()>,
    stop: watch::Sender<bool>,
    listen: Listen,
    settings: Settings,
}

impl Split {
    /// Starts `program` once for each service, as `PROGRAM run --role NAME`, and for each of its instances where `[services]` lists
    /// several; those with a tag from `gray.program` if that is set. A process that ends is started again, after a pause that
    /// grows while it keeps ending soon.
    ///
    /// # Errors
    /// The folder for sockets and settings cannot be made; an address is taken; a service lacks a key or a certificate that it should have.
    pub async fn start(
        program: PathBuf,
        changes: watch::Receiver<Settings>,
    ) -> Result<Split, StartError> {
        let mut settings = changes.borrow().clone();
        // Said once, rather than by processes that are started again and again.
        let auth = AuthSettings::from_settings(&settings)?;
        for role in &ROLES {
            auth.of(role)?;
        }
        let data_dir = std::path::absolute(settings.data_dir())?;
        let mut outside = Outside::bind(&Listen::from_settings(&settings)?)?;
        let listen = outside.listen.clone();
        let file = prepare(&mut settings, &listen, &data_dir)?;

        let (stop, stopped) = watch::channel(false);
        let mut watches = JoinSet::new();
        let mut children = Vec::new();
        watches.spawn(retell(changes, listen.clone(), data_dir, stopped.clone()));
        let gray = Gray::from_settings(&settings)?;
        for role in &ROLES {
            let places = sockets::places(role, &settings)?;
            for place in &places {
                let is_gray = place.tag().is_some() && !gray.program.as_os_str().is_empty();
                let (child, orders) = Child::new(role.name);
                let keeper = Keeper {
                    child: child.clone(),
                    program: if is_gray { &gray.program } else { &program }.clone(),
                    settings: file.clone(),
                    sockets: sockets::bind(role, place, &settings, &mut outside).await?,
                    address: (places.len() > 1).then(|| place.name().to_owned()),
                };
                watches.spawn(keeper.keep(orders, stopped.clone()));
                children.push(child);
            }
        }
        Ok(Split {
            children,
            watches,
            stop,
            listen,
            settings,
        })
    }

    /// Starts each service's process anew, one after the other, callees first: the next one serves, or waits for data, before the one
    /// before it drains. A service whose new process does not get so far keeps the old one.
    pub async fn roll(&self) {
        for child in &self.children {
            child.restart().await;
        }
    }

    /// Where clients find it.
    pub fn listen(&self) -> &Listen {
        &self.listen
    }

    /// What its processes were told: the settings it was started with, every address fixed.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Its processes.
    pub fn children(&self) -> &[Arc<Child>] {
        &self.children
    }

    /// Waits until each process has once said that it is ready.
    pub async fn ready(&self) {
        for child in &self.children {
            child.ready().await;
        }
    }

    /// Ends all processes: each drains, and is killed when it takes too long.
    pub async fn stop(mut self) {
        // Nobody listens any more when all have ended already.
        let _ = self.stop.send(true);
        while self.watches.join_next().await.is_some() {}
    }
}

/// Fills in what the processes must agree on, and writes it where they read it.
fn prepare(
    settings: &mut Settings,
    listen: &Listen,
    data_dir: &Path,
) -> Result<PathBuf, StartError> {
    settings.set("data_dir", &data_dir.display().to_string())?;
    settings.set("listen.long", &listen.long.to_string())?;
    settings.set("listen.short", &listen.short.to_string())?;
    settings.set("listen.page", &listen.page.to_string())?;
    sockets::assign(settings, data_dir)?;
    sockets::write_settings(settings, data_dir)
}

/// Tells the processes of new settings: they follow the file that they were started with.
async fn retell(
    mut changes: watch::Receiver<Settings>,
    listen: Listen,
    data_dir: PathBuf,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            Ok(()) = changes.changed() => {}
            () = child::told_to_stop(&mut stopped) => return,
        }
        let mut settings = changes.borrow_and_update().clone();
        if let Err(error) = prepare(&mut settings, &listen, &data_dir) {
            warn!(%error, "new settings cannot be written for the services");
        }
    }
}
