//! One place for a connection: open, opening, or waiting until it may be tried again.

use super::backoff;
use super::callee::Callee;
use super::config::ChannelConfig;
use super::connection::ClientConnection;
use super::endpoint::Endpoint;
use crate::monitor::connections::OPEN_FAILURES;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::time::Duration;
use tokio::time::Instant;

/// Whom a lane tells.
pub(super) type OnChange = Arc<dyn Fn() + Send + Sync>;

pub(super) struct Lane {
    endpoint: Endpoint,
    config: Arc<ChannelConfig>,
    /// Shared by the lanes to the same endpoint.
    callee: Arc<Callee>,
    /// Told whenever the lane opens, fails to, or ends; no lock of the lane is held then.
    on_change: OnChange,
    open: RwLock<Option<Arc<ClientConnection>>>,
    opening: Mutex<Opening>,
}

#[derive(Debug, Default)]
struct Opening {
    running: bool,
    failures: u32,
    not_before: Option<Instant>,
    last_error: Option<String>,
    /// The channel is gone.
    closed: bool,
}

impl Lane {
    pub(super) fn new(
        endpoint: Endpoint,
        config: Arc<ChannelConfig>,
        callee: Arc<Callee>,
        on_change: OnChange,
    ) -> Lane {
        Lane {
            endpoint,
            config,
            callee,
            on_change,
            open: RwLock::new(None),
            opening: Mutex::new(Opening::default()),
        }
    }

    /// The open connection.
    pub(super) fn connection(&self) -> Option<Arc<ClientConnection>> {
        self.open.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Begins to open a connection unless there is one, one is being opened, or it is too early after a failure. Returns when it may
    /// be tried, if that is why.
    pub(super) fn start(self: &Arc<Lane>, runtime: &tokio::runtime::Handle) -> Option<Instant> {
        let mut opening = self.opening();
        if opening.running || opening.closed || self.connection().is_some() {
            return None;
        }
        if let Some(not_before) = opening.not_before.filter(|t| *t > Instant::now()) {
            return Some(not_before);
        }
        opening.running = true;
        runtime.spawn(self.clone().open());
        None
    }

    /// What the last attempt to connect said, unless a connection opened since.
    pub(super) fn last_error(&self) -> Option<String> {
        let opening = self.opening();
        let error = opening.last_error.as_ref()?;
        Some(format!("{}: {error}", self.endpoint.name()))
    }

    /// Ends the connection once its calls are answered, and opens no other.
    pub(super) fn close(&self) {
        self.opening().closed = true;
        if let Some(connection) = self.set(None) {
            connection.leave();
        }
    }

    /// Has new calls wait for another connection; this one ends once its calls are answered.
    pub(super) fn renew(&self) {
        if let Some(connection) = self.set(None) {
            connection.leave();
        }
    }

    async fn open(self: Arc<Lane>) {
        let connect_timeout = Duration::from_millis(self.config.connect_timeout_ms);
        let opened = self.endpoint.open(connect_timeout).await;
        match opened {
            Ok((stream, read)) => {
                let lane = Arc::downgrade(&self);
                let on_end = move |ended: &ClientConnection| {
                    if let Some(lane) = lane.upgrade()
                        && lane.take_out(ended)
                    {
                        (lane.on_change)();
                    }
                };
                let connection = ClientConnection::start(
                    stream,
                    read,
                    self.config.clone(),
                    self.callee.clone(),
                    on_end,
                );
                let mut opening = self.opening();
                if opening.closed {
                    connection.leave();
                    return;
                }
                self.set(Some(connection.clone()));
                // It may have ended on another thread before it was entered here; then its `on_end` found nothing to take away.
                if connection.has_ended() {
                    self.set(None);
                    self.failed(&mut opening, "connection ended at once".to_owned());
                } else {
                    *opening = Opening::default();
                }
            }
            Err(error) => {
                OPEN_FAILURES.add(1);
                self.failed(&mut self.opening(), error);
            }
        }
        (self.on_change)();
    }

    fn failed(&self, opening: &mut Opening, error: String) {
        opening.running = false;
        opening.failures = opening.failures.saturating_add(1);
        let pause = backoff::pause(
            self.config.backoff_base_ms,
            self.config.backoff_max_ms,
            opening.failures,
        );
        opening.not_before = Some(Instant::now() + pause);
        tracing::debug!(
            endpoint = self.endpoint.name(),
            error,
            ?pause,
            "connect failed"
        );
        opening.last_error = Some(error);
    }

    /// Forgets a connection that has ended, unless there is another one by now.
    fn take_out(&self, ended: &ClientConnection) -> bool {
        let mut open = self.open.write().unwrap_or_else(|e| e.into_inner());
        let is_this = open
            .as_deref()
            .is_some_and(|open| std::ptr::eq(open, ended));
        if is_this {
            *open = None;
        }
        is_this
    }

    fn set(&self, connection: Option<Arc<ClientConnection>>) -> Option<Arc<ClientConnection>> {
        std::mem::replace(
            &mut *self.open.write().unwrap_or_else(|e| e.into_inner()),
            connection,
        )
    }

    fn opening(&self) -> MutexGuard<'_, Opening> {
        self.opening.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lane({:?})", self.endpoint)
    }
}
