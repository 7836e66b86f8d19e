//! The cheap handle that calls go through: it finds an open connection, or waits for one.

use super::blocking;
use super::config::ChannelConfig;
use super::connection::ClientConnection;
use super::counting::Counting;
use super::endpoint::Endpoint;
use super::lane::{Lane, not_connected};
use crate::call::Call;
use crate::context::{Context, Inherited};
use crate::deadline::Deadline;
use crate::descriptor::MethodDescriptor;
use crate::layer::{Around, Plain};
use crate::service::{DynService, Layer, Request, Response, Service};
use crate::status::{Code, Status};
use crate::transport::MemoryConnector;
use bytes::Bytes;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Connections that a call tries which turn out to be closed.
const SENDINGS_MAX: u32 = 3;
/// Most lanes to one endpoint.
const LANES_MAX: usize = 8;

/// A handle to a service somewhere: connects when first used, reconnects, and spreads calls over its endpoints and lanes. Clones
/// share everything. When the last clone is gone the connections close, each after its last answer.
#[derive(Clone)]
pub struct Channel {
    core: Arc<Core>,
    /// The author's layers around `core`, if there are any.
    layered: Option<Arc<dyn DynService>>,
}

/// Endpoints, options and layers of a channel to be.
#[derive(Debug)]
pub struct ChannelBuilder<L = Plain> {
    endpoints: Vec<Endpoint>,
    config: ChannelConfig,
    layers: L,
}

struct Core {
    lanes: Vec<Arc<Lane>>,
    next: AtomicUsize,
    changed: Arc<Notify>,
    waiting: AtomicUsize,
    config: Arc<ChannelConfig>,
    runtime: Handle,
}

impl Channel {
    /// A channel to one address: `host:port` or `unix:/path`. Connects at the first call.
    ///
    /// # Errors
    /// `InvalidArgument` when the address is malformed.
    pub fn connect(address: &str) -> Result<Channel, Status> {
        Channel::builder()
            .endpoint(Endpoint::parse(address)?)
            .build()
    }

    /// A channel to a listener in this process's memory.
    ///
    /// # Errors
    /// As [`ChannelBuilder::build`].
    pub fn memory(connector: MemoryConnector) -> Result<Channel, Status> {
        Channel::builder()
            .endpoint(Endpoint::memory(connector))
            .build()
    }

    /// For several endpoints, other options, and layers.
    pub fn builder() -> ChannelBuilder {
        ChannelBuilder {
            endpoints: Vec::new(),
            config: ChannelConfig::default(),
            layers: Plain,
        }
    }

    /// Sends a request as it is. Generated clients come through here; so does whoever has no types.
    ///
    /// # Errors
    /// What the callee answers, or what kept the call from being answered.
    pub async fn call(&self, request: Request) -> Result<Response, Status> {
        match &self.layered {
            None => self.core.call(request).await,
            Some(layered) => layered.call_boxed(request).await,
        }
    }

    /// A channel that shares this one's connections, with a layer around its own: for one caller that is to be treated differently.
    pub fn with_layer<L: Layer<Through>>(&self, layer: L) -> Channel {
        Channel {
            core: self.core.clone(),
            layered: Some(Arc::new(layer.layer(Through(self.clone())))),
        }
    }

    /// A request from its parts: timeout, priority, routing key and trace are those of the call, else inherited from the call being
    /// served, else the method's.
    pub fn untyped<M>(
        &self,
        method: &'static MethodDescriptor,
        call: Call<M>,
        body: Bytes,
    ) -> Request {
        let inherited = Inherited::current();
        let timeout = call
            .timeout
            .unwrap_or(Duration::from_millis(method.timeout_ms as u64));
        let deadline = Deadline::after(timeout).earlier(inherited.map(|i| i.deadline));
        let mut context = Context::new(method, deadline);
        if let Some(inherited) = inherited {
            context.priority = inherited.priority;
            context.routing_key = inherited.routing_key;
            context.trace = inherited.trace.map(|t| t.child());
        }
        if let Some(priority) = call.priority {
            context.priority = priority;
        }
        if let Some(key) = call.routing_key {
            context.routing_key = key;
        }
        context.attempt = call.attempt;
        context.metadata = call.metadata;
        context.attachment = call.attachment;
        Request::new(context, body)
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.core.runtime
    }
}

impl<L> ChannelBuilder<L> {
    /// Adds an endpoint. Calls go to those that are connected, in turn.
    pub fn endpoint(mut self, endpoint: Endpoint) -> ChannelBuilder<L> {
        self.endpoints.push(endpoint);
        self
    }

    /// Sets the options.
    pub fn config(mut self, config: ChannelConfig) -> ChannelBuilder<L> {
        self.config = config;
        self
    }

    /// Puts a layer around everything added so far.
    pub fn layer<Outer>(self, outer: Outer) -> ChannelBuilder<Around<Outer, L>> {
        ChannelBuilder {
            endpoints: self.endpoints,
            config: self.config,
            layers: Around {
                outer,
                inner: self.layers,
            },
        }
    }

