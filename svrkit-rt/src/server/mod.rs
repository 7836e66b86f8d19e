//! Servers: a listener, the connections it brings, and the services behind them.

mod accept;
mod admission;
mod answering;
mod blocking;
mod calls;
mod connection;
mod draining;
mod guard;
mod identity;
mod limits;
mod refused;
mod router;
mod streams;
mod watch;

pub use admission::{Admission, AdmissionConfig, AdmissionFigures, InFlight};
#[cfg(feature = "http")]
pub(crate) use answering::Control;
pub use draining::{Draining, Hold};
pub use limits::Limits;
pub use refused::NotAdmitted;
pub use watch::{OpenConnection, ServerWatch, Traffic};

use crate::auth::Auth;
use crate::builtin::{self, HealthHandle};
use crate::codegen::GeneratedService;
use crate::compression::{Compression, Packer};
#[cfg(feature = "http")]
use crate::context::Priority;
use crate::descriptor::{MethodDescriptor, ServiceDescriptor};
#[cfg(feature = "http")]
use crate::http::{HttpOptions, Pages, Site, TicketVerifier, Tickets};
use crate::layer::{Around, CatchPanic, Plain, ServeDeadline, ServeTrace};
use crate::monitor::rpc::{MethodCounts, SideCounts, are_calls_counted};
use crate::monitor::{runtime_lag, sampler};
use crate::service::{Layer, Response};
use crate::status::Status;
use crate::streaming::HeldBytes;
#[cfg(feature = "http")]
use crate::token_buckets::TokenBucket;
use crate::transport::Listener;
#[cfg(feature = "http")]
pub(crate) use admission::Time;
use blocking::BlockingPool;
use guard::Guard;
#[cfg(feature = "http")]
pub(crate) use identity::Identity;
#[cfg(feature = "http")]
pub(crate) use refused::Refused;
pub use router::Router;
use std::future::Future;
use std::io;
use std::sync::Arc;
#[cfg(feature = "http")]
use tokio::time::Instant;

/// What a connection needs of its server.
pub(crate) struct ServerState<S> {
    service: S,
    router: Arc<Router>,
    limits: Limits,
    admission: Admission,
    /// What is asked of callers, if anything.
    guard: Option<Guard>,
    /// Messages that handlers have not taken.
    stream_bytes: Arc<HeldBytes>,
    /// What compresses answers, if anything.
    packer: Option<Packer>,
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

