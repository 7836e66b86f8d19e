//! Figures of a node.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use svrkit_rt::monitor;

svrkit_rt::monitor! {
    /// Open links and connections of clients, by kind.
    static LINKS: Gauge = "im_links";
    /// Notifications that there is news. News that were merged while a link was busy count once.
    pub(crate) static NOTIFICATIONS: Counter = "im_notifications";
}

/// What a link is carried by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Long,
    WebSocket,
    Short,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Long => "long",
            Kind::WebSocket => "websocket",
            Kind::Short => "short",
        }
    }
}

/// Figures of a node, as they are now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Open long links.
    pub long_links: u64,
    /// Open WebSockets.
    pub websockets: u64,
    /// Open connections of the short link.
    pub short_links: u64,
    /// Links whose user is known.
    pub authenticated: u64,
    /// Calls forwarded since the start.
    pub calls: u64,
    /// Pushes of news since the start. News that were merged while a link was busy count once.
    pub notifications: u64,
    /// Links kicked since the start.
    pub kicked: u64,
    /// Calls that the access layer itself refused since the start.
    pub refused: u64,
    /// Links turned away at the door since the start.
    pub turned_away: u64,
}

/// The same while they change.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) long_links: AtomicU64,
    pub(crate) websockets: AtomicU64,
    pub(crate) short_links: AtomicU64,
    pub(crate) authenticated: AtomicU64,
    pub(crate) calls: AtomicU64,
    pub(crate) notifications: AtomicU64,
    pub(crate) kicked: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) turned_away: AtomicU64,
}

impl Counters {
    /// A link of this kind is there.
    pub(crate) fn count_link(&self, kind: Kind) {
        count(self.links(kind));
        monitor::add(LINKS.labelled(&[("kind", kind.name())]), 1);
    }

    /// It is not any more.
    pub(crate) fn uncount_link(&self, kind: Kind) {
        self.links(kind).fetch_sub(1, Relaxed);
        monitor::add(LINKS.labelled(&[("kind", kind.name())]), u64::MAX);
    }

    fn links(&self, kind: Kind) -> &AtomicU64 {
        match kind {
            Kind::Long => &self.long_links,
            Kind::WebSocket => &self.websockets,
            Kind::Short => &self.short_links,
        }
    }

    pub(crate) fn read(&self) -> Stats {
        let get = |counter: &AtomicU64| counter.load(Relaxed);
        Stats {
            long_links: get(&self.long_links),
            websockets: get(&self.websockets),
            short_links: get(&self.short_links),
            authenticated: get(&self.authenticated),
            calls: get(&self.calls),
            notifications: get(&self.notifications),
            kicked: get(&self.kicked),
            refused: get(&self.refused),
            turned_away: get(&self.turned_away),
        }
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

pub(crate) fn uncount(counter: &AtomicU64) {
    counter.fetch_sub(1, Relaxed);
}
