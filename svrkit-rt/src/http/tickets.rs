//! Who a client outside is: the ticket it brings, and who can tell whose it is.

use crate::service::BoxFuture;
use crate::status::Status;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

/// Tells whose ticket it is. Needed by a server with a method whose `cgi` option says `ticket: REQUIRED`; without one, such calls are
/// refused with `Unauthenticated`.
pub trait TicketVerifier: Send + Sync + 'static {
    /// The uin of the user who holds `ticket`; it becomes the call's routing key. Runs within the deadline of the call, and calls
    /// made here inherit it.
    ///
    /// # Errors
    /// What the client is to be told: `Unauthenticated` for a ticket that is not valid.
    fn verify(&self, ticket: &str) -> impl Future<Output = Result<u64, Status>> + Send;
}

trait DynVerifier: Send + Sync {
    fn verify(self: Arc<Self>, ticket: String) -> BoxFuture<Result<u64, Status>>;
}

impl<V: TicketVerifier> DynVerifier for V {
    fn verify(self: Arc<Self>, ticket: String) -> BoxFuture<Result<u64, Status>> {
        Box::pin(async move { TicketVerifier::verify(&*self, &ticket).await })
    }
}

/// The verifier of a server, if it has one.
#[derive(Clone, Default)]
pub(crate) struct Tickets(Option<Arc<dyn DynVerifier>>);

impl Tickets {
    pub(crate) fn new(verifier: impl TicketVerifier) -> Tickets {
        Tickets(Some(Arc::new(verifier)))
    }

    /// The uin of whoever sent these headers.
    ///
    /// # Errors
    /// `Unauthenticated` without a ticket or a verifier, else the verifier's.
    pub(super) async fn uin(&self, headers: &HeaderMap) -> Result<u64, Status> {
        let Some(verifier) = &self.0 else {
            return Err(Status::unauthenticated(
                "this server has nobody to verify tickets",
            ));
        };
        let Some(ticket) = bearer(headers) else {
            return Err(Status::unauthenticated(
                "a ticket is required: authorization: Bearer <ticket>",
            ));
        };
        let mut verify = verifier.clone().verify(ticket.to_owned());
        // As in the pipeline, a panic costs one call, not the connection with all that is behind it.
        std::future::poll_fn(|cx| {
            catch_unwind(AssertUnwindSafe(|| verify.as_mut().poll(cx))).unwrap_or_else(|_| {
                tracing::error!("ticket verifier panicked");
                Poll::Ready(Err(Status::internal("ticket verifier panicked")))
            })
        })
        .await
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Some(_) => "Tickets(verified)",
            None => "Tickets(refused)",
        })
    }
}

/// The token of RFC 6750; the scheme's case does not matter.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, ticket) = value.split_once(' ')?;
    let ticket = ticket.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !ticket.is_empty()).then_some(ticket)
}
