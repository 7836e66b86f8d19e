//! A shop on a server in memory, with an end.

use super::peer::Peer;
use super::shop::{Ledger, Shopkeeper};
use crate::generated::shop::v1::ShopServer;
use std::sync::Arc;
use svrkit_rt::{HealthHandle, Layer, Limits, MemoryConnector, Plain, Router, Server, memory};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) struct Site {
    pub(crate) connector: MemoryConnector,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) health: HealthHandle,
    stop: oneshot::Sender<()>,
    done: JoinHandle<std::io::Result<()>>,
}

impl Site {
    /// A shop with the usual limits.
    pub(crate) fn open() -> Site {
        Site::with(|server| server)
    }

    pub(crate) fn limited(limits: Limits) -> Site {
        Site::with(|server| server.limits(limits))
    }

    /// A shop whose server is finished by `finish`.
    pub(crate) fn with<L>(finish: impl FnOnce(Server<Plain>) -> Server<L>) -> Site
    where
        L: Layer<Arc<Router>> + Send + 'static,
        L::Service: Send,
    {
        let ledger = Arc::new(Ledger::default());
        let shop = ShopServer::new(Shopkeeper(ledger.clone()));
        let server = finish(Server::new().service(shop));
        let health = server.health();
        let (listener, connector) = memory();
        let (stop, stopped) = oneshot::channel::<()>();
        let done = tokio::spawn(server.run(listener, async {
            let _ = stopped.await;
        }));
        Site {
            connector,
            ledger,
            health,
            stop,
            done,
        }
    }

    pub(crate) fn peer(&self) -> Peer {
        Peer::new(self.connector.connect().expect("the listener is there"))
    }

    /// One request on a connection of its own.
    pub(crate) async fn ask(&self, request: &str) -> super::Answer {
        let mut peer = self.peer();
        peer.send(request).await;
        peer.answer().await
    }

    /// Begins the drain; the handle ends with it.
    pub(crate) fn drain(self) -> JoinHandle<std::io::Result<()>> {
        let _ = self.stop.send(());
        self.done
    }

    pub(crate) async fn close(self) {
        self.drain().await.expect("no panic").expect("a clean end");
    }
}
