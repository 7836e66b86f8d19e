//! A server behind a channel, in memory.

use crate::client::{Channel, ChannelConfig, Connect, Endpoint};
use crate::server::{Router, Server};
use crate::service::{BoxFuture, Layer};
use crate::status::Status;
use crate::transport::{MemoryConnector, Stream, memory};
use std::io;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Runs `server` in memory on the current runtime and returns a channel to it. The server drains and ends when the last clone of the
/// channel is gone.
///
/// ```
/// # use svrkit_rt::{Server, testing};
/// # testing::run_test("doc", |_| async {
/// let channel = testing::serve(Server::new());
/// # drop(channel);
/// # });
/// ```
///
/// # Panics
/// Outside of a runtime.
pub fn serve<L>(server: Server<L>) -> Channel
where
    L: Layer<Arc<Router>> + Send + 'static,
{
    serve_with(server, ChannelConfig::default())
}

/// As [`serve`], with a channel of other options.
///
/// # Panics
/// Outside of a runtime.
pub fn serve_with<L>(server: Server<L>, config: ChannelConfig) -> Channel
where
    L: Layer<Arc<Router>> + Send + 'static,
{
    let (listener, connector) = memory();
    let (last_clone, gone) = oneshot::channel::<()>();
    tokio::spawn(server.run(listener, async {
        // Nothing is ever sent: it ends when the sender is dropped.
        let _ = gone.await;
    }));
    let endpoint = Endpoint::custom(
        "memory",
        Serving {
            connector,
            _last_clone: last_clone,
        },
    );
    let builder = Channel::builder().endpoint(endpoint).config(config);
    let channel: Result<Channel, Status> = builder.build();
    channel.expect("one endpoint and a runtime make a channel")
}

struct Serving {
    connector: MemoryConnector,
    _last_clone: oneshot::Sender<()>,
}

impl Connect for Serving {
    fn connect(&self) -> BoxFuture<io::Result<Stream>> {
        let stream = self.connector.connect();
        Box::pin(async { stream })
    }
}
