//! Servers: a listener, the connections it brings, and the services behind them.

mod accept;
mod answering;
mod blocking;
mod calls;
mod connection;
mod in_flight;
mod limits;
mod refused;
mod router;
mod watch;

#[cfg(feature = "http")]
pub(crate) use answering::Control;
pub use limits::Limits;
pub use watch::{OpenConnection, ServerWatch, Traffic};

use crate::builtin::{self, HealthHandle};
use crate::codegen::GeneratedService;
use crate::descriptor::MethodDescriptor;
#[cfg(feature = "http")]
use crate::http::{HttpOptions, Pages, Site, TicketVerifier, Tickets};
use crate::layer::{Around, CatchPanic, Plain, ServeDeadline, ServeTrace};
use crate::monitor::rpc::{MethodCounts, SideCounts, are_calls_counted};
use crate::monitor::{runtime_lag, sampler};
use crate::service::{Layer, Response};
use crate::status::Status;
use crate::transport::Listener;
use blocking::BlockingPool;
use in_flight::InFlight;
#[cfg(feature = "http")]
pub(crate) use refused::Refused;
pub use router::Router;
use std::future::Future;
use std::sync::Arc;

/// What a connection needs of its server.
pub(crate) struct ServerState<S> {
    service: S,
    router: Arc<Router>,
    limits: Limits,
    in_flight: InFlight,
    health: HealthHandle,
    #[cfg(feature = "http")]
    site: Site,
}

impl<S> ServerState<S> {
    fn method(&self, id: u32) -> Option<(&'static MethodDescriptor, Option<&'static SideCounts>)> {
        let (method, counts) = self.router.method(id)?;
        Some((method, are_calls_counted().then_some(&counts.server)))
    }

    /// Where a request counts that is refused without a look at its method. `None` when calls are not counted.
    pub(crate) fn counts(&self, method_id: u32) -> Option<&'static SideCounts> {
        let counts = self.router.method(method_id).map(|(_, counts)| counts);
        let counts = counts.unwrap_or(MethodCounts::unknown());
        are_calls_counted().then_some(&counts.server)
    }

    /// An answer that may be sent, given the bytes that the peer has left unread.
    pub(crate) fn admit_response(
        &self,
        response: Response,
        unwritten: usize,
    ) -> Result<Response, Status> {
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

/// What HTTP needs.
#[cfg(feature = "http")]
impl<S> ServerState<S> {
    pub(crate) fn service(&self) -> &S {
        &self.service
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Counts a request of so many bytes as in flight for as long as the guard lives.
    ///
    /// # Errors
    /// `Overloaded` when there is no room for it.
    pub(crate) fn enter(&self, bytes: usize) -> Result<Entered<'_>, Refused> {
        let in_flight = &self.in_flight;
        if in_flight.enter(1) == 0 {
            return Err(Refused::in_flight());
        }
        if !in_flight.enter_bytes(bytes) {
            in_flight.leave(0);
            return Err(Refused::in_flight_bytes());
        }
        Ok(Entered { in_flight, bytes })
    }

    pub(crate) fn site(&self) -> &Site {
        &self.site
    }
}

/// A request in flight.
#[cfg(feature = "http")]
#[derive(Debug)]
pub(crate) struct Entered<'a> {
    in_flight: &'a InFlight,
    bytes: usize,
}

#[cfg(feature = "http")]
impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.in_flight.leave(self.bytes);
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
    health: HealthHandle,
    watch: ServerWatch,
    #[cfg(feature = "http")]
    http: HttpOptions,
    #[cfg(feature = "http")]
    tickets: Tickets,
    #[cfg(feature = "http")]
    pages: Pages,
}

impl Server<Plain> {
    /// A server with the built-in services and default limits.
    pub fn new() -> Server<Plain> {
        let health = HealthHandle::new();
        let mut router = Router::default();
        router.add(Arc::new(builtin::echo()));
        router.add(Arc::new(builtin::health(health.clone())));
        Server {
            router,
            limits: Limits::default(),
            layers: Plain,
            watch: ServerWatch::new(health.clone()),
            health,
            #[cfg(feature = "http")]
            http: HttpOptions::default(),
            #[cfg(feature = "http")]
            tickets: Tickets::default(),
            #[cfg(feature = "http")]
            pages: Pages::new(),
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

    /// Sets how HTTP connections are treated, beside the limits.
    #[cfg(feature = "http")]
    pub fn http(mut self, options: HttpOptions) -> Server<L> {
        self.http = options;
        self
    }

    /// Sets who tells whose ticket it is, for methods whose `cgi` option requires one.
    #[cfg(feature = "http")]
    pub fn ticket_verifier(mut self, verifier: impl TicketVerifier) -> Server<L> {
        self.tickets = Tickets::new(verifier);
        self
    }

    /// Sets the pages it has beside its methods.
    #[cfg(feature = "http")]
    pub fn pages(mut self, pages: Pages) -> Server<L> {
        self.pages = pages;
        self
    }

    /// What the server says of its health; may be kept and used while the server runs.
    pub fn health(&self) -> HealthHandle {
        self.health.clone()
    }

    /// A look at it from outside; may be kept and used while the server runs.
    pub fn watch(&self) -> ServerWatch {
        self.watch.clone()
    }

    /// Puts a layer around all services, whether added before or after, and the built-in ones with them.
    pub fn layer<Outer>(self, outer: Outer) -> Server<Around<Outer, L>> {
        Server {
            router: self.router,
            limits: self.limits,
            layers: Around {
                outer,
                inner: self.layers,
            },
            health: self.health,
            watch: self.watch,
            #[cfg(feature = "http")]
            http: self.http,
            #[cfg(feature = "http")]
            tickets: self.tickets,
            #[cfg(feature = "http")]
            pages: self.pages,
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
    /// `InvalidInput` when two methods have the same CGI path, or a page has a method's or none at all. Errors of single connections end those, and a listener that cannot
    /// accept for want of files is tried again.
    pub async fn run(
        self,
        listener: Listener,
        shutdown: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let mut router = self.router;
        let limits = self.limits;
        #[cfg(feature = "reflection")]
        router.add(Arc::new(builtin::reflection(router.services())));
        let services = router.services().iter();
        self.health.add(services.map(|s| s.full_name));
        #[cfg(feature = "http")]
        let site = Site::new(
            router.services(),
            self.http,
            self.tickets,
            self.pages,
            self.health.clone(),
        )?;
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
            health: self.health,
            #[cfg(feature = "http")]
            site,
        });
        sampler::start();
        runtime_lag::watch();
        let open = Arc::new(accept::Open::default());
        self.watch
            .begin(open.clone(), state.router.services().to_vec());
        accept::run(listener, state, open, shutdown).await;
        Ok(())
    }
}
