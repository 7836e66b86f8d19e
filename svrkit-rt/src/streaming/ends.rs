//! Where the two generated ends of a call find its messages.

use super::inlet::{Inlet, Next};
use super::table::over;
use crate::compression::Outgoing;
use crate::monitor::rpc::SideCounts;
use crate::service::{BoxFuture, Response};
use crate::status::Status;
use bytes::Bytes;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

/// The streams of a call, beside its request and its answer. Hangs on the context, and is linked once, when somebody carries the call.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    link: OnceLock<Link>,
}

/// What carries messages.
pub(crate) struct Link {
    pub(crate) inlet: Arc<Inlet>,
    pub(crate) outlet: Box<dyn Outlet>,
    /// Where messages count, unless calls are not counted.
    pub(crate) counts: Option<&'static SideCounts>,
}

/// The way out for messages of one call.
pub(crate) trait Outlet: Send + Sync {
    /// A message as it will be sent: compressed, perhaps.
    fn pack(&self, body: Bytes) -> Outgoing {
        Outgoing::new(body, None)
    }

    /// Sends a message as soon as the peer takes it.
    ///
    /// # Errors
    /// The message is too long, or the call is over.
    fn poll_send(&self, cx: &mut Context<'_>, message: &Outgoing) -> Poll<Result<(), Status>>;

    /// The last message was sent.
    fn finish(&self);

    /// This end cannot go on. A caller's ends the call with this status.
    fn give_up(&self, status: Status);

    /// Lets the peer send so many bytes more.
    fn grant(&self, bytes: u32);
}

impl Ends {
    pub(crate) fn linked(link: Link) -> Ends {
        Ends {
            link: OnceLock::from(link),
        }
    }

    /// Says who carries the call. It is asked once: what streams cannot be sent twice.
    pub(crate) fn link(&self, link: Link) {
        let linked = self.link.set(link);
        debug_assert!(linked.is_ok(), "a call that streams is carried once");
    }

    pub(crate) fn is_linked(&self) -> bool {
        self.link.get().is_some()
    }

    /// The next message; `None` after the last one.
    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        // A layer answered, and nobody carries the call.
        let Some(link) = self.link.get() else {
            return Poll::Pending;
        };
        let Next { message, credit } = ready!(link.inlet.poll_next(cx));
        if credit > 0 {
            link.outlet.grant(credit);
        }
        let Some(message) = message? else {
            return Poll::Ready(Ok(None));
        };
        if let Some(counts) = link.counts {
            counts.message_received(message.len());
        }
        let body = message.unpack().inspect_err(|status| {
            // Whoever might wait is the one who is told.
            let _ = link.inlet.fail(status.clone());
            link.outlet.give_up(status.clone());
        });
        Poll::Ready(body.map(Some))
    }

    /// Sends a message; waits while the peer, or the connection, takes none.
    pub(super) async fn send(&self, body: Bytes) -> Result<(), Status> {
        let link = self.link.get().ok_or_else(over)?;
        let len = body.len();
        let message = link.outlet.pack(body);
        let mut waited = false;
        std::future::poll_fn(|cx| {
            let sent = link.outlet.poll_send(cx, &message);
            if let (Some(counts), Poll::Pending, false) = (link.counts, &sent, waited) {
                counts.message_waits();
            }
            waited |= sent.is_pending();
            sent
        })
        .await?;
        if let Some(counts) = link.counts {
            counts.message_sent(len);
        }
        Ok(())
    }

    pub(super) fn finish(&self) {
        if let Some(link) = self.link.get() {
            link.outlet.finish();
        }
    }

    pub(super) fn abandon(&self) {
        if let Some(link) = self.link.get() {
            let message = "the sender of requests was dropped, and was not finished";
            link.outlet.give_up(Status::cancelled(message));
        }
    }

    /// Nobody takes messages here any more.
    pub(super) fn stop_receiving(&self) {
        if let Some(link) = self.link.get() {
            // Whoever might wait is the one who leaves.
            let _ = link.inlet.fail(over());
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inlet.fmt(f)
    }
}

/// The calling side of a call that streams, layers and all, for as long as it takes. Dropped before its end, it is cancelled.
pub(crate) struct Calling {
    call: Option<BoxFuture<Result<Response, Status>>>,
    outcome: Option<Result<Response, Status>>,
}

impl Calling {
    pub(crate) fn new(call: BoxFuture<Result<Response, Status>>) -> Calling {
        Calling {
            call: Some(call),
            outcome: None,
        }
    }

    /// Ready when the call is over.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<&Result<Response, Status>> {
        if let Some(call) = &mut self.call {
            self.outcome = Some(ready!(call.as_mut().poll(cx)));
            self.call = None;
        }
        Poll::Ready(self.outcome.get_or_insert_with(|| Err(over())))
    }

    /// How the call went, once that is known.
    pub(super) fn outcome(&self) -> Option<&Result<Response, Status>> {
        self.outcome.as_ref()
    }

    pub(super) async fn answer(mut self) -> Result<Response, Status> {
        std::future::poll_fn(|cx| self.poll(cx).map(|_| ())).await;
        self.outcome.unwrap_or_else(|| Err(over()))
    }
}

impl fmt::Debug for Calling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Calling").field(&self.outcome).finish()
    }
}
