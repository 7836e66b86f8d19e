//! What the rest of the node may know of a link, and tell it.

use crate::priority::UserLevel;
use bytes::Bytes;
use im_idl::base::{Caller, Versions};
use im_idl::session;
use im_serve::merge;
use prost::Message;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;

/// Whose a link is, since its authentication.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) uin: u64,
    pub(crate) opened_ms: u64,
    pub(crate) level: UserLevel,
    /// Its [`Caller`], encoded once for all calls. Device and client version stand only here: whoever else wants them decodes it.
    pub(crate) caller: Bytes,
}

impl Identity {
    pub(crate) fn new(caller: &Caller, opened_ms: u64) -> Identity {
        Identity {
            uin: caller.uin,
            opened_ms,
            level: UserLevel::default(),
            caller: caller.encode_to_vec().into_boxed_slice().into(),
        }
    }

    pub(crate) fn caller(&self) -> Caller {
        // Encoded by ourselves.
        Caller::decode(&self.caller[..]).unwrap_or_default()
    }
}

/// Why a link is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The client is told this reason, after what it asked before was answered.
    Kicked(Box<str>),
    /// The node ends: what was asked is answered.
    Drained,
    /// At once.
    Gone,
}

/// What a link is told since it last looked.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) end: Option<End>,
    pub(crate) news: bool,
}

/// A link as others see it.
#[derive(Debug)]
pub(crate) struct Handle {
    /// The node's number for it, never given again.
    pub(crate) number: u64,
    /// Whose it is, since its first valid ticket.
    identity: OnceLock<Identity>,
    /// A lock: told by any task, heard by the link's own, each for nanoseconds.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waker: Option<Waker>,
    /// Newest versions that anybody told of. With `dirty` all there is of push: no queue.
    newest: Versions,
    /// The client was not told yet.
    dirty: bool,
    /// Waits for its user's versions to be compared.
    checking: bool,
    end: Option<End>,
    /// The session service may know it.
    announced: bool,
    /// The session service knows it.
    joined: bool,
    closed: bool,
}

impl Handle {
    pub(crate) fn new(number: u64) -> Handle {
        Handle {
            number,
            identity: OnceLock::new(),
            state: Mutex::default(),
        }
    }

    /// Whose it is; 0 for nobody's.
    pub(crate) fn uin(&self) -> u64 {
        self.identity.get().map_or(0, |identity| identity.uin)
    }

    /// Whose it is, if that is known. The session service may not know it yet, but news and kicks may come before its answer does.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.get()
    }

    /// Says whose it is. The first word stands.
    pub(crate) fn belongs_to(&self, identity: Identity) -> &Identity {
        self.identity.get_or_init(|| identity)
    }

    /// The session service is about to be told of it. False when it has closed, and there is nothing to tell.
    pub(crate) fn announce(&self) -> bool {
        let mut state = self.state();
        state.announced = !state.closed;
        state.announced
    }

    /// The session service knows it.
    pub(crate) fn joined(&self) {
        self.state().joined = true;
    }

    pub(crate) fn is_joined(&self) -> bool {
        self.state().joined
    }

    /// The link is over. What the session service may know of it.
    pub(crate) fn close(&self) -> Option<session::Link> {
        let mut state = self.state();
        state.closed = true;
        state.waker = None;
        let announced = state.announced;
        drop(state);
        self.link().filter(|_| announced)
    }

    /// As the session service knows it.
    pub(crate) fn link(&self) -> Option<session::Link> {
        let identity = self.identity.get()?;
        let caller = identity.caller();
        Some(session::Link {
            uin: identity.uin,
            device: caller.device,
            link: self.number,
            opened_ms: identity.opened_ms,
            client_version: caller.client_version,
            node: String::new(),
        })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Tells of news.
    pub(crate) fn tell(&self, versions: &Versions) {
        let mut state = self.state();
        let before = state.newest;
        merge(&mut state.newest, versions);
        if state.newest != before && !state.dirty {
            state.dirty = true;
            wake(state);
        }
    }

    /// Has the link end. The first reason stays, unless there is haste now.
    pub(crate) fn end(&self, end: End) {
        let mut state = self.state();
        if state.end.is_none() || end == End::Gone {
            state.end = Some(end);
            wake(state);
        }
    }

    /// Has the link look at the clock.
    pub(crate) fn wake(&self) {
        wake(self.state());
    }

    /// Leaves the link's waker, and hears what is new.
    pub(crate) fn listen(&self, waker: &Waker) -> Told {
        let mut state = self.state();
        match &mut state.waker {
            Some(left) => left.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        Told {
            end: state.end.clone(),
            news: state.dirty,
        }
    }

    /// What the client is about to be told, whether it is news or not; everything 0 when nothing is known.
    pub(crate) fn take_newest(&self) -> Versions {
        let mut state = self.state();
        state.dirty = false;
        state.newest
    }

    /// Notes that it waits to be compared. False when it does already.
    pub(crate) fn begin_check(&self) -> bool {
        !std::mem::replace(&mut self.state().checking, true)
    }

    pub(crate) fn end_check(&self) {
        self.state().checking = false;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the link once the lock is free: it would only wait for it.
fn wake(mut state: MutexGuard<'_, State>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}
