//! A shop, and the admin listener beside it.

use crate::generated::shop::v1::ShopClient;
use crate::support::{Answer, Peer, Site};
use svrkit_rt::admin::Admin;
use svrkit_rt::{Channel, Codec, Compression, MemoryConnector, memory};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(super) struct Desk {
    pub(super) site: Site,
    pub(super) shop: ShopClient,
    connector: MemoryConnector,
    stop: oneshot::Sender<()>,
    done: JoinHandle<std::io::Result<()>>,
}

impl Desk {
    pub(super) fn open() -> Desk {
        Desk::with(|admin| admin)
    }

    /// An admin listener that is finished by `finish`.
    pub(super) fn with(finish: impl FnOnce(Admin) -> Admin) -> Desk {
        let mut watch = None;
        let site = Site::with(|server| {
            watch = Some(server.watch());
            server.compression(Compression::with(Codec::Zstd))
        });
        let watch = watch.expect("a watch");
        let admin = Admin::new("shop").version("1.2.3").watch("shop", watch);
        let (listener, connector) = memory();
        let (stop, stopped) = oneshot::channel::<()>();
        let done = tokio::spawn(finish(admin).run(listener, async { drop(stopped.await) }));
        Desk {
            shop: ShopClient::new(Channel::memory(site.connector.clone()).expect("a channel")),
            site,
            connector,
            stop,
            done,
        }
    }

    pub(super) fn peer(&self) -> Peer {
        Peer::new(self.connector.connect().expect("the listener is there"))
    }

    /// A request line and headers, and what is answered.
    pub(super) async fn ask(&self, head: &str) -> Answer {
        let mut peer = self.peer();
        peer.send(format!("{head}\r\n\r\n")).await;
        peer.answer().await
    }

    pub(super) async fn get(&self, target: &str, accept: &str) -> Answer {
        let head = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\naccept: {accept}");
        self.ask(&head).await
    }

    pub(super) async fn html(&self, target: &str) -> Answer {
        let answer = self.get(target, "text/html").await;
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        answer
    }

    pub(super) async fn text(&self, target: &str) -> Answer {
        let answer = self.get(target, "*/*").await;
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        answer
    }

    pub(super) async fn json(&self, target: &str) -> serde_json::Value {
        let answer = self.get(target, "application/json").await;
        assert_eq!(answer.header("content-type"), "application/json");
        answer.json()
    }

    pub(super) async fn close(self) {
        let _ = self.stop.send(());
        self.done.await.expect("no panic").expect("a clean end");
        self.site.close().await;
    }
}
