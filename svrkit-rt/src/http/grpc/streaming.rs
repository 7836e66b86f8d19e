//! A call that streams: a task that runs the handler and leads its requests in.

use super::answers::{Answers, Ways};
use super::messages::Messages;
use super::requests::{Credit, lead_in};
use crate::context::Context;
use crate::http::serving::serve;
use crate::server::ServerState;
use crate::service::{Response, Service};
use crate::status::Status;
use crate::streaming::{Ends, Inlet, InletBounds, Link, over};
use bytes::Bytes;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::task::AbortHandle;

/// A call to be served, with what streams of it.
pub(super) struct Call {
    pub(super) context: Box<Context>,
    /// Its request; empty where requests stream.
    pub(super) body: Bytes,
    /// The requests that stream.
    pub(super) messages: Option<Messages>,
    pub(super) bounds: InletBounds,
    pub(super) answers: Arc<Answers>,
}

/// A handler's task, which ends when nobody wants its answers.
pub(super) struct Running(AbortHandle);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Call {
    /// Serves the call in a task of its own: its body is looked at only when the peer takes more of it, and its deadline must not wait
    /// for that.
    pub(super) fn spawn<S: Service>(self, server: Arc<ServerState<S>>) -> Running {
        let task = tokio::spawn(async move {
            let answers = self.answers.clone();
            let result = self.serve(&server).await;
            answers.end(result.map(|response| response.metadata));
        });
        Running(task.abort_handle())
    }

    /// Serves the call where it is awaited.
    pub(super) async fn serve<S: Service>(
        self,
        server: &ServerState<S>,
    ) -> Result<Response, Status> {
        let held = server.stream_bytes().clone();
        let inlet = Arc::new(match self.messages {
            Some(_) => Inlet::new(self.bounds, held),
            None => Inlet::ended(self.bounds, held),
        });
        let over_at_the_end = OverAtTheEnd(inlet.clone());
        let credit = Arc::new(Credit::new());
        let outlet = Ways {
            answers: self.answers.clone(),
            credit: credit.clone(),
        };
        let link = Link {
            inlet: inlet.clone(),
            outlet: Box::new(outlet),
            counts: None,
        };
        let (let_in, mut is_let_in) = tokio::sync::oneshot::channel();
        let answers = &self.answers;
        let served = serve(server, self.context, self.body, |context, counts| {
            context.streams = Some(Arc::new(Ends::linked(Link { counts, ..link })));
            answers.begin();
            // Whoever waits for it is in this very function.
            let _ = let_in.send(());
        });
        let requests = async {
            // What is not let in takes no memory.
            if (&mut is_let_in).await.is_ok()
                && let Some(messages) = self.messages
            {
                lead_in(messages, &inlet, &credit).await;
            }
            pending::<()>().await;
        };
        let (mut served, mut requests) = (pin!(served), pin!(requests));
        let result = std::future::poll_fn(|cx| {
            let polled = served.as_mut().poll(cx);
            if polled.is_pending() {
                let _: Poll<()> = requests.as_mut().poll(cx);
            }
            polled
        })
        .await;
        drop(over_at_the_end);
        result
    }
}

/// Whoever still holds an end of a call that is over is told.
struct OverAtTheEnd(Arc<Inlet>);

impl Drop for OverAtTheEnd {
    fn drop(&mut self) {
        if let Some(waker) = self.0.fail(over()) {
            waker.wake();
        }
    }
}
