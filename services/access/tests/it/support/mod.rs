//! A node among faked services, and clients that write their own bytes.

pub(crate) mod client;
pub(crate) mod fakes;
pub(crate) mod http;

pub(crate) use client::{Client, Frame};
pub(crate) use fakes::Fakes;

use im_access::{Access, Config, Deps, Listeners};
use std::time::Duration;
use svrkit_rt::{Listener, MemoryConnector, Status, memory};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Seconds after which something that should have happened has not.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A node in memory.
pub(crate) struct World {
    pub(crate) access: Access,
    pub(crate) fakes: Fakes,
    pub(crate) long: MemoryConnector,
    pub(crate) short: MemoryConnector,
    end: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<(), Status>>,
}

impl World {
    pub(crate) async fn new() -> World {
        World::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> World {
        World::beside(Fakes::new(), config).await
    }

    /// A node among services that other nodes have, too.
    pub(crate) async fn beside(fakes: Fakes, config: Config) -> World {
        let ((long, to_long), (short, to_short)) = (memory(), memory());
        let (access, end, running) = run(&fakes, config, Some(long), Some(short)).await;
        World {
            access,
            fakes,
            long: to_long,
            short: to_short,
            end: Some(end),
            running,
        }
    }

    /// A link that nobody has authenticated.
    pub(crate) fn open(&self) -> Client {
        Client::new(self.long.connect().unwrap())
    }

    /// A link of a user's device.
    pub(crate) async fn log_in(&self, uin: u64, device: &str) -> Client {
        let mut client = self.open();
        client.log_in(uin, device).await;
        client
    }

    /// Ends the node politely.
    pub(crate) async fn end(&mut self) -> Result<(), Status> {
        drop(self.end.take());
        (&mut self.running).await.unwrap()
    }
}

/// Runs a node on listeners.
pub(crate) async fn run(
    fakes: &Fakes,
    config: Config,
    long: Option<Listener>,
    short: Option<Listener>,
) -> (Access, oneshot::Sender<()>, JoinHandle<Result<(), Status>>) {
    let access = Access::build(config, fakes.deps()).await.unwrap();
    let (end, ended) = oneshot::channel::<()>();
    let running = tokio::spawn(access.clone().run(Listeners { long, short }, async {
        let _ = ended.await;
    }));
    (access, end, running)
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if tokio::time::timeout(SOON, wait).await.is_err() {
        panic!("not soon: {what}");
    }
}

impl Fakes {
    pub(crate) fn deps(&self) -> Deps {
        Deps::connect(&self.peers()).unwrap()
    }
}
