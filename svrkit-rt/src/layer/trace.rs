//! W3C trace context on the serving side, as a `tracing` span a call.

use crate::service::{Request, Response, Service};
use crate::status::Status;
use crate::trace::TraceContext;
use tracing::{Instrument, Level, Span};

/// Gives each call a span when somebody listens, named after the method and carrying the trace context; starts a trace for calls
/// that came without one. Costs one comparison when nobody listens.
#[derive(Debug)]
pub(crate) struct ServeTrace<S>(pub(crate) S);

impl<S: Service> Service for ServeTrace<S> {
    async fn call(&self, mut request: Request) -> Result<Response, Status> {
        let span = if tracing::enabled!(Level::INFO) {
            open_span(&mut request)
        } else {
            Span::none()
        };
        let result = self.0.call(request).instrument(span.clone()).await;
        span.record(
            "code",
            result.as_ref().map_or_else(|s| s.code().name(), |_| "ok"),
        );
        result
    }
}

fn open_span(request: &mut Request) -> Span {
    let (trace, _) = request.context.open_span(TraceContext::start);
    tracing::info_span!(
        "serve",
        method = request.context.method.full_name,
        trace = %trace,
        routing_key = request.context.routing_key,
        code = tracing::field::Empty,
    )
}
