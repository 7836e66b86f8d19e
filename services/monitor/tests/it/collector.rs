//! An HTTP server on loopback that keeps what it is sent.

use std::sync::{Arc, Mutex};
use svrkit_rt::{Listener, PageRequest, PageResponse, Pages, Server, TlsServer};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Answers `/hook`, and hands on what came.
pub(crate) struct Collector {
    pub(crate) url: String,
    came: mpsc::UnboundedReceiver<Post>,
    server: JoinHandle<()>,
}

/// What came.
pub(crate) struct Post {
    pub(crate) bearer: Option<String>,
    pub(crate) json: serde_json::Value,
}

impl Collector {
    /// Answers with these, one after the other, and then with 200.
    pub(crate) async fn answering(statuses: &[u16]) -> Collector {
        Collector::start(statuses, None).await
    }

    pub(crate) async fn with_tls(tls: TlsServer) -> Collector {
        Collector::start(&[], Some(tls)).await
    }

    async fn start(statuses: &[u16], tls: Option<TlsServer>) -> Collector {
        let (sender, came) = mpsc::unbounded_channel();
        let statuses = Arc::new(Mutex::new(statuses.to_vec()));
        let pages = Pages::new().post("/hook", move |request: PageRequest| {
            let mut statuses = statuses.lock().unwrap();
            let status = if statuses.is_empty() {
                200
            } else {
                statuses.remove(0)
            };
            let _ = sender.send(Post {
                bearer: request.bearer().map(str::to_owned),
                json: serde_json::from_slice(request.body()).unwrap(),
            });
            async move { PageResponse::text("").status(status) }
        });
        let mut listener = Listener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let port = listener.address().rsplit(':').next().unwrap().to_owned();
        if let Some(tls) = tls {
            listener = listener.with_tls(tls);
        }
        let server = tokio::spawn(async {
            let server = Server::new().pages(pages);
            server.run(listener, std::future::pending()).await.unwrap();
        });
        Collector {
            url: format!("{scheme}://localhost:{port}/hook"),
            came,
            server,
        }
    }

    /// The next that comes.
    pub(crate) async fn post(&mut self) -> Post {
        self.came.recv().await.unwrap()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}
