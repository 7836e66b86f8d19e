//! Every service in one process, over the memory transport.

use crate::edges::counted;
use crate::services::start_role;
use im_access::Access;
use im_monitor::Centre;
use im_serve::process::causes;
use im_serve::{
    AdmissionSettings, Calls, Counters, Listeners, Peers, ROLES, Role, RunningAdmin, Settings,
    Start, StartError, Told,
};
use std::collections::BTreeMap;
use std::future::Future;
use std::thread::available_parallelism;
use svrkit_rt::{
    Admission, Channel, ChannelConfig, Compression, Endpoint, Listener, Server, ServerWatch, memory,
};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The backend in this process. Dropping it ends it at once; [`OneProcess::stop`] drains it.
pub struct OneProcess {
    services: JoinSet<(&'static str, Result<(), StartError>)>,
    centre: Centre,
    channels: BTreeMap<&'static str, Channel>,
    watches: Vec<(String, ServerWatch)>,
    told: Told,
    /// What all its services have too much to do for is one process's time.
    admission: Admission,
    /// In the order of their end: nobody goes before those who call him.
    stops: Vec<(&'static str, watch::Sender<bool>)>,
}

/// Calls of clients that are served at once, for each processor. A processor does some ten thousand of them a second, so that many are
/// under way for a twentieth of a second: many enough for a commit to have something to gather, few enough to be in time.
const CALLS_PER_PROCESSOR: usize = 512;

/// The name under which the services of this process call each other.
const OWN_NAME: &str = "im";

/// The name under which the page stands among the services.
const PAGE: &str = "page";

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
        // In one process nothing travels.
        let calls = ChannelConfig {
            compression: Compression::default(),
            ..Calls::from_settings(&settings)?.channel()
        };
        let counts = Counters::from_settings(&settings)?.enabled;
        let admission = AdmissionSettings::from_settings(&settings)?;
        let told = Told::new();
        let mut channels = BTreeMap::new();
        let mut waiting = BTreeMap::new();
        for role in ROLES.iter().filter(|role| role.name != "access") {
            let (listener, connector) = memory();
            waiting.insert(role.name, listener);
            let endpoint = Endpoint::memory(connector.as_caller(OWN_NAME)?);
            let channel = Channel::builder().endpoint(endpoint).config(calls.clone());
            channels.insert(role.name, channel.build()?);
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
        let centre = Role::named("monitor").ok_or("no monitoring")?;
        let centre = im_monitor::start(start(centre)).await;
        let centre = centre.map_err(|e| format!("monitor does not start: {}", causes(&*e)))?;
        let stops = ROLES
            .iter()
            .rev()
            .map(|role| (role.name, watch::Sender::new(false)));
        let mut backend = OneProcess {
            services: JoinSet::new(),
            centre,
            channels: BTreeMap::new(),
            watches: Vec::new(),
            told: told.clone(),
            admission: admission.admission(),
            stops: stops.collect(),
        };
        let server = backend.centre.server();
        backend.serve("monitor", server, centre_listener);
        while let Some(started) = starting.join_next().await {
            let (name, server, listener) = started??;
            backend.serve(name, server, listener);
        }
        let access = Role::named("access").ok_or("no access layer")?;
        let node = im_access::start(start(access), entrance(&admission)).await?;
        backend.spawn(access.name, |stopped| run_access(node, listeners, stopped));
        backend.watches.sort_by(|(a, _), (b, _)| a.cmp(b));
        backend.channels = channels;
        Ok(backend)
    }

    fn serve(&mut self, name: &'static str, server: Server, listener: Listener) {
        self.watches.push((name.to_owned(), server.watch()));
        let server = server.admission(self.admission.clone());
        self.spawn(name, |stopped| run(server, listener, stopped));
    }

    /// Runs a service until its turn to stop.
    fn spawn<Fut>(&mut self, name: &'static str, run: impl FnOnce(watch::Receiver<bool>) -> Fut)
    where
        Fut: Future<Output = Result<(), StartError>> + Send + 'static,
    {
        let Some((_, stop)) = self.stops.iter().find(|(stops, _)| *stops == name) else {
            return;
        };
        let running = run(stop.subscribe());
        self.services.spawn(async move { (name, running.await) });
    }

    /// The channel to a service, for those who look after the backend.
    pub fn channel(&self, service: &str) -> Option<Channel> {
        self.channels.get(service).cloned()
    }

    /// Serves the admin pages of the process on `listener`, as `[admin]` says.
    ///
    /// # Errors
    /// As [`RunningAdmin::start`].
    pub fn serve_admin(
        &self,
        listener: Listener,
        changes: watch::Receiver<Settings>,
    ) -> Result<RunningAdmin, StartError> {
        let (told, watches) = (self.told.clone(), self.watches.clone());
        RunningAdmin::start("im", listener, changes, told, watches)
    }

    /// Serves the operator's page.
    pub fn serve_page(&mut self, listener: Listener) {
        let page = self.centre.page().admission(self.admission.clone());
        self.stops.insert(0, (PAGE, watch::Sender::new(false)));
        self.spawn(PAGE, |stopped| run(page, listener, stopped));
    }

    /// Waits until a service ends by itself, which none should.
    ///
    /// # Errors
    /// Why it ended.
    pub async fn failed(&mut self) -> Result<(), StartError> {
        match self.services.join_next().await {
            None => Ok(()),
            Some(ended) => {
                let (name, ended) = ended?;
                ended?;
                Err(format!("{name} ended by itself").into())
            }
        }
    }

    /// Drains, from the clients' links down to the stores: each service finishes what it was asked while those that it calls still serve.
    ///
    /// # Errors
    /// What went wrong in a service.
    pub async fn stop(mut self) -> Result<(), StartError> {
        self.channels.clear();
        for (name, stop) in std::mem::take(&mut self.stops) {
            stop.send_replace(true);
            while let Some(ended) = self.services.join_next().await {
                let (ended_name, ended) = ended?;
                ended?;
                if ended_name == name {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Where clients' calls wait. What one of them has its process do are calls too, which must not wait for those that have not begun: so only
/// here is there a bound that is met before the processors are, and here it is decided who is served.
fn entrance(settings: &AdmissionSettings) -> Admission {
    let processors = available_parallelism().map_or(1, usize::from);
    let calls_max = CALLS_PER_PROCESSOR * processors;
    let settings = AdmissionSettings {
        handlers_max: settings.handlers_max.min(calls_max),
        ..settings.clone()
    };
    settings.admission()
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
