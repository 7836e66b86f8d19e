//! From news and kicks to mailboxes: tasks that ask where links are.

use crate::config::Config;
use crate::kick::Links;
use crate::service::State;
use im_idl::base::Versions;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;
use svrkit_rt::Status;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, sleep_until};

/// The first pause after a lookup that failed, and after a kick's first look. Long enough for a reconnection in a data centre.
const PAUSE_FIRST: Duration = Duration::from_millis(50);
/// Pauses double up to this: a session service that is back is found within a second.
const PAUSE_MAX: Duration = Duration::from_millis(1_000);

/// Delivers what gathers until there is nothing. One at a time runs.
///
/// Between two steps it holds nothing of the service, so it ends with it.
pub(crate) async fn deliver_news(state: Weak<State>) {
    let mut trouble = Trouble::default();
    while let Some((news, config)) = next_news(&state) {
        let next = Instant::now() + Duration::from_millis(config.gather_ms.into());
        let users: Vec<u64> = news.keys().copied().collect();
        for users in users.chunks(config.users_per_lookup_max) {
            look_and_post(&state, users, &news, &mut trouble).await;
        }
        sleep_until(next).await;
    }
}

fn next_news(state: &Weak<State>) -> Option<(HashMap<u64, Versions>, Arc<Config>)> {
    let state = state.upgrade()?;
    Some((state.next_news()?, state.config.clone()))
}

/// How long lookups have failed.
#[derive(Default)]
struct Trouble {
    since: Option<Instant>,
    pauses: Pauses,
}

/// One lookup, repeated for a while when it fails.
async fn look_and_post(
    state: &Weak<State>,
    users: &[u64],
    news: &HashMap<u64, Versions>,
    trouble: &mut Trouble,
) {
    while let Some(state) = state.upgrade() {
        match state.lookup(users.to_vec()).await {
            Ok(links) => {
                *trouble = Trouble::default();
                let now = Instant::now();
                let mut mailboxes = state.mailboxes();
                for link in &links {
                    if let Some(versions) = news.get(&link.uin) {
                        mailboxes.add_news(now, link, versions);
                    }
                }
                return;
            }
            Err(status) => {
                let since = *trouble.since.get_or_insert_with(Instant::now);
                let wait = Duration::from_millis(state.config.news_wait_ms.into());
                drop(state);
                sleep(trouble.pauses.next()).await;
                if since.elapsed() >= wait {
                    let users = users.len();
                    tracing::warn!(users, %status, "news were lost; heartbeats will find them");
                    return;
                }
            }
        }
    }
}

/// Looks for links to be kicked, again and again until its time is over: the session service may be down, or new and not yet told of
/// all links, or a link may just be opening with a ticket that was good a moment ago.
pub(crate) async fn deliver_kick(
    state: Weak<State>,
    links: Links,
    reason: String,
    _permit: OwnedSemaphorePermit,
) {
    let begun = Instant::now();
    let mut pauses = Pauses::default();
    let mut last: Result<(), Status> = Ok(());
    while let Some(state) = state.upgrade() {
        last = look_and_kick(&state, &links, &reason).await;
        let wait = Duration::from_millis(state.config.kick_wait_ms.into());
        drop(state);
        let pause = pauses.next();
        if begun.elapsed() + pause > wait {
            break;
        }
        sleep(pause).await;
    }
    if let Err(status) = last {
        tracing::warn!(uin = links.uin, %status, "links to be kicked may live on");
    }
}

async fn look_and_kick(state: &Arc<State>, links: &Links, reason: &str) -> Result<(), Status> {
    let found = state.lookup(vec![links.uin]).await?;
    let now = Instant::now();
    let mut mailboxes = state.mailboxes();
    for link in found.iter().filter(|link| links.hits(link)) {
        mailboxes.add_kick(now, &link.node, link.link, link.uin, reason)?;
    }
    Ok(())
}

/// Pauses that double, with a random part so that several do not ask at the same moments.
struct Pauses {
    next: Duration,
}

impl Default for Pauses {
    fn default() -> Pauses {
        let next = PAUSE_FIRST;
        Pauses { next }
    }
}

impl Pauses {
    fn next(&mut self) -> Duration {
        let pause = self.next.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.next = (self.next * 2).min(PAUSE_MAX);
        pause
    }
}

/// Forgets mailboxes of nodes that are gone. Ends with the service.
pub(crate) async fn expire_mailboxes(state: Weak<State>, every: Duration) {
    loop {
        sleep(every).await;
        let Some(state) = state.upgrade() else {
            return;
        };
        state.mailboxes().expire(Instant::now());
    }
}
