//! A request that came over HTTP, on its way through the pipeline that framed requests go through.

use super::counting::Counting;
use crate::context::Context;
use crate::deadline::Deadline;
use crate::monitor::rpc::SideCounts;
use crate::server::{ServerState, Time};
use crate::service::{Request, Response, Service};
use crate::status::Status;
use bytes::Bytes;
use std::future::Future;
use tokio::time::{Instant, timeout_at};

/// Serves a request; `begin` is told once it is let in, and where it counts. Dropped with its connection or stream, and the handler
/// with it.
pub(super) async fn serve<S: Service>(
    server: &ServerState<S>,
    mut context: Box<Context>,
    body: Bytes,
    begin: impl FnOnce(&mut Context, Option<&'static SideCounts>),
) -> Result<Response, Status> {
    let mut counting = Counting::begin(server, &mut context, body.len());
    let deadline = context.deadline;
    let (priority, time) = (context.priority, Time::from(&*context));
    let entered = server
        .enter(priority, time, body.len(), Instant::now())
        .await;
    let _in_flight = entered.map_err(|refused| {
        counting.refused(&refused);
        refused.status
    })?;
    begin(&mut context, counting.counts());
    let call = server.service().call(Request { context, body });
    let result = within(deadline, call).await.flatten();
    let result = result.map_err(Status::of_handler);
    let result = result.and_then(|response| server.admit_response(response, 0));
    counting.end(&result);
    let response = result?;
    if !response.attachment.is_empty() {
        let message = "the answer has an attachment, which only frames carry";
        return Err(Status::unimplemented(message));
    }
    Ok(response)
}

pub(super) async fn within<F: Future>(deadline: Deadline, future: F) -> Result<F::Output, Status> {
    timeout_at(deadline.instant(), future)
        .await
        .map_err(|_| Status::deadline_exceeded("deadline passed while the handler ran"))
}