    /// What is asked of callers, if anything.
    pub(crate) fn guard(&self) -> Option<&Guard> {
        self.guard.as_ref()
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

    /// What compresses answers, if anything.
    pub(crate) fn packer(&self) -> Option<&Packer> {
        self.packer.as_ref()
    }

    /// Lets a request of so many bytes in, and waits for its turn. It counts as in flight for as long as the guard lives.
    ///
    /// # Errors
    /// It is refused, there is no room for it, or its turn does not come in time.
    pub(crate) async fn enter(
        &self,
        priority: Priority,
        time: Time,
        bytes: usize,
        arrived: Instant,
    ) -> Result<InFlight, Refused> {
        let limits = &self.limits;
        let taken = self
            .admission
            .take_among(priority, time, arrived, limits.in_flight_max);
        let mut in_flight = taken?;
        in_flight.hold(bytes, limits.in_flight_bytes_max)?;
        in_flight.begin().await?;
        Ok(in_flight)
    }

    /// Bounds the requests of one connection, if that is wanted.
    #[cfg(feature = "http")]
    pub(crate) fn caller_bucket(&self) -> Option<TokenBucket> {
        self.admission.caller_rate().map(TokenBucket::new)
    }

    /// Whether a method lets in who is at the other end. Counts a request that it does not.
    ///
    /// # Errors
    /// What the caller is told.
    pub(crate) fn admit_caller(
        &self,
        method: &MethodDescriptor,
        identity: &Identity,
    ) -> Result<(), Status> {
        let Some(guard) = self.guard() else {
            return Ok(());
        };
        let admitted = guard.admit(method.id, identity.caller());
        admitted.map_err(|refusal| {
            let refused = Refused::from(refusal);
            self.count_refused(method, &refused);
            refused.status
        })
    }

    /// Counts a request that was refused by its header.
    pub(crate) fn count_refused(&self, method: &MethodDescriptor, refused: &Refused) {
        if let Some(counts) = self.counts(method.id) {
            counts.reject(refused.why, refused.status.code());
        }
    }

    /// What the messages of all streams hold that no handler has taken.
    #[cfg(feature = "grpc")]
    pub(crate) fn stream_bytes(&self) -> &Arc<HeldBytes> {
        &self.stream_bytes
    }

    pub(crate) fn site(&self) -> &Site {
        &self.site
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
    admission: Option<Admission>,
    auth: Option<Auth>,
    compression: Compression,
    layers: L,
    health: HealthHandle,
    draining: Draining,
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
            watch: ServerWatch::new(health.clone(), router.tap().clone()),
            router,
            limits: Limits::default(),
            admission: None,
            auth: None,
            compression: Compression::default(),
            layers: Plain,
            health,
            draining: Draining::new(),
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

    /// Sets what is done when there is more to do than can be done. A server that is given none has one of its own with default settings;
    /// servers of a process are better given clones of one, since it is the process that has too much to do.
    pub fn admission(mut self, admission: Admission) -> Server<L> {
        self.admission = Some(admission);
        self
    }

    /// Sets what is asked of callers. A server that is given nothing lets in everybody, and believes what they say of priority and tag.
    pub fn auth(mut self, auth: Auth) -> Server<L> {
        self.auth = Some(auth);
        self
    }

    /// What it serves so far, the built-in services with it.
    pub fn services(&self) -> &[&'static ServiceDescriptor] {
        self.router.services()
    }

    /// Sets what answers are compressed with.
    pub fn compression(mut self, compression: Compression) -> Server<L> {
        self.compression = compression;
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

    /// How handlers learn that the server is going to stop; may be kept and waited for while the server runs. A handler that only waits
    /// for something to happen should answer then: its caller asks again, elsewhere.
    pub fn draining(&self) -> Draining {
        self.draining.clone()
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
            admission: self.admission,
            auth: self.auth,
            compression: self.compression,
            layers: Around {
                outer,
                inner: self.layers,
            },
            health: self.health,
            draining: self.draining,
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
    /// `InvalidInput` when two methods have the same CGI path, a page has a method's or none at all, or a rule of [`Server::auth`] is about
    /// nothing that there is. Errors of single connections end those, and a listener that cannot
    /// accept for want of files is tried again.
    pub async fn run(
        self,
        listener: Listener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
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
        let guard = self.auth.map(|auth| Guard::new(auth, router.services()));
        let guard = guard.transpose();
        let guard = guard.map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
        let admission = self.admission;
        let admission = admission.unwrap_or_else(|| Admission::new(AdmissionConfig::default()));
        router.set_blocking_pool(BlockingPool::new(
            limits.blocking_threads_max,
            limits.blocking_waiting_max,
            admission.clone(),
        ));
        let router = Arc::new(router);
        let service = self.layers.layer(router.clone());
        let state: Arc<ServerState<Pipeline<L::Service>>> = Arc::new(ServerState {
            service: ServeTrace(ServeDeadline(CatchPanic(service))),
            router,
            admission,
            guard,
            stream_bytes: Arc::new(HeldBytes::new(limits.stream_bytes_max)),
            packer: Packer::new(&self.compression),
            limits,
            health: self.health,
            #[cfg(feature = "http")]
            site,
        });
        sampler::start();
        runtime_lag::watch();
        let open = Arc::new(accept::Open::new(self.draining));
        let services = state.router.services().to_vec();
        self.watch
            .begin(open.clone(), services, state.admission.clone());
        accept::run(listener, state, open, shutdown).await;
        Ok(())
    }
}
