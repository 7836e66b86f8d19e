//! Every service in one process, over the memory transport.

use crate::edges::counted;
use crate::services::start_role;
use im_access::Access;
use im_monitor::Centre;
use im_serve::process::causes;
use im_serve::{
    Counters, Listeners, Peers, ROLES, Role, RunningAdmin, Settings, Start, StartError, Told,
};
use std::collections::BTreeMap;
use svrkit_rt::{Channel, Listener, Server, ServerWatch, memory};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The backend in this process. Dropping it ends it at once; [`OneProcess::stop`] drains it.
pub struct OneProcess {
    services: JoinSet<Result<(), StartError>>,
    centre: Centre,
    channels: BTreeMap<&'static str, Channel>,
    watches: Vec<(String, ServerWatch)>,
    told: Told,
    stop: watch::Sender<bool>,
}

impl OneProcess {
    /// Starts all services at once with the settings that `changes` holds, and the access layer on `listeners`. Nobody needs his callees while he starts.
    ///
    /// # Errors
    /// The first service that does not start, by name.
    pub async fn start(
        changes: watch::Receiver<Settings>,
        listeners: Listeners,
    ) -> Result<OneProcess, StartError> {
        OneProcess::start_with(changes, listeners, |_, _, channel| channel).await
    }

    /// As [`OneProcess::start`], with a say in who calls whom by which channel: `rewire(caller, callee, channel)`.
    ///
    /// # Errors
    /// As [`OneProcess::start`].
    pub async fn start_with(
        changes: watch::Receiver<Settings>,
        listeners: Listeners,
        rewire: impl Fn(&str, &str, Channel) -> Channel,
    ) -> Result<OneProcess, StartError> {
        let settings = changes.borrow().clone();
        let counts = Counters::from_settings(&settings)?.enabled;
        let told = Told::new();
        let mut channels = BTreeMap::new();
        let mut waiting = BTreeMap::new();
        for role in ROLES.iter().filter(|role| role.name != "access") {
            let (listener, connector) = memory();
            waiting.insert(role.name, listener);
            channels.insert(role.name, Channel::memory(connector)?);
        }
        let centre_listener = waiting.remove("monitor").ok_or("no monitoring")?;
        let start = |role: &Role| {
            let callees = role
                .calls
                .iter()
                .filter_map(|name| channels.get_key_value(name));
            let peers = callees.fold(Peers::new(), |peers, (name, channel)| {
                let channel = match counts {
                    true => counted(role.name, name, channel),
                    false => channel.clone(),
                };
                peers.with(*name, rewire(role.name, name, channel))
            });
            Start {
                role: role.name,
                settings: settings.clone(),
                changes: changes.clone(),
                peers,
                told: told.clone(),
            }
        };
        let mut starting = JoinSet::new();
        for (name, listener) in waiting {
            let role = Role::named(name).ok_or("a role without a name")?;
            let start = start(role);
            starting.spawn(async move {
                let server = start_role(start).await;
                let server = server.map_err(|e| format!("{name} does not start: {e}"))?;
                Ok::<_, StartError>((name, server, listener))
            });
        }
        let (stop, stopped) = watch::channel(false);
        let mut services = JoinSet::new();
        let mut watches = Vec::new();
        let centre = Role::named("monitor").ok_or("no monitoring")?;
        let centre = im_monitor::start(start(centre)).await;
        let centre = centre.map_err(|e| format!("monitor does not start: {}", causes(&*e)))?;
        let server = centre.server();
        watches.push(("monitor".to_owned(), server.watch()));
        services.spawn(run(server, centre_listener, stopped.clone()));
        while let Some(started) = starting.join_next().await {
            let (name, server, listener) = started??;
            watches.push((name.to_owned(), server.watch()));
            services.spawn(run(server, listener, stopped.clone()));
        }
        let access = Role::named("access").ok_or("no access layer")?;
        let access = im_access::start(start(access)).await?;
        services.spawn(run_access(access, listeners, stopped));
        watches.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(OneProcess {
            services,
            centre,
            channels,
            watches,
            told,
            stop,
        })
    }

    /// The channel to a service, for those who look after the backend.
    pub fn channel(&self, service: &str) -> Option<Channel> {
        self.channels.get(service).cloned()
    }

    /// Serves the admin pages of the process, as `[admin]` says.
    ///
    /// # Errors
    /// As [`RunningAdmin::start`].
    pub fn serve_admin(
        &self,
        changes: watch::Receiver<Settings>,
    ) -> Result<RunningAdmin, StartError> {
        RunningAdmin::start("im", changes, self.told.clone(), self.watches.clone())
    }

    /// Serves the operator's page.
    pub fn serve_page(&mut self, listener: Listener) {
        let page = self.centre.page();
        self.services
            .spawn(run(page, listener, self.stop.subscribe()));
    }

    /// Waits until a service ends by itself, which none should.
    ///
    /// # Errors
    /// Why it ended.
    pub async fn failed(&mut self) -> Result<(), StartError> {
        match self.services.join_next().await {
            None => Ok(()),
            Some(ended) => {
                ended??;
                Err("a service ended by itself".into())
            }
        }
    }

    /// Drains: no new calls, those under way are finished.
    ///
    /// # Errors
    /// What went wrong in a service.
    pub async fn stop(mut self) -> Result<(), StartError> {
        // Nobody listens any more when all have ended already.
        let _ = self.stop.send(true);
        self.channels.clear();
        while let Some(ended) = self.services.join_next().await {
            ended??;
        }
        Ok(())
    }
}

async fn run(
    server: Server,
    listener: Listener,
    stopped: watch::Receiver<bool>,
) -> Result<(), StartError> {
    Ok(server.run(listener, ended(stopped)).await?)
}

async fn run_access(
    access: Access,
    listeners: Listeners,
    stopped: watch::Receiver<bool>,
) -> Result<(), StartError> {
    Ok(access.run(listeners.into(), ended(stopped)).await?)
}

async fn ended(mut stopped: watch::Receiver<bool>) {
    // An error says that the backend was dropped, which ends it too.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
