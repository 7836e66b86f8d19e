//! One kind of request, one kind of service, and what can be put around it: the same pipeline on both sides of a call.

use crate::context::{Context, Priority};
use crate::metadata::Metadata;
use crate::status::Status;
use bytes::Bytes;
use std::future::Future;
use std::pin::Pin;

/// A future behind a pointer, for the two places where its type must be forgotten: the router and user layers of a channel.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A call between the two generated ends: everything but the types.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method, deadline, priority, metadata, attachment. Boxed, because every layer's future holds a request and copies it on: with
    /// the 230 bytes in line, copying them was a sixth of a server's time.
    pub context: Box<Context>,
    /// The encoded request message.
    pub body: Bytes,
}

impl Request {
    /// A request of its two parts.
    pub fn new(context: Context, body: Bytes) -> Request {
        Request {
            context: Box::new(context),
            body,
        }
    }
}

/// A successful answer.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The encoded answer message.
    pub body: Bytes,
    /// Bytes beside it.
    pub attachment: Bytes,
    /// Key-values beside it.
    pub metadata: Metadata,
    /// How the callee does. Filled in on the calling side.
    pub load: Load,
}

/// What a callee says of itself with every successful answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Microseconds that this call waited between its arrival and the start of its handler.
    pub queued_us: u32,
    /// The least important calls that the callee admits now.
    pub admitted: Priority,
}

/// No waiting, and everything admitted.
impl Default for Load {
    fn default() -> Load {
        Load {
            queued_us: 0,
            admitted: Priority::LEAST,
        }
    }
}

/// An asynchronous function of a request. Handlers, clients and everything between them are services.
pub trait Service: Send + Sync + 'static {
    /// Serves one request.
    fn call(&self, request: Request) -> impl Future<Output = Result<Response, Status>> + Send;
}

/// Wraps a service in another one.
pub trait Layer<S: Service> {
    /// The wrapped service.
    type Service: Service;

    /// Wraps `inner`.
    fn layer(self, inner: S) -> Self::Service;
}

/// A look at (or a change of, or a refusal of) a request before it goes on: the simple half of a layer.
pub trait Interceptor: Send + Sync + 'static {
    /// Lets the request pass, changed or not, or refuses it.
    ///
    /// # Errors
    /// The status that the caller is to get instead of an answer.
    fn intercept(&self, request: &mut Request) -> Result<(), Status>;
}

impl<F> Interceptor for F
where
    F: Fn(&mut Request) -> Result<(), Status> + Send + Sync + 'static,
{
    fn intercept(&self, request: &mut Request) -> Result<(), Status> {
        self(request)
    }
}

/// The layer of an interceptor.
#[derive(Clone, Debug)]
pub struct Intercept<I>(pub I);

impl<S: Service, I: Interceptor> Layer<S> for Intercept<I> {
    type Service = Intercepted<S, I>;

    fn layer(self, inner: S) -> Intercepted<S, I> {
        Intercepted {
            inner,
            interceptor: self.0,
        }
    }
}

/// A service behind an interceptor.
#[derive(Clone, Debug)]
pub struct Intercepted<S, I> {
    inner: S,
    interceptor: I,
}

impl<S: Service, I: Interceptor> Service for Intercepted<S, I> {
    async fn call(&self, mut request: Request) -> Result<Response, Status> {
        self.interceptor.intercept(&mut request)?;
        self.inner.call(request).await
    }
}

impl<S: Service> Service for std::sync::Arc<S> {
    fn call(&self, request: Request) -> impl Future<Output = Result<Response, Status>> + Send {
        S::call(self, request)
    }
}

/// A service whose type is forgotten.
pub(crate) trait DynService: Send + Sync + 'static {
    fn call_boxed<'a>(
        &'a self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Status>> + Send + 'a>>;
}

impl<S: Service> DynService for S {
    fn call_boxed<'a>(
        &'a self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Status>> + Send + 'a>> {
        Box::pin(self.call(request))
    }
}
