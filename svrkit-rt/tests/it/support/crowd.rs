//! Several instances of one service in memory, each of which can be killed, cut off, slowed down or made to fail.

use super::{ACT, COUNTED_READS, ECHO, READ, Site, Text, service};
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use svrkit_rt::{
    BoxFuture, Channel, ChannelBuilder, Connect, Context, Endpoint, MemoryConnector, Server,
    Status, Stream, Tag,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::sleep;

/// Bytes in the pipes of the network.
const PIPE_BYTES: usize = 64 * 1024;

/// One instance. Its service answers all methods alike, and notes each call.
pub(crate) struct Member {
    pub(crate) name: String,
    site: Mutex<Option<Site>>,
    inner: Arc<Inner>,
}

struct Inner {
    place: Mutex<Option<MemoryConnector>>,
    cut: watch::Sender<bool>,
    connections: AtomicUsize,
    seen: Mutex<Vec<Seen>>,
    running: AtomicUsize,
    running_most: AtomicUsize,
    takes_us: AtomicU64,
    fails: Mutex<Option<Status>>,
}

/// What a handler saw of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) attempt: u8,
    pub(crate) tag: Option<Tag>,
}

impl Member {
    pub(crate) fn start(name: &str) -> Member {
        let inner = Inner {
            place: Mutex::default(),
            cut: watch::Sender::new(false),
            connections: AtomicUsize::new(0),
            seen: Mutex::default(),
            running: AtomicUsize::new(0),
            running_most: AtomicUsize::new(0),
            takes_us: AtomicU64::new(1_000),
            fails: Mutex::default(),
        };
        let member = Member {
            name: name.to_owned(),
            site: Mutex::default(),
            inner: Arc::new(inner),
        };
        member.start_again();
        member
    }

    /// So many of them: `i0`, `i1` and so on.
    pub(crate) fn several(count: usize) -> Vec<Member> {
        (0..count)
            .map(|n| Member::start(&format!("i{n}")))
            .collect()
    }

    pub(crate) fn start_again(&self) {
        let inner = self.inner.clone();
        let handler = move |context: Box<Context>, text: Text| {
            let inner = inner.clone();
            async move {
                let answer = inner.serve(&context).await;
                answer.map(|()| (context, text))
            }
        };
        let methods = [&ECHO, &ACT, &READ].into_iter().chain(&COUNTED_READS);
        let service = methods.fold(service(), |service, method| {
            service.on(method, handler.clone())
        });
        let (site, connector) = Site::in_memory(Server::new().service(service));
        *self.inner.place.lock().unwrap() = Some(connector);
        *self.site.lock().unwrap() = Some(site);
    }

    /// Everything of it stops where it stands; connecting is refused.
    pub(crate) async fn kill(&self) {
        *self.inner.place.lock().unwrap() = None;
        let site = self.site.lock().unwrap().take().unwrap();
        site.kill().await;
    }

    /// Nothing that is sent either way arrives, until it is mended; then all of it does. Connecting succeeds, as it does with a process
    /// that was stopped.
    pub(crate) fn cut_off(&self, cut: bool) {
        self.inner.cut.send_replace(cut);
    }

    /// How long its handlers take. 1 ms unless set.
    pub(crate) fn takes(&self, takes: Duration) {
        self.inner.takes_us.store(takes.as_micros() as u64, SeqCst);
    }

    /// What its handlers answer instead.
    pub(crate) fn fails(&self, with: Option<Status>) {
        *self.inner.fails.lock().unwrap() = with;
    }

    /// Calls that reached its handlers since it was last asked.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.inner.seen.lock().unwrap())
    }

    /// Connections opened to it, ever.
    pub(crate) fn connections(&self) -> usize {
        self.inner.connections.load(SeqCst)
    }

    /// Handlers running.
    pub(crate) fn running(&self) -> usize {
        self.inner.running.load(SeqCst)
    }

    /// The most handlers that ran at once.
    pub(crate) fn running_most(&self) -> usize {
        self.inner.running_most.load(SeqCst)
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::custom(&self.name, Network(self.inner.clone()))
    }
}

/// A builder of a channel to all of them.
pub(crate) fn channel_to(members: &[Member]) -> ChannelBuilder {
    let endpoints = members.iter().map(Member::endpoint);
    endpoints.fold(Channel::builder(), |builder, e| builder.endpoint(e))
}

impl Inner {
    async fn serve(self: &Arc<Inner>, context: &Context) -> Result<(), Status> {
        struct Running(Arc<Inner>);
        impl Drop for Running {
            fn drop(&mut self) {
                self.0.running.fetch_sub(1, SeqCst);
            }
        }
        self.seen.lock().unwrap().push(Seen {
            attempt: context.attempt,
            tag: context.tag(),
        });
        let running = self.running.fetch_add(1, SeqCst) + 1;
        self.running_most.fetch_max(running, SeqCst);
        let _running = Running(self.clone());
        if let Some(status) = self.fails.lock().unwrap().clone() {
            return Err(status);
        }
        sleep(Duration::from_micros(self.takes_us.load(SeqCst))).await;
        Ok(())
    }
}

struct Network(Arc<Inner>);

impl Connect for Network {
    fn connect(&self) -> BoxFuture<io::Result<Stream>> {
        self.0.connections.fetch_add(1, SeqCst);
        let connector = self.0.place.lock().unwrap().clone();
        let stream = match connector {
            None => Err(io::ErrorKind::ConnectionRefused.into()),
            Some(connector) => connector.connect(),
        };
        let cut = self.0.cut.subscribe();
        Box::pin(async move {
            let (server_read, server_write) = tokio::io::split(stream?);
            let (near, far) = tokio::io::duplex(PIPE_BYTES);
            let (read, write) = tokio::io::split(far);
            // When one direction has ended, so has the connection.
            let there = carry(read, server_write, cut.clone());
            let back = carry(server_read, write, cut);
            tokio::spawn(async {
                tokio::select! { () = there => {} () = back => {} }
            });
            Ok(Stream::new(near))
        })
    }
}

async fn carry(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut cut: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 4096];
    loop {
        match from.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(n) => {
                if cut.wait_for(|cut| !*cut).await.is_err() {
                    return;
                }
                if to.write_all(&buffer[..n]).await.is_err() {
                    return;
                }
            }
        }
    }
}
