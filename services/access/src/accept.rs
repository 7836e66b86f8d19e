//! Taking connections in.

use crate::doors::{Origin, Pass};
use crate::entry::Entry;
use crate::link::Link;
use crate::node::Node;
use crate::short;
use crate::stats::{Kind, count};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{Listener, Stream};
use tokio::time::{sleep, timeout};

/// Pause after `accept` failed (for want of files, usually), so that failing does not take the processor.
const ACCEPT_PAUSE_MS: u64 = 50;

/// A connection that was let in.
pub(crate) struct Guest {
    pub(crate) entry: Entry,
    pub(crate) pass: Pass,
    pub(crate) stream: Stream,
    pub(crate) address: Option<IpAddr>,
    /// What it said during its handshake.
    pub(crate) first: Vec<u8>,
}

/// Takes long links in, for ever.
pub(crate) async fn long(mut listener: Listener, node: Arc<Node>) {
    let is_tls = listener.is_tls();
    loop {
        let Some(guest) = next(&mut listener, &node, Kind::Long).await else {
            continue;
        };
        match is_tls {
            // Not in one future with its handshake: an idle link would be that much larger all its life.
            true => drop(tokio::spawn(async move {
                if let Some(guest) = shake_hands(guest).await {
                    tokio::spawn(link(guest));
                }
            })),
            false => drop(tokio::spawn(link(guest))),
        }
    }
}

/// Takes connections of the short link in, for ever.
pub(crate) async fn short(mut listener: Listener, node: Arc<Node>) {
    let is_tls = listener.is_tls();
    loop {
        let Some(guest) = next(&mut listener, &node, Kind::Short).await else {
            continue;
        };
        tokio::spawn(async move {
            let guest = match is_tls {
                true => shake_hands(guest).await,
                false => Some(guest),
            };
            if let Some(guest) = guest {
                short::serve(guest).await;
            }
        });
    }
}

/// The link of a guest.
pub(crate) fn link(guest: Guest) -> Link {
    let Guest {
        entry,
        pass,
        stream,
        address,
        first,
    } = guest;
    Link::new(entry, stream, first, address, pass)
}

/// The next connection, if there is room for it. Who is turned away is not told: nothing can be said before it has spoken, and waiting for
/// that is what there is no room for.
async fn next(listener: &mut Listener, node: &Arc<Node>, kind: Kind) -> Option<Guest> {
    let (stream, peer) = match listener.accept().await {
        Ok(accepted) => accepted,
        Err(e) => {
            tracing::warn!(error = %e, "accept failed");
            sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
            return None;
        }
    };
    let address = peer.map(|peer| peer.ip());
    let pass = node.doors.enter(Origin::from(address));
    let room = pass.and_then(|pass| Some((pass, Entry::new(node, kind)?)));
    let Some((pass, entry)) = room else {
        count(&node.counters.turned_away);
        return None;
    };
    Some(Guest {
        entry,
        pass,
        stream,
        address,
        first: Vec::new(),
    })
}

/// The guest after its handshake; `None` if it failed or took too long.
async fn shake_hands(mut guest: Guest) -> Option<Guest> {
    let node = guest.entry.node().clone();
    let in_time = Duration::from_millis(node.config.first_frame_timeout_ms);
    let first = node.turnstile.first_bytes(&mut guest.stream);
    match timeout(in_time, first).await {
        Ok(Ok(first)) if !first.is_empty() => {
            guest.first = first;
            Some(guest)
        }
        _ => None,
    }
}
