//! The values of one call, and those that calls made while serving it inherit.

use crate::admission::USER_LEVELS;
use crate::auth::Caller;
use crate::deadline::Deadline;
use crate::descriptor::MethodDescriptor;
use crate::metadata::Metadata;
use crate::streaming::Ends;
use crate::tag::Tag;
use crate::trace::TraceContext;
use bytes::Bytes;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Metadata key of the tag on the wire.
const TAG_KEY: &str = "svrkit-tag";

/// Who is served first when not everybody can be: business level before user level; smaller is more important.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority {
    /// Importance of the operation, from the IDL of the method that a call entered by.
    pub business: u8,
    /// Spreads users evenly, so that overload sheds some users wholly rather than all users partly. Below
    /// [`crate::admission::USER_LEVELS`]; what is beyond counts as the last of them.
    pub user: u8,
}

impl Priority {
    /// The least important of all.
    pub const LEAST: Priority = Priority {
        business: u8::MAX,
        user: u8::MAX,
    };

    /// That of a call which is made for nobody in particular: its user level is drawn, so that overload sheds some such calls, with all
    /// that is called on their behalf, and not all of them at once.
    pub fn drawn(business: u8) -> Priority {
        Priority {
            business,
            user: fastrand::u8(..USER_LEVELS as u8),
        }
    }
}

/// Everything known about a call beside its message. A handler gets `&mut Context`; a layer finds it in the request.
#[derive(Clone, Debug)]
pub struct Context {
    /// The method called.
    pub method: &'static MethodDescriptor,
    /// When the answer is of no use any more.
    pub deadline: Deadline,
    /// Who is served first.
    pub priority: Priority,
    /// Which partition or user the call is about (often the uin); 0 when it is about none.
    pub routing_key: u64,
    /// 0 for the first try, 1 for the first repetition.
    pub attempt: u8,
    /// The trace that the call belongs to.
    pub trace: Option<TraceContext>,
    /// Key-values that came with the request.
    pub metadata: Metadata,
    /// Bytes that came beside the request; empty when there were none.
    pub attachment: Bytes,
    /// Key-values to go with the answer. Set by the handler.
    pub reply_metadata: Metadata,
    /// Bytes to go beside the answer. Set by the handler; not copied on their way to the socket.
    pub reply_attachment: Bytes,
    /// The messages beside request and answer, of a call that streams.
    pub(crate) streams: Option<Arc<Ends>>,
    started: Option<Instant>,
    /// Who opened the connection that the call came by.
    pub(crate) caller: Option<Caller>,
    /// The caller's span, once the call has one of its own.
    pub(crate) caller_span: Option<u64>,
}

impl Context {
    /// A context with the method's own policy and nothing else.
    pub fn new(method: &'static MethodDescriptor, deadline: Deadline) -> Context {
        Context {
            method,
            deadline,
            priority: Priority {
                business: method.priority,
                user: 0,
            },
            routing_key: 0,
            attempt: 0,
            trace: None,
            metadata: Metadata::new(),
            attachment: Bytes::new(),
            reply_metadata: Metadata::new(),
            reply_attachment: Bytes::new(),
            streams: None,
            started: None,
            caller: None,
            caller_span: None,
        }
    }

    /// Notes when the call left the queue, so that the clock is read once for all who ask how long it waited.
    pub(crate) fn start(&mut self, arrived: Instant) -> Duration {
        let now = Instant::now();
        self.started = Some(now);
        now.saturating_duration_since(arrived)
    }

    /// Gives the call a span of its own, in the caller's trace or a new one; once, whoever asks first. Returns it and the caller's span,
    /// 0 for none.
    pub(crate) fn open_span(
        &mut self,
        new_trace: impl FnOnce() -> TraceContext,
    ) -> (TraceContext, u64) {
        match (self.trace, self.caller_span) {
            (Some(own), Some(caller)) => (own, caller),
            (caller, _) => {
                let own = caller.map_or_else(new_trace, TraceContext::child);
                let caller = caller.map_or(0, |caller| caller.span_id);
                self.trace = Some(own);
                self.caller_span = Some(caller);
                (own, caller)
            }
        }
    }

    /// Whether its time was over when it left the queue.
    pub(crate) fn is_expired(&self) -> bool {
        let started = self.started.unwrap_or_else(Instant::now);
        self.deadline.instant() <= started
    }

    /// The release that the call should meet; `None` for the ordinary one. It travels as metadata.
    pub fn tag(&self) -> Option<Tag> {
        self.metadata
            .get(TAG_KEY)
            .and_then(|text| Tag::from_bytes(text))
    }

    pub(crate) fn set_tag(&mut self, tag: Tag) {
        self.remove_tag();
        // A tag is as short and plain as any value.
        let _ = self.metadata.insert(TAG_KEY, tag.to_string());
    }

    pub(crate) fn remove_tag(&mut self) {
        self.metadata.remove(TAG_KEY);
    }

    /// Who calls, if it has shown a name: by its certificate, by a key, or because it is part of this process ([`crate::auth`]). `None`
    /// is a stranger; and on the calling side there is nobody.
    pub fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// Whether the call may be made twice: its method says that this does no harm, and nothing of it streams, of which some would be
    /// gone.
    pub(crate) fn may_be_repeated(&self) -> bool {
        self.method.idempotent && self.streams.is_none()
    }

    /// Time left for this call.
    pub fn remaining(&self) -> Duration {
        self.deadline.remaining()
    }
}

/// What a call hands down to the calls that its handler makes. Ambient in the handler's task (and on the thread of a handler
/// that blocks), so that no author can forget to pass it on.
#[derive(Clone, Copy, Debug)]
pub struct Inherited {
    /// No call made on behalf of this one may outlive it.
    pub deadline: Deadline,
    /// Calls are as important as what they serve.
    pub priority: Priority,
    /// Whom it is all about.
    pub routing_key: u64,
    /// The trace to continue.
    pub trace: Option<TraceContext>,
    /// Calls meet the release that what they serve has met.
    pub tag: Option<Tag>,
}

tokio::task_local! {
    static CURRENT: Inherited;
}

impl Inherited {
    /// What calls made while serving `context` inherit.
    pub fn of(context: &Context) -> Inherited {
        Inherited {
            deadline: context.deadline,
            priority: context.priority,
            routing_key: context.routing_key,
            trace: context.trace,
            tag: context.tag(),
        }
    }

    /// What the code running now inherits; `None` outside of a handler, and in tasks that a handler spawned without
    /// [`Inherited::scope`].
    pub fn current() -> Option<Inherited> {
        CURRENT.try_with(|c| *c).ok()
    }

    /// Runs `future` as part of the call this was taken from.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }

    /// As [`Inherited::scope`] for code that blocks.
    pub fn scope_blocking<T>(self, run: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, run)
    }
}
