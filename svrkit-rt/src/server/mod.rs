//! Servers: a listener, the connections it brings, and the services behind them.

mod accept;
mod blocking;
mod calls;
mod connection;
mod in_flight;
mod limits;
mod router;

pub use limits::Limits;

use crate::codegen::GeneratedService;
use crate::descriptor::MethodDescriptor;
use crate::layer::{Around, CatchPanic, Plain, ServeDeadline, ServeTrace};
use crate::service::{Layer, Response};
use crate::status::Status;
use crate::transport::Listener;
use blocking::BlockingPool;
use in_flight::InFlight;
pub use router::Router;
use std::future::Future;
use std::sync::Arc;

/// What a connection needs of its server.
struct ServerState<S> {
    service: S,
    router: Arc<Router>,
    limits: Limits,
    in_flight: InFlight,
}

impl<S> ServerState<S> {
    fn method(&self, id: u32) -> Option<&'static MethodDescriptor> {
        self.router.method(id)
    }

    /// An answer that may be sent, given the bytes that the peer has left unread.
    fn admit_response(&self, response: Response, unwritten: usize) -> Result<Response, Status> {
        let size = response.body.len() + response.attachment.len();
        let limits = &self.limits;
        if response.body.len() > limits.response_bytes_max || size > limits.frame_bytes_max {
            return Err(Status::resource_exhausted(format!(
                "answer is {size} bytes, over the limit of the server"
            )));
        }
        if unwritten + size > limits.unwritten_bytes_max.max(size) {
            return Err(Status::resource_exhausted(format!(
                "unwritten_bytes_max: {unwritten} bytes of earlier answers are unread"
            )));
        }
        Ok(response)
    }
}

/// The layers that every server has, around those that the author adds.
type Pipeline<S> = ServeTrace<ServeDeadline<CatchPanic<S>>>;

/// Services, limits and layers, to be run on a listener.
///
/// ```no_run
/// # async fn f(greeter: impl svrkit_rt::codegen::GeneratedService) -> std::io::Result<()> {
/// use svrkit_rt::{Listener, Server};
///
/// let listener = Listener::bind("127.0.0.1:0").await?;
/// println!("listening on {}", listener.address());
/// Server::new().service(greeter).run(listener, std::future::pending()).await
/// # }
/// ```
#[derive(Debug)]
pub struct Server<L = Plain> {
    router: Router,
    limits: Limits,
    layers: L,
}

impl Server<Plain> {
    /// A server with the built-in services and default limits.
    pub fn new() -> Server<Plain> {
        Server {
            router: Router::default(),
            limits: Limits::default(),
            layers: Plain,
        }
    }
}

impl Default for Server<Plain> {
    fn default() -> Server<Plain> {
        Server::new()
    }
}

impl<L> Server<L> {
    /// Adds a service.
    ///
    /// # Panics
    /// When one of its command ids belongs to another service of this server.
    pub fn service(mut self, service: impl GeneratedService) -> Server<L> {
        self.router.add(Arc::new(service));
        self
    }

    /// Sets the limits.
    pub fn limits(mut self, limits: Limits) -> Server<L> {
        self.limits = limits;
        self
    }

    /// Puts a layer around everything added so far.
    pub fn layer<Outer>(self, outer: Outer) -> Server<Around<Outer, L>> {
        Server {
            router: self.router,
            limits: self.limits,
            layers: Around {
                outer,
                inner: self.layers,
            },
        }
    }
}

impl<L> Server<L>
where
    L: Layer<Arc<Router>>,
{
    /// Serves until `shutdown` is ready, then drains: no new connections, a go-away on each open one, time for the requests in
    /// flight ([`Limits::drain_timeout_ms`]), then cancellation.
    ///
    /// # Errors
    /// None today: errors of single connections end those, and a listener that cannot accept for want of files is tried again.
    pub async fn run(
        self,
        listener: Listener,
        shutdown: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let mut router = self.router;
        let limits = self.limits;
        router.set_blocking_pool(BlockingPool::new(
            limits.blocking_threads_max,
            limits.blocking_waiting_max,
        ));
        let router = Arc::new(router);
        let service = self.layers.layer(router.clone());
        let state: Arc<ServerState<Pipeline<L::Service>>> = Arc::new(ServerState {
            service: ServeTrace(ServeDeadline(CatchPanic(service))),
            router,
            in_flight: InFlight::new(limits.in_flight_max, limits.in_flight_bytes_max),
            limits,
        });
        accept::run(listener, state, shutdown).await;
        Ok(())
    }
}
