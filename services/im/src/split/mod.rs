//! Each service in a process of its own, under one supervisor.

mod child;
mod lines;
mod sockets;

pub use child::Child;

use im_serve::{Listen, ROLES, Settings, StartError};
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
    /// Starts `program` once for each service, as `PROGRAM run --role NAME`. A process that ends is started again, after a pause that
    /// grows while it keeps ending soon.
    ///
    /// # Errors
    /// The folder for sockets and settings cannot be made; no port is free.
    pub fn start(
        program: PathBuf,
        changes: watch::Receiver<Settings>,
    ) -> Result<Split, StartError> {
        let mut settings = changes.borrow().clone();
        let data_dir = std::path::absolute(settings.data_dir())?;
        // A port that is free now must be the same after a restart.
        let listen = Listen::from_settings(&settings)?.with_fixed_ports()?;
        let file = prepare(&mut settings, &listen, &data_dir)?;

        let (stop, stopped) = watch::channel(false);
        let mut watches = JoinSet::new();
        let mut children = Vec::new();
        watches.spawn(retell(changes, listen.clone(), data_dir, stopped.clone()));
        for role in &ROLES {
            let child = Arc::new(Child::new(role.name));
            watches.spawn(child::keep(
                child.clone(),
                program.clone(),
                file.clone(),
                stopped.clone(),
            ));
            children.push(child);
        }
        Ok(Split {
            children,
            watches,
            stop,
            listen,
            settings,
        })
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
