//! The instances that a channel has, as they come and go: which of them serve, and what is held against each.

mod arrangement;
mod breaker;
mod instance;
mod outcome;
mod probe;
mod slowness;
mod state;
mod subset;
mod view;

pub(super) use instance::Instance;
pub(super) use outcome::Watch;

use super::balance::Balance;
use super::config::ChannelConfig;
use super::connection::ClientConnection;
use super::endpoint::Endpoint;
use super::lane::OnChange;
use super::usual::{Methods, Usual};
use crate::context::Context;
use crate::status::Status;
use arrangement::{Seat, arrange};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;
use subset::subset;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::Instant;
use view::{Now, View};

/// Nothing is to be looked after.
const NEVER: u32 = u32::MAX;

/// All instances of a channel.
///
/// Whom a call may go to stands in a view, which is made anew when a connection opens or ends, when an instance is left alone or comes
/// back, and when the endpoints change. Calls look after what does not serve: whoever comes when it is time opens connections and sends
/// probes. So an idle channel does nothing at all.
#[derive(Debug)]
pub(super) struct Fleet {
    config: Arc<ChannelConfig>,
    runtime: Handle,
    started: Instant,
    /// Held while the view is made, so that views come in the order of what they show.
    members: Mutex<Members>,
    view: RwLock<View>,
    /// Told after each new view, and after each failure to connect.
    changed: Notify,
    /// When calls are to look after what does not serve.
    tend_at_ms: AtomicU32,
    methods: Methods,
    subset_key: u64,
}

#[derive(Debug, Default)]
struct Members {
    list: Vec<Member>,
    /// What keeps the endpoints from being known, if they were not heard of lately.
    trouble: Option<String>,
    closed: bool,
}

#[derive(Debug)]
struct Member {
    endpoint: Endpoint,
    instance: Arc<Instance>,
    serving_since: Option<Instant>,
}

/// An instance to ask, and an open connection to it.
#[derive(Debug)]
pub(super) struct Picked {
    pub(super) connection: Arc<ClientConnection>,
    /// What to tell how it went; `None` where there is nothing to choose.
    pub(super) instance: Option<Arc<Instance>>,
}

impl Fleet {
    pub(super) fn new(config: Arc<ChannelConfig>, runtime: Handle) -> Arc<Fleet> {
        Arc::new(Fleet {
            subset_key: config.subset_key.unwrap_or_else(|| fastrand::u64(..)),
            config,
            runtime,
            started: Instant::now(),
            members: Mutex::default(),
            view: RwLock::default(),
            changed: Notify::new(),
            tend_at_ms: AtomicU32::new(NEVER),
            methods: Methods::default(),
        })
    }

    /// These endpoints from now on. Those that are there already keep their connections, whatever else is said of them; those that are
    /// gone end theirs after the last answer.
    pub(super) fn set(self: &Arc<Fleet>, endpoints: Vec<Endpoint>) {
        let endpoints = self.own_part(endpoints);
        let mut members = self.members();
        let mut before = std::mem::take(&mut members.list);
        members.trouble = None;
        if members.closed {
            members.list = before;
            return;
        }
        let fleet = Arc::downgrade(self);
        let on_change: OnChange = Arc::new(move || {
            if let Some(fleet) = fleet.upgrade() {
                fleet.arrange(&mut fleet.members());
            }
        });
        members.list = endpoints
            .into_iter()
            .map(|endpoint| {
                let known = before
                    .iter()
                    .position(|m| m.endpoint.name() == endpoint.name());
                match known.map(|place| before.swap_remove(place)) {
                    Some(member) => Member { endpoint, ..member },
                    None => Member {
                        instance: Arc::new(Instance::new(&endpoint, &self.config, &on_change)),
                        endpoint,
                        serving_since: None,
                    },
                }
            })
            .collect();
        before.iter().for_each(|gone| gone.instance.close());
        self.arrange(&mut members);
    }

    /// The endpoints could not be asked for; those known stay.
    pub(super) fn set_trouble(&self, trouble: String) {
        self.members().trouble = Some(trouble);
    }

    /// Ends all connections, each after its last answer.
    pub(super) fn close(&self) {
        let mut members = self.members();
        members.closed = true;
        members.list.iter().for_each(|m| m.instance.close());
    }

    /// Somebody to ask: another instance than `not`.
    pub(super) fn pick(
        self: &Arc<Fleet>,
        context: &Context,
        now: Instant,
        not: Option<&Arc<Instance>>,
    ) -> Option<Picked> {
        let mut view = self.view();
        if let Some(only) = &view.only {
            return Some(Picked {
                connection: only.connection(&self.runtime)?,
                instance: None,
            });
        }
        let clock = Now {
            now_ms: self.ms(now),
            slow_start_ms: self.config.slow_start_ms,
        };
        if self.tend_at_ms.load(Relaxed) <= clock.now_ms {
            drop(view);
            self.tend(now);
            view = self.view();
        }
        view.candidates(context, clock, not).find_map(|instance| {
            Some(Picked {
                connection: instance.connection(&self.runtime)?,
                instance: Some(instance.clone()),
            })
        })
    }

    /// `picked`, or else one other: whichever admits calls of this priority, as far as is known. Not just any: what is refused here and
    /// there would all go to whoever admits most, until it does not.
    pub(super) fn admitting(
        self: &Arc<Fleet>,
        picked: Picked,
        context: &Context,
        now: Instant,
    ) -> Option<Picked> {
        let admits = |picked: &Picked| picked.connection.admits(context.priority);
        if admits(&picked) {
            return Some(picked);
        }
        let not = picked.instance.as_ref()?;
        self.pick(context, now, Some(not)).filter(admits)
    }

