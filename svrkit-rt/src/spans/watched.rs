//! What an end of a call remembers while it is under way, and what becomes of it.

use super::span::{Side, Span, Why};
use super::{RINGS, SAMPLED_BELOW, SLOW, is_kept};
use crate::clock;
use crate::context::{Context, Inherited};
use crate::descriptor::MethodDescriptor;
use crate::service::Response;
use crate::status::{Code, Status};
use crate::trace::TraceContext;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Methods with so long a timeout wait for something to happen: taking long is what they do.
const WAITING_METHOD_TIMEOUT_MS_MIN: u32 = 60_000;
/// Bytes of a failure's message that are kept.
const MESSAGE_BYTES_MAX: usize = 200;

/// A call under way. As small as it can be: one lies in every task that serves a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watched {
    method: &'static MethodDescriptor,
    trace: TraceContext,
    side: Side,
    attempt: u8,
    parent_id: u64,
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What it failed with.
    failure: Option<Status>,
    response_bytes: usize,
}

impl Outcome {
    #[inline]
    pub(crate) fn of(result: &Result<Response, Status>) -> Outcome {
        match result {
            Ok(response) => Outcome {
                failure: None,
                response_bytes: response.body.len() + response.attachment.len(),
            },
            Err(status) => Outcome::failure(status.clone()),
        }
    }

    pub(crate) fn failure(status: Status) -> Outcome {
        Outcome {
            failure: Some(status),
            response_bytes: 0,
        }
    }
}

impl Watched {
    /// A call that is about to be served; gives it a trace and a span of its own. `None` when nobody wants spans.
    #[inline]
    pub(crate) fn serve(context: &mut Context) -> Option<Watched> {
        is_kept().then(|| {
            let (trace, parent_id) = context.open_span(new_trace);
            Watched {
                method: context.method,
                trace,
                side: Side::Server,
                attempt: context.attempt,
                parent_id,
            }
        })
    }

    /// A call that is about to be made; gives it a trace if it has none.
    #[inline]
    pub(crate) fn call(context: &mut Context) -> Option<Watched> {
        is_kept().then(|| Watched {
            method: context.method,
            trace: *context.trace.get_or_insert_with(new_trace),
            side: Side::Client,
            attempt: context.attempt,
            // Looked up when it is needed.
            parent_id: 0,
        })
    }

    /// Keeps the call if it is worth it.
    #[inline]
    pub(crate) fn end(
        &self,
        outcome: &Outcome,
        took: Duration,
        queued_us: u64,
        request_bytes: usize,
    ) {
        let took_us = took.as_secs() * 1_000_000 + u64::from(took.subsec_micros());
        if let Some(why) = self.worth(outcome, took_us) {
            self.keep(why, outcome, took_us, queued_us, request_bytes);
        }
    }

    /// The call ended with an answer that nobody gets, or none.
    pub(crate) fn given_up(&self, code: Code, took: Duration, request_bytes: usize) {
        let message = match code {
            Code::DeadlineExceeded => "deadline passed while the handler ran",
            _ => "the caller gave up",
        };
        let outcome = Outcome::failure(Status::new(code, message));
        self.end(&outcome, took, 0, request_bytes);
    }

    #[inline]
    fn worth(&self, outcome: &Outcome, took_us: u64) -> Option<Why> {
        let slow =
            took_us >= SLOW.load(Relaxed) && self.method.timeout_ms < WAITING_METHOD_TIMEOUT_MS_MIN;
        match &outcome.failure {
            Some(failure) if failure.code().is_fault() => Some(Why::Failed),
            // Somebody lost interest: that alone is nothing to look at.
            Some(failure) if failure.code() == Code::Cancelled && !slow => None,
            Some(_) => Some(Why::Declined),
            None if slow => Some(Why::Slow),
            None => is_sampled(self.trace.trace_id).then_some(Why::Sampled),
        }
    }

