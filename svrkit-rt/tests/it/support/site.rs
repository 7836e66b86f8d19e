//! A server somewhere: over each transport, with an end.

use super::Authority;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use svrkit_rt::{
    Channel, ChannelConfig, Endpoint, Layer, Listener, MemoryConnector, Router, Server, TlsClient,
    TlsServer, memory,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What carries the frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Over {
    Tcp,
    Unix,
    Memory,
    Tls,
}

/// A running server.
pub(crate) struct Site {
    pub(crate) endpoint: Endpoint,
    /// Where it listens, if that is an address.
    pub(crate) address: String,
    stop: Option<oneshot::Sender<()>>,
    done: JoinHandle<std::io::Result<()>>,
    _socket: Option<tempfile::TempDir>,
}

impl Site {
    /// Starts `server` over a transport.
    pub(crate) async fn start<L>(over: Over, server: Server<L>) -> Site
    where
        L: Layer<Arc<Router>> + Send + 'static,
        L::Service: Send,
    {
        let mut socket = None;
        let (listener, endpoint) = match over {
            Over::Tcp => tcp().await,
            Over::Unix => {
                let dir = tempfile::tempdir().unwrap();
                let path: PathBuf = dir.path().join("test.sock");
                socket = Some(dir);
                let listener = Listener::bind_unix(&path).unwrap();
                let endpoint = Endpoint::parse(&listener.address()).unwrap();
                (listener, endpoint)
            }
            Over::Memory => {
                let (listener, connector) = memory();
                (listener, Endpoint::memory(connector))
            }
            Over::Tls => {
                let (listener, endpoint) = tcp().await;
                let (server, client) = Site::tls();
                (listener.with_tls(server), endpoint.tls(client))
            }
        };
        Site::run(listener, endpoint, socket, server)
    }

    /// Starts `server` in memory and gives the raw way in, too.
    pub(crate) fn in_memory<L>(server: Server<L>) -> (Site, MemoryConnector)
    where
        L: Layer<Arc<Router>> + Send + 'static,
        L::Service: Send,
    {
        let (listener, connector) = memory();
        let endpoint = Endpoint::memory(connector.clone());
        (Site::run(listener, endpoint, None, server), connector)
    }

    /// Starts `server` over TCP, with this TLS; how clients are to speak it, each endpoint must be told.
    pub(crate) async fn with_tls<L>(tls: TlsServer, server: Server<L>) -> Site
    where
        L: Layer<Arc<Router>> + Send + 'static,
        L::Service: Send,
    {
        let (listener, endpoint) = tcp().await;
        Site::run(listener.with_tls(tls), endpoint, None, server)
    }

    /// Starts `server` on a listener of one's own.
    pub(crate) fn run<L>(
        listener: Listener,
        endpoint: Endpoint,
        socket: Option<tempfile::TempDir>,
        server: Server<L>,
    ) -> Site
    where
        L: Layer<Arc<Router>> + Send + 'static,
        L::Service: Send,
    {
        let (stop, stopped) = oneshot::channel();
        let address = listener.address();
        let done = tokio::spawn(server.run(listener, async {
            let _ = stopped.await;
        }));
        Site {
            endpoint,
            address,
            stop: Some(stop),
            done,
            _socket: socket,
        }
    }

    /// A certificate for `localhost` and 127.0.0.1, and those who trust it.
    pub(crate) fn tls() -> (TlsServer, TlsClient) {
        static TLS: LazyLock<(TlsServer, TlsClient)> = LazyLock::new(|| {
            let authority = Authority::new();
            let (chain, key) = authority.issue(&["localhost", "127.0.0.1"]);
            let server = TlsServer::from_pem(&chain, &key).unwrap();
            (server, TlsClient::from_pem(&authority.pem()).unwrap())
        });
        TLS.clone()
    }

    pub(crate) fn channel(&self) -> Channel {
        self.channel_with(ChannelConfig::default())
    }

    pub(crate) fn channel_with(&self, config: ChannelConfig) -> Channel {
        let builder = Channel::builder().endpoint(self.endpoint.clone());
        builder.config(config).build().unwrap()
    }

    /// Asks the server to drain.
    pub(crate) fn begin_to_stop(&mut self) {
        self.stop.take();
    }

    /// Drains and waits for the end.
    pub(crate) async fn stop(mut self) {
        self.begin_to_stop();
        self.ended().await;
    }

    pub(crate) async fn ended(&mut self) {
        (&mut self.done).await.unwrap().unwrap();
    }

    /// As if the process had been killed: nobody says goodbye.
    pub(crate) async fn kill(self) {
        self.done.abort();
        let _ = self.done.await;
    }
}

async fn tcp() -> (Listener, Endpoint) {
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&listener.address()).unwrap();
    (listener, endpoint)
}

/// Waits until a condition holds, where real sockets or threads take their time; fails after ten seconds.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let patience = tokio::time::timeout(Duration::from_secs(10), async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(patience.await.is_ok(), "never came: {what}");
}
