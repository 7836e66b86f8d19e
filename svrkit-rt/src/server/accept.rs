//! Taking connections in, telling their protocols apart, and sending them away in the end.

use super::ServerState;
use super::answering::Control;
use super::connection::Connection;
use super::draining::Draining;
use super::identity::Identity;
use super::watch::OpenConnection;
use crate::connection::{FrameReader, OutQueue};
use crate::frame::{GoAway, Head, Header, HeaderError, MAGIC, Parts, encode_status, put_frame};
use crate::http;
use crate::monitor::connections;
use crate::service::Service;
use crate::status::{Code, Status};
use crate::transport::{Listener, Stream};
use bytes::BytesMut;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

/// Pause after `accept` failed (for want of files, usually), so that failing does not take the processor.
const ACCEPT_PAUSE_MS: u64 = 50;
/// Connections beyond the limit that are told so in their own protocol; further ones get a go-away at once.
const REFUSING_MAX: usize = 256;
/// Connections being sent away at once. Further ones wait in the kernel until one of these is gone.
const REFUSALS_MAX: usize = 1_024;
/// Milliseconds that a connection beyond the limit has to show its protocol.
const REFUSING_MS: u64 = 1_000;

/// Open connections, to be told of a drain and to be looked at.
pub(super) struct Open {
    /// In the order of their arrival, so that a drain takes the same course each time.
    entries: Mutex<BTreeMap<u64, Entry>>,
    draining: Draining,
}

struct Entry {
    arrival: Arrival,
    control: Arc<dyn Control>,
}

/// When a connection came, and where from.
#[derive(Clone, Copy)]
struct Arrival {
    id: u64,
    peer: Option<SocketAddr>,
    opened: Instant,
}

pub(super) async fn run<S: Service>(
    mut listener: Listener,
    server: Arc<ServerState<S>>,
    open: Arc<Open>,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = pin!(shutdown);
    let mut serving = JoinSet::new();
    let mut refusals = JoinSet::new();
    let mut next_id = 0;
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = serving.join_next() => {}
            Some(_) = refusals.join_next() => {}
            accepted = listener.accept(), if refusals.len() < REFUSALS_MAX => match accepted {
                Ok((stream, peer)) if serving.len() < server.limits.connections_max => {
                    next_id += 1;
                    let arrival = Arrival {
                        id: next_id,
                        peer,
                        opened: Instant::now(),
                    };
                    serving.spawn(serve(stream, arrival, server.clone(), open.clone()));
                }
                Ok((stream, _)) => {
                    let in_its_protocol = refusals.len() < REFUSING_MAX;
                    refusals.spawn(refuse(stream, if in_its_protocol { REFUSING_MS } else { 0 }));
                    connections::REFUSED.add(1);
                }
                Err(e) => {
                    connections::ACCEPT_FAILURES.add(1);
                    tracing::warn!(error = %e, "accept failed");
                    sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                }
            },
        }
    }
    drop(listener);
    drop(refusals);
    server.health.drain();
    open.drain();
    let give_up = Instant::now() + Duration::from_millis(server.limits.drain_timeout_ms);
    while let Ok(Some(_)) = timeout_at(give_up, serving.join_next()).await {}
    let _ = timeout_at(give_up, open.draining.released()).await;
    // Dropping the set ends the tasks that are left; their handlers are cancelled with them.
    serving.shutdown().await;
}

impl Open {
    pub(super) fn new(draining: Draining) -> Open {
        Open {
            entries: Mutex::default(),
            draining,
        }
    }

    fn drain(&self) {
        self.draining.begin();
        for entry in self.entries().values() {
            entry.control.drain();
        }
    }

    pub(super) fn count(&self) -> usize {
        self.entries().len()
    }

