//! News on its way to the push service.

use im_idl::base::Versions;
use im_idl::push::{News, NotifyRequest, PushClient};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Users whose news wait to be sent. Beyond, news are dropped: a heartbeat finds them.
const WAITING_USERS_MAX: usize = 100_000;
/// Users in one call.
const USERS_PER_CALL_MAX: usize = 2_000;

/// Tells the push service who has news, without anybody waiting for it.
///
/// One call is under way at a time; what comes meanwhile gathers, a user's newest versions in one entry, and goes with the next. So a
/// lone piece of news goes at once, and many cost little. News may be lost: they are a dirty flag, and the heartbeat repairs it.
#[derive(Clone)]
pub struct Notifier {
    inner: Arc<Inner>,
}

struct Inner {
    push: PushClient,
    /// A lock, not a channel: what is noted twice is one entry.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: HashMap<u64, Versions>,
    sending: bool,
}

impl Notifier {
    /// News go to this service.
    pub fn new(push: PushClient) -> Notifier {
        let state = Mutex::default();
        let inner = Arc::new(Inner { push, state });
        Notifier { inner }
    }

    /// Notes that users have news; `versions` of kinds that did not change are 0.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn notify(&self, news: impl IntoIterator<Item = (u64, Versions)>) {
        let mut state = self.inner.lock();
        for (uin, versions) in news {
            if state.waiting.len() < WAITING_USERS_MAX || state.waiting.contains_key(&uin) {
                merge(state.waiting.entry(uin).or_default(), &versions);
            }
        }
        if !state.sending && !state.waiting.is_empty() {
            state.sending = true;
            tokio::spawn(send(self.inner.clone()));
        }
    }

    /// Notes that one user has new messages.
    pub fn messages(&self, uin: u64, version: u64) {
        let messages = version;
        let versions = Versions {
            messages,
            ..Versions::default()
        };
        self.notify([(uin, versions)]);
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in it can be half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_call(&self) -> Option<NotifyRequest> {
        let mut state = self.lock();
        if state.waiting.is_empty() {
            state.sending = false;
            return None;
        }
        let waiting = if state.waiting.len() <= USERS_PER_CALL_MAX {
            std::mem::take(&mut state.waiting)
        } else {
            let some: Vec<u64> = state
                .waiting
                .keys()
                .copied()
                .take(USERS_PER_CALL_MAX)
                .collect();
            let entry = |uin| state.waiting.remove_entry(&uin);
            some.into_iter().filter_map(entry).collect()
        };
        let news = waiting.into_iter().map(|(uin, versions)| News {
            uin,
            versions: Some(versions),
        });
        Some(NotifyRequest {
            news: news.collect(),
        })
    }
}

async fn send(inner: Arc<Inner>) {
    while let Some(call) = inner.next_call() {
        let users = call.news.len();
        if let Err(status) = inner.push.notify(call).await {
            tracing::debug!(users, %status, "news were lost; heartbeats will find them");
        }
    }
}

/// Takes the newer of each kind.
pub fn merge(into: &mut Versions, other: &Versions) {
    into.account = into.account.max(other.account);
    into.contacts = into.contacts.max(other.contacts);
    into.groups = into.groups.max(other.groups);
    into.messages = into.messages.max(other.messages);
}