    fn core(self) -> Result<(Arc<Core>, L), Status> {
        if self.endpoints.is_empty() {
            return Err(Status::invalid_argument("channel has no endpoint"));
        }
        let config = Arc::new(self.config);
        let changed = Arc::new(Notify::new());
        let lanes_per_endpoint = config.lanes_per_endpoint.clamp(1, LANES_MAX);
        let lanes = (0..lanes_per_endpoint).flat_map(|_| &self.endpoints);
        let lanes = lanes
            .map(|e| Arc::new(Lane::new(e.clone(), config.clone(), changed.clone())))
            .collect();
        let core = Core {
            lanes,
            next: AtomicUsize::new(0),
            changed,
            waiting: AtomicUsize::new(0),
            config,
            runtime: blocking::runtime()?,
        };
        Ok((Arc::new(core), self.layers))
    }
}

impl ChannelBuilder<Plain> {
    /// The channel.
    ///
    /// # Errors
    /// `InvalidArgument` without an endpoint; `ResourceExhausted` when there is no runtime and no thread can be started for one.
    pub fn build(self) -> Result<Channel, Status> {
        let (core, Plain) = self.core()?;
        Ok(Channel {
            core,
            layered: None,
        })
    }
}

impl<Outer, Inner> ChannelBuilder<Around<Outer, Inner>>
where
    Around<Outer, Inner>: Layer<Base>,
{
    /// The channel.
    ///
    /// # Errors
    /// `InvalidArgument` without an endpoint; `ResourceExhausted` when there is no runtime and no thread can be started for one.
    pub fn build(self) -> Result<Channel, Status> {
        let (core, layers) = self.core()?;
        let layered = Arc::new(layers.layer(Base(core.clone())));
        Ok(Channel {
            core,
            layered: Some(layered),
        })
    }
}

/// What a layer of [`Channel::with_layer`] ends in: the channel that it was put around.
pub struct Through(Channel);

impl Service for Through {
    async fn call(&self, request: Request) -> Result<Response, Status> {
        self.0.call(request).await
    }
}

impl fmt::Debug for Through {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Through")
    }
}

/// What the layers of a channel end in: the call goes out.
#[derive(Debug)]
pub struct Base(Arc<Core>);

impl Service for Base {
    async fn call(&self, request: Request) -> Result<Response, Status> {
        self.0.call(request).await
    }
}

impl Core {
    async fn call(&self, mut request: Request) -> Result<Response, Status> {
        let mut counting = Counting::begin(&mut request);
        for sending in 1.. {
            let connection = match self.pick() {
                Some(connection) => connection,
                None => {
                    counting.waits();
                    let waited = self.wait(request.context.deadline).await;
                    waited.inspect_err(|status| counting.refused(status))?
                }
            };
            let mut call = connection.call(request);
            let result = (&mut call).await;
            // A connection that closed between being picked and being used is nobody's fault, and nothing was sent.
            let gone = matches!(&result, Err(status) if status.code() == Code::Unavailable);
            match call.unsent() {
                Some(unsent) if gone && sending < SENDINGS_MAX => request = unsent,
                _ => {
                    counting.end(&result, call.times());
                    return result;
                }
            }
        }
        Err(Status::internal("call was given up"))
    }

    /// An open connection, in turn. A lane whose turn it is and which is not open is begun to be opened on the way.
    fn pick(&self) -> Option<Arc<ClientConnection>> {
        if let [only] = self.lanes.as_slice() {
            return only.connection();
        }
        let turn = self.next.fetch_add(1, Relaxed);
        for n in 0..self.lanes.len() {
            let lane = &self.lanes[turn.wrapping_add(n) % self.lanes.len()];
            if let Some(connection) = lane.connection() {
                return Some(connection);
            }
            lane.start(&self.runtime);
        }
        None
    }

    /// Waits for any lane to open, starting those that may be.
    async fn wait(&self, deadline: Deadline) -> Result<Arc<ClientConnection>, Status> {
        let _waiting = Waiting::enter(&self.waiting, self.config.waiting_calls_max)?;
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(connection) = self.pick() {
                return Ok(connection);
            }
            let retry_at = self
                .lanes
                .iter()
                .filter_map(|lane| lane.start(&self.runtime))
                .min();
            let until = retry_at.map_or(deadline.instant(), |t| t.min(deadline.instant()));
            tokio::select! {
                biased;
                () = changed => {}
                () = sleep_until(until) => {}
            }
            if deadline.instant() <= Instant::now() {
                return Err(not_connected(&self.lanes));
            }
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        for lane in &self.lanes {
            lane.close();
        }
    }
}

struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(waiting: &'a AtomicUsize, max: usize) -> Result<Waiting<'a>, Status> {
        let before = waiting.fetch_add(1, Relaxed);
        let entered = Waiting(waiting);
        if before >= max {
            let message = format!("waiting_calls_max: {before} calls wait for a connection");
            return Err(Status::resource_exhausted(message).with_not_started());
        }
        Ok(entered)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(f)
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({} lanes)", self.lanes.len())
    }
}
