//! What the session service is told: links that open and end, and that this node lives.

use crate::config::Config;
use crate::handle::{End, Handle};
use crate::node::Node;
use im_idl::push::{KickRequest, PushClient};
use im_idl::session::{Link, RegisterRequest, RenewRequest, SessionClient, UnregisterRequest};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use svrkit_rt::Status;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, sleep_until};

/// The reason that a client is told when its device has a newer link.
const KICKED_BY_LOGIN: &str = "KICKED_BY_LOGIN";
/// Ended links that wait to be told of. Further ones are not: a link that the session service believes in costs a lost push.
const LEAVING_MAX: usize = 100_000;
/// Milliseconds between two renewals until the session service has said how long its lease is.
const RENEW_MS: u64 = 1_000;
/// Milliseconds of pause after a call that failed.
const PAUSE_MS: u64 = 200;
/// How often a kick for another node is sent that does not get through.
const KICKS_MAX: u32 = 5;

/// Links on their way to the session service and away from it. One call is under way at a time, and what comes meanwhile goes together.
#[derive(Debug)]
pub(crate) struct Presence {
    session: SessionClient,
    node: String,
    batch_max: usize,
    queue: Mutex<Queue>,
    work: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    joining: VecDeque<Joining>,
    leaving: VecDeque<Link>,
}

#[derive(Debug)]
struct Joining {
    handle: Arc<Handle>,
    done: oneshot::Sender<Result<(), Status>>,
}

/// What the loop knows of the session service.
#[derive(Debug, Default)]
struct Known {
    /// Its life; 0 before it was heard of.
    epoch: u64,
    /// Links to be told of again.
    again: Vec<u64>,
}

/// Tells of everything, and renews the lease, for ever.
pub(crate) async fn run(node: Arc<Node>) {
    let presence = &node.presence;
    let mut known = Known::default();
    let mut renew_at = Instant::now();
    loop {
        tokio::select! {
            biased;
            () = sleep_until(renew_at) => {
                renew_at = Instant::now() + presence.renew(&node, &mut known).await;
            }
            () = presence.work.notified() => {}
        }
        while renew_at > Instant::now() && presence.has_work(&known) {
            let told = presence.register(&node, &mut known).await;
            let told = presence.unregister().await && told;
            if !told {
                sleep(Duration::from_millis(fastrand::u64(1..=PAUSE_MS))).await;
            }
        }
    }
}

impl Presence {
    pub(crate) fn new(session: SessionClient, node: String, config: &Config) -> Presence {
        Presence {
            session,
            node,
            batch_max: config.register_links_max.max(1),
            queue: Mutex::default(),
            work: Notify::new(),
        }
    }

    /// Tells of a link that has an identity.
    ///
    /// # Errors
    /// Why the session service does not know it.
    pub(crate) async fn join(&self, handle: Arc<Handle>) -> Result<(), Status> {
        let (done, joined) = oneshot::channel();
        self.queue().joining.push_back(Joining { handle, done });
        self.work.notify_one();
        let ended = |_| Err(Status::unavailable("this node is ending"));
        joined.await.unwrap_or_else(ended)
    }

    /// Tells that a link ended.
    pub(crate) fn leave(&self, link: Link) {
        let mut queue = self.queue();
        if queue.leaving.len() < LEAVING_MAX {
            queue.leaving.push_back(link);
        }
        drop(queue);
        self.work.notify_one();
    }

    /// Tells of the links that ended lately, once: nobody is left to try again.
    pub(crate) async fn last_words(&self) {
        while !self.queue().leaving.is_empty() && self.unregister().await {}
    }

    fn has_work(&self, known: &Known) -> bool {
        let queue = self.queue();
        !queue.joining.is_empty() || !queue.leaving.is_empty() || !known.again.is_empty()
    }

    /// Renews the lease. How long until the next time.
    async fn renew(&self, node: &Node, known: &mut Known) -> Duration {
        let request = RenewRequest {
            node: self.node.clone(),
        };
        match self.session.renew(request).await {
            Ok(renewed) => {
                if !renewed.known || (known.epoch != 0 && known.epoch != renewed.epoch) {
                    known.tell_all_again(node);
                }
                known.epoch = renewed.epoch;
                let ms = (u64::from(renewed.lease_ms) / 3).max(1);
                Duration::from_millis(ms)
            }
            Err(status) => {
                tracing::debug!(%status, "lease was not renewed");
                Duration::from_millis(RENEW_MS)
            }
        }
    }

