//! One endpoint in use: its lanes, and what this client has seen of it.

use super::super::callee::Callee;
use super::super::config::ChannelConfig;
use super::super::connection::ClientConnection;
use super::super::endpoint::Endpoint;
use super::super::lane::Lane;
use super::breaker::Breaker;
use super::slowness::Slowness;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::time::Instant;

/// Most lanes to one endpoint.
const LANES_MAX: usize = 8;
/// Where an instance that is new among others begins, as a part of its share.
const FIRST_SHARE: f32 = 0.1;

pub(crate) struct Instance {
    name: String,
    lanes: Vec<Arc<Lane>>,
    turn: AtomicUsize,
    in_flight: AtomicU32,
    slowness: AtomicU64,
    /// Since when it is led up to its share; 0 when it has it.
    new_since_ms: AtomicU32,
    callee: Arc<Callee>,
    probing: AtomicBool,
    breaker: Mutex<Breaker>,
}

impl Instance {
    pub(super) fn new(
        endpoint: &Endpoint,
        config: &Arc<ChannelConfig>,
        on_change: &Arc<dyn Fn() + Send + Sync>,
    ) -> Instance {
        let callee = Arc::new(Callee::new());
        let lane = |_| {
            let (endpoint, config) = (endpoint.clone(), config.clone());
            Arc::new(Lane::new(
                endpoint,
                config,
                callee.clone(),
                on_change.clone(),
            ))
        };
        Instance {
            name: endpoint.name().to_owned(),
            lanes: (0..config.lanes_per_endpoint.clamp(1, LANES_MAX))
                .map(lane)
                .collect(),
            turn: AtomicUsize::new(0),
            in_flight: AtomicU32::new(0),
            slowness: AtomicU64::new(Slowness::USUAL.to_bits()),
            new_since_ms: AtomicU32::new(0),
            callee,
            probing: AtomicBool::new(false),
            breaker: Mutex::new(Breaker::new(Instant::now())),
        }
    }

    /// Its endpoint's.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// An open connection. Lanes whose turn it is and which are not open are begun to be opened on the way.
    pub(super) fn connection(&self, runtime: &Handle) -> Option<Arc<ClientConnection>> {
        if let [only] = self.lanes.as_slice() {
            return only.connection();
        }
        let turn = self.turn.fetch_add(1, Relaxed);
        for n in 0..self.lanes.len() {
            let lane = &self.lanes[turn.wrapping_add(n) % self.lanes.len()];
            if let Some(connection) = lane.connection() {
                return Some(connection);
            }
            lane.start(runtime);
        }
        None
    }

    pub(super) fn is_connected(&self) -> bool {
        self.lanes.iter().any(|lane| lane.connection().is_some())
    }

    /// Begins to open what is not. Returns when to come again, if it is too early for some.
    pub(super) fn start(&self, runtime: &Handle) -> Option<Instant> {
        let lanes = self.lanes.iter();
        lanes.filter_map(|lane| lane.start(runtime)).min()
    }

    pub(super) fn last_error(&self) -> Option<String> {
        self.lanes.iter().find_map(|lane| lane.last_error())
    }

    /// Ends its connections, each after its last answer, and opens no others.
    pub(super) fn close(&self) {
        self.lanes.iter().for_each(|lane| lane.close());
    }

    /// New calls go over new connections: the old ones have gone quiet, and may never say so.
    pub(super) fn renew(&self) {
        self.lanes.iter().for_each(|lane| lane.renew());
    }

    pub(super) fn enter(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    pub(super) fn leave(&self) {
        self.in_flight.fetch_sub(1, Relaxed);
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight.load(Relaxed)
    }

    pub(super) fn slowness(&self, now_ms: u32) -> f32 {
        Slowness::from_bits(self.slowness.load(Relaxed)).at(now_ms)
    }

    pub(super) fn add_slowness(&self, now_ms: u32, sample: f32) {
        let add = |bits| Some(Slowness::from_bits(bits).with(now_ms, sample).to_bits());
        let _ = self.slowness.fetch_update(Relaxed, Relaxed, add);
    }

    /// What part of its share it takes.
    pub(super) fn ripeness(&self, now_ms: u32, slow_start_ms: u64) -> f32 {
        let since = self.new_since_ms.load(Relaxed);
        if since == 0 {
            return 1.0;
        }
        let age = now_ms.saturating_sub(since) as f32 / slow_start_ms.max(1) as f32;
        if age >= 1.0 {
            self.new_since_ms.store(0, Relaxed);
        }
        age.clamp(FIRST_SHARE, 1.0)
    }

    /// It is led up to its share from now on.
    pub(super) fn begin_anew(&self, now_ms: u32) {
        self.new_since_ms.store(now_ms.max(1), Relaxed);
    }

    /// Whether it does not admit everything.
    pub(crate) fn sheds(&self) -> bool {
        self.callee.sheds()
    }

    /// True for one who may probe it; until [`Instance::probed`].
    pub(super) fn begin_probe(&self) -> bool {
        !self.probing.swap(true, Relaxed)
    }

    pub(super) fn probed(&self) {
        self.probing.store(false, Relaxed);
    }

    pub(super) fn breaker(&self) -> MutexGuard<'_, Breaker> {
        // Nothing panics under it; counts are whole at any moment.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instance({}, {} lanes)", self.name, self.lanes.len())
    }
}
