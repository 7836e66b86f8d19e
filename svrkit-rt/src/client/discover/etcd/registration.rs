//! An instance that tells of itself.

use super::gateway::{EtcdError, Gateway};
use super::{Etcd, PAUSE_BASE_MS, PAUSE_MAX_MS};
use crate::client::backoff;
use crate::client::discover::text::to_line;
use crate::client::endpoint::Endpoint;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Seconds after which an instance that went without a word is forgotten.
const TTL_S: u64 = 10;
/// Milliseconds between two signs of life: three are lost before the instance is.
const KEEP_ALIVE_EVERY_MS: u64 = TTL_S * 1_000 / 4;

/// A registration that is kept alive. While etcd is away it is tried again and again; when etcd has forgotten it, it is made anew.
/// Dropped, it is forgotten after ten seconds; [`Registration::leave`] does so at once.
#[derive(Debug)]
pub struct Registration {
    stop: Option<oneshot::Sender<()>>,
    registered: watch::Receiver<bool>,
    keeping: JoinHandle<()>,
}

impl Registration {
    /// Registers `endpoint`, with its zone, weight and tag, from now on.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn start(etcd: Etcd, endpoint: Endpoint) -> Registration {
        let (stop, stopped) = oneshot::channel();
        let (sender, registered) = watch::channel(false);
        Registration {
            stop: Some(stop),
            registered,
            keeping: tokio::spawn(keep(etcd, endpoint, sender, stopped)),
        }
    }

    /// Waits until it is known to etcd.
    pub async fn registered(&mut self) {
        // An error says that keeping ended, and then nobody waits any more.
        let _ = self.registered.wait_for(|registered| *registered).await;
    }

    /// Takes the registration back, as well as that goes: to be called before draining, so that clients look elsewhere.
    pub async fn leave(mut self) {
        drop(self.stop.take());
        // It ends by itself; a panic in it is nothing that could be mended here.
        let _ = (&mut self.keeping).await;
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.keeping.abort();
    }
}

async fn keep(
    etcd: Etcd,
    endpoint: Endpoint,
    registered: watch::Sender<bool>,
    mut stopped: oneshot::Receiver<()>,
) {
    let (mut turn, mut failures) = (0_u32, 0_u32);
    let mut lease = None;
    loop {
        let member = etcd.member(turn);
        let step = async {
            match lease {
                Some(lease) => member
                    .keep_alive(lease)
                    .await
                    .map(|alive| alive.then_some(lease)),
                None => register(member, &etcd, &endpoint).await.map(Some),
            }
        };
        let step = tokio::select! {
            step = step => step,
            _ = &mut stopped => break,
        };
        let pause = match step {
            Ok(Some(alive)) => {
                failures = 0;
                lease = Some(alive);
                registered.send_replace(true);
                Duration::from_millis(KEEP_ALIVE_EVERY_MS)
            }
            // It was away for so long that we are forgotten.
            Ok(None) => {
                lease = None;
                registered.send_replace(false);
                Duration::ZERO
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                turn = turn.wrapping_add(1);
                tracing::warn!(?member, %error, "cannot be registered with etcd just now");
                backoff::pause(PAUSE_BASE_MS, PAUSE_MAX_MS, failures)
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            _ = &mut stopped => break,
        }
    }
    if let Some(lease) = lease
        && let Err(error) = etcd.member(turn).revoke(lease).await
    {
        tracing::warn!(%error, "registration with etcd is left to end by itself");
    }
}

async fn register(member: &Gateway, etcd: &Etcd, endpoint: &Endpoint) -> Result<i64, EtcdError> {
    let lease = member.grant(TTL_S).await?;
    member
        .put(&etcd.key(endpoint), &to_line(endpoint), lease)
        .await?;
    Ok(lease)
}
