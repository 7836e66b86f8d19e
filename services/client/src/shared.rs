//! What the client's task and its handles share.

use crate::event::Event;
use crate::store::{Record, State};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{broadcast, watch};

#[derive(Debug)]
pub(crate) struct Shared {
    /// A lock, because handles look at it without asking the task; nobody waits for anything while holding it.
    state: Mutex<State>,
    /// Ticks when the state, or being online, has changed.
    pub(crate) changed: watch::Sender<()>,
    pub(crate) events: broadcast::Sender<Event>,
    is_online: AtomicBool,
}

impl Shared {
    pub(crate) fn new(state: State, events_max: usize) -> Shared {
        Shared {
            state: Mutex::new(state),
            changed: watch::Sender::new(()),
            events: broadcast::Sender::new(events_max.max(1)),
            is_online: AtomicBool::new(false),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A state is changed by one record at a time, and a panic in between would be a bug in ours.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a record that is kept.
    pub(crate) fn apply(&self, record: Record) {
        let events = self.state().apply(record);
        self.changed.send_replace(());
        events.into_iter().for_each(|event| self.tell(event));
    }

    pub(crate) fn tell(&self, event: Event) {
        // Without a listener there is nobody to tell.
        let _ = self.events.send(event);
    }

    pub(crate) fn is_online(&self) -> bool {
        self.is_online.load(Ordering::Relaxed)
    }

    pub(crate) fn set_online(&self, is_online: bool) {
        self.is_online.store(is_online, Ordering::Relaxed);
        self.changed.send_replace(());
    }
}
