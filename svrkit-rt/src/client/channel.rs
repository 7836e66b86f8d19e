//! The cheap handle that calls go through, and how one is made.

use super::blocking;
use super::config::ChannelConfig;
use super::core::Core;
use super::discover::{Discover, EndpointOptions, Source};
use super::endpoint::Endpoint;
use super::watch::ChannelWatch;
use crate::call::Call;
use crate::context::{Context, Inherited, Priority};
use crate::deadline::Deadline;
use crate::descriptor::MethodDescriptor;
use crate::layer::{Around, Plain};
use crate::monitor;
use crate::service::{DynService, Layer, Request, Response, Service};
use crate::status::Status;
use crate::transport::MemoryConnector;
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// A handle to a service somewhere: connects when first used, reconnects, and spreads calls over its endpoints and lanes. Clones
/// share everything. When the last clone is gone the connections close, each after its last answer.
#[derive(Clone)]
pub struct Channel {
    core: Arc<Core>,
    /// The author's layers around `core`, if there are any.
    layered: Option<Arc<dyn DynService>>,
    /// The counter of this caller's calls, if somebody asked for one.
    tally: Option<monitor::Id>,
}

/// What stands between a call and its connections.
pub(crate) enum WayOut<'a> {
    Straight(&'a Core),
    Layered(&'a dyn DynService),
}

/// Endpoints, options and layers of a channel to be.
pub struct ChannelBuilder<L = Plain> {
    endpoints: Vec<Endpoint>,
    discover: Option<Box<dyn Discover>>,
    options: EndpointOptions,
    config: ChannelConfig,
    layers: L,
}

impl Channel {
    /// A channel to where [`ChannelBuilder::at`] says: `host:port`, or `unix:/path`, or some other place. Connects at the first call.
    ///
    /// # Errors
    /// `InvalidArgument` when the address is malformed.
    pub fn connect(address: &str) -> Result<Channel, Status> {
        Channel::builder().at(address)?.build()
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
            discover: None,
            options: Arc::new(|endpoint| endpoint),
            config: ChannelConfig::default(),
            layers: Plain,
        }
    }

    /// Sends a request as it is. Generated clients come through here; so does whoever has no types.
    ///
    /// # Errors
    /// What the callee answers, or what kept the call from being answered.
    pub async fn call(&self, request: Request) -> Result<Response, Status> {
        self.call_at(request, Instant::now()).await
    }

    /// The same for a request that was made at `now`, which is just now: the clock is not read once more for it.
    pub(crate) async fn call_at(&self, request: Request, now: Instant) -> Result<Response, Status> {
        match self.way_out() {
            WayOut::Straight(core) => core.call(request, now).await,
            WayOut::Layered(layers) => layers.call_boxed(request).await,
        }
    }

    /// What a call goes through; counts it as one of this caller's. For those who await it themselves.
    pub(crate) fn way_out(&self) -> WayOut<'_> {
        if let Some(tally) = self.tally {
            monitor::add(tally, 1);
        }
        match &self.layered {
            None => WayOut::Straight(&self.core),
            Some(layered) => WayOut::Layered(&**layered),
        }
    }

    /// A channel that shares this one's connections, with a layer around its own: for one caller that is to be treated differently.
    pub fn with_layer<L: Layer<Through>>(&self, layer: L) -> Channel {
        Channel {
            core: self.core.clone(),
            layered: Some(Arc::new(layer.layer(Through(self.clone())))),
            tally: None,
        }
    }

    /// Looks at it from outside: its instances, and how they do.
    pub fn watch(&self) -> ChannelWatch {
        ChannelWatch::new(&self.core)
    }

    /// A channel that shares this one's connections and layers, and adds its calls to a counter: for one of several callers in a process,
    /// at the price of the addition.
    pub fn tallied(&self, tally: monitor::Id) -> Channel {
        Channel {
            tally: Some(tally),
            ..self.clone()
        }
    }

    /// A request from its parts: timeout, priority, routing key and trace are those of the call, else inherited from the call being
    /// served, else the method's. A user priority that is nobody's is drawn.
    pub fn untyped<M>(
        &self,
        method: &'static MethodDescriptor,
        call: Call<M>,
        body: Bytes,
    ) -> Request {
        self.untyped_at(method, call, body, Instant::now())
    }

    /// The same for a call that is made at `now`.
    pub(crate) fn untyped_at<M>(
        &self,
        method: &'static MethodDescriptor,
        call: Call<M>,
        body: Bytes,
        now: Instant,
    ) -> Request {
        let inherited = Inherited::current();
        let timeout = call
            .timeout
            .unwrap_or(Duration::from_millis(method.timeout_ms as u64));
        let deadline = Deadline::from(now, timeout).earlier(inherited.map(|i| i.deadline));
        let mut context = Context::new(method, deadline);
        match inherited {
            Some(inherited) => {
                context.priority = inherited.priority;
                context.routing_key = inherited.routing_key;
                context.trace = inherited.trace.map(|t| t.child());
            }
            None => context.priority = Priority::drawn(method.priority),
        }
        if let Some(priority) = call.priority {
            context.priority = priority;
        }
        if let Some(key) = call.routing_key {
            context.routing_key = key;
        }
        context.attempt = call.attempt;
        context.metadata = call.metadata;
        if let Some(tag) = call.tag.or_else(|| inherited?.tag) {
            context.set_tag(tag);
        }
        context.attachment = call.attachment;
        Request::new(context, body)
    }

    pub(crate) fn runtime(&self) -> &Handle {
        self.core.runtime()
    }
}

