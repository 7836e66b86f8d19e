//! Deadlines on the serving side: no work for nobody, and calls made by a handler inherit what is left.

use crate::context::Inherited;
use crate::service::{Request, Response, Service};
use crate::status::Status;

/// Makes what a call hands down ambient in its handler, and drops requests that nobody waits for any more before the handler runs.
#[derive(Debug)]
pub(crate) struct ServeDeadline<S>(pub(crate) S);

impl<S: Service> Service for ServeDeadline<S> {
    async fn call(&self, request: Request) -> Result<Response, Status> {
        if request.context.is_expired() {
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