    pub(super) fn list(&self, after: u64, max: usize) -> Vec<OpenConnection> {
        let entries = self.entries();
        let some = entries.range(after.saturating_add(1)..).take(max);
        some.map(|(_, entry)| OpenConnection {
            id: entry.arrival.id,
            peer: entry.arrival.peer,
            caller: entry.control.caller(),
            age: entry.arrival.opened.elapsed(),
            traffic: entry.control.traffic(),
        })
        .collect()
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<u64, Entry>> {
        self.entries.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn enter(self: &Arc<Open>, arrival: Arrival, control: Arc<dyn Control>) -> Entered {
        let mut entries = self.entries();
        if self.draining.has_begun() {
            control.drain();
        }
        entries.insert(arrival.id, Entry { arrival, control });
        Entered {
            open: self.clone(),
            id: arrival.id,
        }
    }
}

struct Entered {
    open: Arc<Open>,
    id: u64,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.open.entries().remove(&self.id);
    }
}

async fn serve<S: Service>(
    mut stream: Stream,
    arrival: Arrival,
    server: Arc<ServerState<S>>,
    open: Arc<Open>,
) {
    let _counted = connections::OpenConnection::of_server();
    let opened = arrival.opened;
    let until = opened + Duration::from_millis(server.limits.first_frame_timeout_ms);
    let first = tokio::select! {
        biased;
        first = first_bytes(&mut stream) => first,
        // It has asked for nothing; nobody need wait for it.
        () = open.draining.begun() => return go_away(stream, &Status::new(Code::Ok, "draining")).await,
        () = sleep_until(until) => {
            let status = Status::deadline_exceeded("first_frame_timeout_ms: nothing sent in time");
            return go_away(stream, &status).await;
        }
    };
    if first.is_empty() {
        return;
    }
    let identity = Identity::new(&stream, arrival.peer, server.guard());
    if first[0] == MAGIC {
        let connection = Connection::new(stream, first, opened, identity, server);
        let _entered = open.enter(arrival, connection.control());
        connection.run().await;
    } else if http::looks_like_http(&first) {
        serve_http(stream, first, arrival, identity, server, open).await;
    } else {
        let e = HeaderError::Magic(first[0]);
        go_away(stream, &Status::invalid_argument(e.to_string())).await;
    }
}

#[cfg(feature = "http")]
async fn serve_http<S: Service>(
    stream: Stream,
    first: BytesMut,
    arrival: Arrival,
    identity: Identity,
    server: Arc<ServerState<S>>,
    open: Arc<Open>,
) {
    let connection = http::Connection::new(stream, first, arrival.opened, identity, server);
    let _entered = open.enter(arrival, connection.control());
    connection.run().await;
}

#[cfg(not(feature = "http"))]
async fn serve_http<S: Service>(
    stream: Stream,
    _first: BytesMut,
    _arrival: Arrival,
    _identity: Identity,
    _server: Arc<ServerState<S>>,
    _open: Arc<Open>,
) {
    let message = "this server speaks frames only";
    let answer = http::refusal("501 Not Implemented", "unimplemented", message);
    last_words(stream, &answer).await;
}

/// What the peer sends first, as much as its protocol can be told by; empty when it goes without a word.
async fn first_bytes(stream: &mut Stream) -> BytesMut {
    let mut first = BytesMut::new();
    loop {
        let mut reader = FrameReader::new(first, 0);
        let read = poll_fn(|cx| reader.poll_fill(stream, cx)).await;
        first = reader.into_buffer();
        match read {
            Ok(n) if n > 0 && http::is_undecided(&first) => {}
            Ok(_) => return first,
            Err(_) => return BytesMut::new(),
        }
    }
}

/// Tells a connection beyond the limit to go, in its own protocol if it shows one in time.
async fn refuse(mut stream: Stream, wait_ms: u64) {
    let until = Instant::now() + Duration::from_millis(wait_ms);
    let first = match wait_ms {
        0 => BytesMut::new(),
        _ => timeout_at(until, first_bytes(&mut stream))
            .await
            .unwrap_or_default(),
    };
    let status = Status::overloaded("connections_max: too many connections");
    if http::looks_like_http(&first) {
        let answer = http::refusal("503 Service Unavailable", "unavailable", status.message());
        last_words(stream, &answer).await;
    } else {
        go_away(stream, &status).await;
    }
}

/// Says why, and closes.
async fn go_away(stream: Stream, status: &Status) {
    let head = Head::GoAway(GoAway {
        code: status.code() as u16,
    });
    let parts = Parts {
        body: &encode_status(status),
        ..Parts::default()
    };
    let mut out = OutQueue::default();
    put_frame(&mut out, Header::new(0, head), parts, false);
    last_words(stream, &out.buffer(0).clone()).await;
}

/// Writes what the peer is to read before the connection closes.
async fn last_words(mut stream: Stream, bytes: &[u8]) {
    let until = Instant::now() + Duration::from_millis(REFUSING_MS);
    let _ = timeout_at(until, stream.write_all(bytes)).await;
    stream.linger().await;
}