    /// Tells of links that wait for it, and then of those that it has forgotten. False when that failed.
    async fn register(&self, node: &Node, known: &mut Known) -> bool {
        let mut joining: Vec<Joining> = {
            let mut queue = self.queue();
            let some = queue.joining.len().min(self.batch_max);
            queue.joining.drain(..some).collect()
        };
        joining.retain(|joining| joining.handle.announce());
        let some = known.again.len().min(self.batch_max - joining.len());
        let again = known.again.split_off(known.again.len() - some);
        if joining.is_empty() && again.is_empty() {
            return true;
        }
        let new = joining.iter().map(|joining| joining.handle.clone());
        let open = again.iter().filter_map(|number| node.links.get(*number));
        let handles = new.chain(open);
        let request = RegisterRequest {
            node: self.node.clone(),
            links: handles.filter_map(|handle| handle.link()).collect(),
        };
        match self.session.register(request).await {
            Ok(registered) => {
                if known.epoch != 0 && known.epoch != registered.epoch {
                    known.tell_all_again(node);
                }
                known.epoch = registered.epoch;
                // While nobody knew of them, news for them found no link.
                let open: Vec<_> = again
                    .iter()
                    .filter_map(|number| node.links.get(*number))
                    .collect();
                node.checks.add_all(&open);
                for Joining { handle, done } in joining {
                    handle.joined();
                    // Nobody to hear it is fine.
                    let _ = done.send(Ok(()));
                }
                self.displace(node, registered.displaced);
                true
            }
            Err(status) => {
                known.again.extend(again);
                for joining in joining {
                    let _ = joining.done.send(Err(status.clone()));
                }
                false
            }
        }
    }

    /// Ends links that lost their device to a newer one, here or elsewhere.
    fn displace(&self, node: &Node, displaced: Vec<Link>) {
        let mut elsewhere = Vec::new();
        for link in displaced {
            if !link.node.is_empty() && link.node != self.node {
                elsewhere.push(link);
            } else if let Some(handle) = node.links.of(link.link, link.uin) {
                handle.end(End::Kicked(KICKED_BY_LOGIN.into()));
            }
        }
        if !elsewhere.is_empty() {
            tokio::spawn(kick(node.push.clone(), elsewhere));
        }
    }

    /// Tells of links that ended. False when that failed.
    async fn unregister(&self) -> bool {
        // They stay in the queue until that is certain: this may be dropped at any time.
        let links: Vec<Link> = {
            let queue = self.queue();
            queue.leaving.iter().take(self.batch_max).cloned().collect()
        };
        let told = links.len();
        if told == 0 {
            return true;
        }
        let request = UnregisterRequest {
            node: self.node.clone(),
            links,
        };
        match self.session.unregister(request).await {
            Ok(_) => {
                self.queue().leaving.drain(..told);
                true
            }
            Err(status) => {
                tracing::debug!(%status, "ended links were not told of");
                false
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn tell_all_again(&mut self, node: &Node) {
        let all = node.links.joined();
        self.again = all.iter().map(|handle| handle.number).collect();
    }
}

/// Has links on other nodes end.
async fn kick(push: PushClient, links: Vec<Link>) {
    for link in links {
        let request = KickRequest {
            uin: link.uin,
            device: link.device,
            except_device: String::new(),
            reason: KICKED_BY_LOGIN.to_owned(),
            node: link.node,
            link: link.link,
        };
        for attempt in 1..=KICKS_MAX {
            match push.kick(request.clone()).await {
                Ok(_) => break,
                Err(status) if attempt == KICKS_MAX => {
                    tracing::warn!(%status, "a displaced link was not kicked");
                }
                Err(_) => {
                    sleep(Duration::from_millis(
                        fastrand::u64(1..=PAUSE_MS) << attempt,
                    ))
                    .await
                }
            }
        }
    }
}