impl<L> ChannelBuilder<L> {
    /// Adds an endpoint. Among several, calls go to those that serve, as [`ChannelConfig::balance`] says.
    pub fn endpoint(mut self, endpoint: Endpoint) -> ChannelBuilder<L> {
        self.endpoints.push(endpoint);
        self
    }

    /// Endpoints as settings say them:
    ///
    /// - `host:port` or `unix:/path`, or several with options, between commas: `10.0.0.1:80 zone=a, 10.0.0.2:80 zone=b weight=2`
    ///   ([`crate::parse_endpoints`]);
    /// - `file:/path`: a file that is watched ([`crate::EndpointsFile`]);
    /// - `dns:host:port`: all addresses of a host ([`crate::Dns`]);
    /// - `etcd:host:port/prefix`, with feature `etcd`: who is registered there.
    ///
    /// # Errors
    /// `InvalidArgument` when it is none of these.
    pub fn at(mut self, text: &str) -> Result<ChannelBuilder<L>, Status> {
        match Source::parse(text)? {
            Source::Fixed(endpoints) => self.endpoints.extend(endpoints),
            Source::Told(source) => self.discover = Some(source),
        }
        Ok(self)
    }

    /// What every endpoint is to be, wherever it comes from: `|endpoint| endpoint.tls(..)`.
    pub fn each_endpoint(
        mut self,
        options: impl Fn(Endpoint) -> Endpoint + Send + Sync + 'static,
    ) -> ChannelBuilder<L> {
        self.options = Arc::new(options);
        self
    }

    /// Has the endpoints told by `source`, as they come and go, instead of those added here.
    pub fn discover(mut self, source: impl Discover) -> ChannelBuilder<L> {
        self.discover = Some(Box::new(source));
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
            discover: self.discover,
            options: self.options,
            config: self.config,
            layers: Around {
                outer,
                inner: self.layers,
            },
        }
    }

    fn core(self) -> Result<(Arc<Core>, L), Status> {
        if self.endpoints.is_empty() && self.discover.is_none() {
            return Err(Status::invalid_argument("channel has no endpoint"));
        }
        let mut core = Core::new(self.config, blocking::runtime()?);
        match self.discover {
            None => {
                let endpoints = self.endpoints.into_iter().map(&*self.options);
                core.set_endpoints(endpoints.collect());
            }
            Some(source) => core.follow(source, self.options),
        }
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
            tally: None,
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
            tally: None,
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
        self.0.call(request, Instant::now()).await
    }
}

impl<L> fmt::Debug for ChannelBuilder<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelBuilder({} endpoints)", self.endpoints.len())
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(f)
    }
}