    #[cold]
    fn keep(
        &self,
        why: Why,
        outcome: &Outcome,
        took_us: u64,
        queued_us: u64,
        request_bytes: usize,
    ) {
        let now_us = clock::now_us();
        let ring = &RINGS[why as usize];
        if !ring.admits(now_us / 1_000_000) {
            return;
        }
        let parent_id = match self.side {
            Side::Server => self.parent_id,
            Side::Client => {
                let serving = Inherited::current().and_then(|inherited| inherited.trace);
                let serving = serving.filter(|t| t.trace_id == self.trace.trace_id);
                serving.map_or(0, |t| t.span_id)
            }
        };
        ring.put(Span {
            trace_id: self.trace.trace_id,
            span_id: self.trace.span_id,
            parent_id,
            side: self.side,
            method: self.method,
            started_us: now_us.saturating_sub(took_us),
            took_us,
            queued_us,
            code: outcome.failure.as_ref().map_or(Code::Ok, Status::code),
            message: outcome.failure.as_ref().map_or(String::new(), message),
            request_bytes,
            response_bytes: outcome.response_bytes,
            attempt: self.attempt,
            why,
        });
    }
}

/// Keeps a request that was refused before anybody looked at more than its method.
pub(crate) fn refused(method: &'static MethodDescriptor, status: &Status, request_bytes: usize) {
    if !is_kept() {
        return;
    }
    let now_us = clock::now_us();
    let why = match status.code().is_fault() {
        true => Why::Failed,
        false => Why::Declined,
    };
    let ring = &RINGS[why as usize];
    if !ring.admits(now_us / 1_000_000) {
        return;
    }
    ring.put(Span {
        trace_id: 0,
        span_id: 0,
        parent_id: 0,
        side: Side::Server,
        method,
        started_us: now_us,
        took_us: 0,
        queued_us: 0,
        code: status.code(),
        message: message(status),
        request_bytes,
        response_bytes: 0,
        attempt: 0,
        why,
    });
}

/// A trace for a call that has none. The flag says what its id says, for those who know only the flag.
fn new_trace() -> TraceContext {
    let mut trace = TraceContext::start();
    trace.flags = u8::from(is_sampled(trace.trace_id));
    trace
}

#[inline]
fn is_sampled(trace_id: u128) -> bool {
    (trace_id as u32) < SAMPLED_BELOW.load(Relaxed)
}

fn message(status: &Status) -> String {
    let message = status.message();
    message[..message.floor_char_boundary(MESSAGE_BYTES_MAX)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deadline::Deadline;
    use std::hint::black_box;
    use std::time::Instant;

    /// What both ends of a call pay that is fast and succeeds, beside the 25 bytes of its trace on the wire:
    /// `cargo test --release -p svrkit-rt --lib spans::watched -- --ignored --nocapture`.
    #[tokio::test]
    #[ignore = "a measurement"]
    async fn cost_of_a_call_that_is_not_kept() {
        const CALLS: u32 = 500_000;
        static METHOD: MethodDescriptor = MethodDescriptor::plain(1, "a.B", "C", "a.B/C");
        let _keeping = crate::spans::keep();
        let mut context = Context::new(&METHOD, Deadline::after(Duration::from_secs(1)));
        let answer = Ok(Response::default());
        let mut turn = |caller, begin: fn(&mut Context) -> Option<Watched>| {
            let begun = Instant::now();
            for _ in 0..CALLS {
                (context.trace, context.caller_span) = (caller, None);
                if let Some(watched) = black_box(begin(black_box(&mut context))) {
                    let outcome = Outcome::of(black_box(&answer));
                    watched.end(&outcome, black_box(Duration::from_micros(50)), 0, 100);
                }
            }
            begun.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
        };
        // The best of many turns: others use the machine, too.
        let mut per_call = |name: &str, caller, begin| {
            let turns = (0..20).map(|_| turn(caller, begin));
            println!("{name}: {:.1} ns", turns.fold(f64::INFINITY, f64::min));
        };
        per_call("serving end", Some(TraceContext::start()), Watched::serve);
        per_call("calling end", Some(TraceContext::start()), Watched::call);
        per_call("calling end, which begins the trace", None, Watched::call);
    }
}
