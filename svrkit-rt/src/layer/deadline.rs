//! Deadlines on the serving side: no work for nobody, and calls made by a handler inherit what is left.

use crate::context::Inherited;
use crate::service::{Request, Response, Service};
use crate::status::Status;

/// Drops requests that nobody waits for any more before their handler runs, and makes the context ambient for calls that the
/// handler makes.
#[derive(Debug)]
pub(crate) struct ServeDeadline<S>(pub(crate) S);

impl<S: Service> Service for ServeDeadline<S> {
    async fn call(&self, request: Request) -> Result<Response, Status> {
        if request.context.remaining().is_zero() {
            return Err(
                Status::deadline_exceeded("deadline passed before the handler started")
                    .with_not_started(),
            );
        }
        Inherited::of(&request.context)
            .scope(self.0.call(request))
            .await
    }
}