    /// Begins to open connections and to probe, as far as it is time for it. Returns when to come again.
    pub(super) fn tend(self: &Arc<Fleet>, now: Instant) -> Option<Instant> {
        let members = self.members();
        let mut next: Option<Instant> = None;
        let mut come_again = |at: Instant| next = Some(next.map_or(at, |next| next.min(at)));
        for member in &members.list {
            let instance = &member.instance;
            if !instance.is_connected() {
                if let Some(at) = instance.start(&self.runtime) {
                    come_again(at);
                }
                continue;
            }
            let open_until = instance.breaker().open_until();
            match open_until {
                Some(until) if until <= now => probe::start(self, instance),
                Some(until) => come_again(until),
                None => {}
            }
        }
        let next_ms = next.map_or(NEVER, |next| self.ms(next).saturating_add(1));
        self.tend_at_ms.store(next_ms, Relaxed);
        next
    }

    /// Told when it may be worth while to pick again.
    pub(super) fn changed(&self) -> &Notify {
        &self.changed
    }

    /// What is known of a method's calls, where somebody can be compared.
    pub(super) fn usual(&self, method_id: u32) -> Option<Arc<Usual>> {
        self.methods.of(method_id)
    }

    /// Why nobody can be asked, for a call that waited in vain.
    pub(super) fn not_connected(&self) -> Status {
        let members = self.members();
        let errors: Vec<String> = members
            .list
            .iter()
            .filter_map(|m| m.instance.last_error())
            .chain(members.trouble.clone())
            .collect();
        let why = match (errors.as_slice(), members.list.is_empty()) {
            ([], true) => "no endpoint is known yet".to_owned(),
            ([], false) => "still connecting".to_owned(),
            (errors, _) => errors.join("; "),
        };
        Status::unavailable(format!("no connection: {why}")).with_not_started()
    }

    pub(super) fn lanes(&self) -> usize {
        self.members().list.len() * self.config.lanes_per_endpoint
    }

    fn ms(&self, at: Instant) -> u32 {
        at.saturating_duration_since(self.started).as_millis() as u32
    }

    fn view(&self) -> RwLockReadGuard<'_, View> {
        // A view is put there whole.
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        // What is half done is done again with the next change.
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Of a large fleet the part that this client talks to: of each tag, so many in the own zone and as many elsewhere.
    fn own_part(&self, endpoints: Vec<Endpoint>) -> Vec<Endpoint> {
        let max = self.config.subset_max.max(1);
        if endpoints.len() <= max || self.config.balance == Balance::HashKey {
            return endpoints;
        }
        let mut kinds: BTreeMap<_, Vec<Endpoint>> = BTreeMap::new();
        for endpoint in endpoints {
            let kind = (endpoint.tag(), endpoint.zone() == self.config.zone);
            kinds.entry(kind).or_default().push(endpoint);
        }
        let part_of = |endpoints: Vec<Endpoint>| {
            let names: Vec<&str> = endpoints.iter().map(Endpoint::name).collect();
            let part = subset(&names, self.subset_key, max);
            part.into_iter()
                .map(|n| endpoints[n].clone())
                .collect::<Vec<_>>()
        };
        kinds.into_values().flat_map(part_of).collect()
    }

    /// Makes the view anew, and wakes those who wait.
    fn arrange(&self, members: &mut Members) {
        let now = Instant::now();
        let view = match members.list.as_slice() {
            [only] => View::of_one(only.instance.clone()),
            list => {
                // Whoever must agree on an owner must not look at it from his own zone.
                let by_zone = self.config.balance != Balance::HashKey;
                let seats: Vec<Seat> = list
                    .iter()
                    .map(|member| Seat {
                        tag: member.endpoint.tag(),
                        is_near: !by_zone || member.endpoint.zone() == self.config.zone,
                        connected: member.instance.is_connected(),
                        ejected: member.instance.breaker().open_until().is_some(),
                    })
                    .collect();
                let choices = arrange(&seats);
                let serving: Vec<bool> = seats.iter().map(|s| s.connected && !s.ejected).collect();
                self.lead_in(&mut members.list, &serving, now);
                let member = |n: usize| (&members.list[n].endpoint, &members.list[n].instance);
                View::new(member, choices, self.config.balance)
            }
        };
        let all_serve = members.list.iter().all(|m| m.serving_since.is_some());
        let is_alone = view.only.is_some();
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = view;
        let tend_at_ms = if all_serve || is_alone { NEVER } else { 0 };
        self.tend_at_ms.store(tend_at_ms, Relaxed);
        self.changed.notify_waiters();
    }

    /// Notes since when each serves. One that joins others, which have served for long, begins with a part of its share.
    fn lead_in(&self, members: &mut [Member], serving: &[bool], now: Instant) {
        let slow_start = Duration::from_millis(self.config.slow_start_ms);
        let settled = |since: Instant| now.saturating_duration_since(since) >= slow_start;
        let any_settled = members.iter().any(|m| m.serving_since.is_some_and(settled));
        for (member, serves) in members.iter_mut().zip(serving) {
            match (serves, member.serving_since) {
                (true, None) => {
                    member.serving_since = Some(now);
                    if any_settled && !slow_start.is_zero() {
                        member.instance.begin_anew(self.ms(now));
                    }
                }
                (false, Some(_)) => member.serving_since = None,
                (true, Some(_)) | (false, None) => {}
            }
        }
    }
}
