//! Calls worth a look: what is kept of them, and how the parts fit together.

#[path = "it/support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "the other tests need the rest of it"
)]
mod support;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use support::{ACT, ECHO, Text, service};
use svrkit_rt::spans::{self, Side, Span, Why};
use svrkit_rt::testing::serve;
use svrkit_rt::{Call, Channel, Code, Reply, Server, Status, TraceContext};

/// A trace that no other test has, and that is not sampled by chance.
fn trace() -> TraceContext {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = u128::from(NEXT.fetch_add(1, Relaxed));
    TraceContext {
        trace_id: number << 64 | 0xffff_ffff,
        span_id: 77,
        flags: 0,
    }
}

async fn call(channel: &Channel, trace: TraceContext, text: Text) -> Result<(), Status> {
    let body = prost::Message::encode_to_vec(&text).into();
    let mut request = channel.untyped(&ECHO, Call::new(()), body);
    request.context.trace = Some(trace);
    channel.call(request).await.map(drop)
}

/// A service that passes calls on to another, which fails, is slow, or does as it is told.
fn two_services() -> Channel {
    let inner = service().answer(&ACT, |text: Text| async move {
        tokio::time::sleep(Duration::from_millis(text.number)).await;
        match text.text.as_str() {
            "" => Ok(text),
            "no" => Err(Status::permission_denied("no")),
            message => Err(Status::internal(message.to_owned())),
        }
    });
    let inner = serve(Server::new().service(inner));
    let outer = service().answer(&ECHO, move |text: Text| {
        let inner = inner.clone();
        async move {
            let reply: Reply<Text> = inner.unary(&ACT, Call::new(text)).await?;
            Ok(reply.message)
        }
    });
    serve(Server::new().service(outer))
}

/// The spans of a trace from the outermost to the innermost, each the cause of the next.
fn chain(trace_id: u128) -> Vec<Span> {
    let mut spans = spans::of_trace(trace_id);
    let mut chain: Vec<Span> = Vec::new();
    while !spans.is_empty() {
        let parent = chain.last().map(|span| span.span_id);
        let next = spans.iter().position(|span| match parent {
            None => span.side == Side::Client && span.parent_id == 0,
            Some(parent) => span.parent_id == parent,
        });
        chain.push(spans.remove(next.unwrap_or_else(|| panic!("{chain:?} and {spans:?}"))));
    }
    chain
}

#[svrkit::test]
async fn a_failure_is_kept_at_each_end_it_passes() {
    let _keeping = spans::keep();
    let (channel, trace) = (two_services(), trace());
    let failed = Text::from("it burns");
    call(&channel, trace, failed).await.unwrap_err();
    let chain = chain(trace.trace_id);
    let ends: Vec<_> = chain.iter().map(|s| (s.side, s.method.name)).collect();
    let (client, server) = (Side::Client, Side::Server);
    let expected = [
        (client, "Echo"),
        (server, "Echo"),
        (client, "Act"),
        (server, "Act"),
    ];
    assert_eq!(ends, expected);
    for span in &chain {
        assert_eq!((span.why, span.code), (Why::Failed, Code::Internal));
        assert_eq!(span.message, "it burns");
        assert!(span.request_bytes > 0);
    }
    assert_eq!(chain[0].span_id, 77);
}

#[svrkit::test]
async fn a_no_is_no_failure() {
    let _keeping = spans::keep();
    let (channel, trace) = (two_services(), trace());
    call(&channel, trace, Text::from("no")).await.unwrap_err();
    let chain = chain(trace.trace_id);
    assert_eq!(chain.len(), 4);
    assert!(
        chain.iter().all(|span| span.why == Why::Declined),
        "{chain:?}"
    );
}

#[svrkit::test]
async fn what_is_slow_is_kept_and_what_is_fast_is_not() {
    let _keeping = spans::keep();
    let channel = two_services();
    let (fast, slow) = (trace(), trace());
    call(&channel, fast, Text::number(99)).await.unwrap();
    assert!(spans::of_trace(fast.trace_id).is_empty());
    call(&channel, slow, Text::number(100)).await.unwrap();
    let chain = chain(slow.trace_id);
    assert_eq!(chain.len(), 4);
    for span in chain {
        assert_eq!((span.why, span.code), (Why::Slow, Code::Ok));
        assert!((100_000..110_000).contains(&span.took_us), "{span:?}");
        assert!(span.response_bytes > 0);
    }
}

#[svrkit::test]
async fn a_sampled_trace_is_kept_whole() {
    let _keeping = spans::keep();
    let sampled = TraceContext {
        trace_id: 0xabcd << 64,
        ..trace()
    };
    call(&two_services(), sampled, Text::default())
        .await
        .unwrap();
    let chain = chain(sampled.trace_id);
    assert_eq!(chain.len(), 4);
    assert!(chain.iter().all(|span| span.why == Why::Sampled));
}

#[svrkit::test]
async fn a_deadline_that_passes_is_a_failure_at_both_ends() {
    let _keeping = spans::keep();
    let (channel, trace) = (two_services(), trace());
    call(&channel, trace, Text::number(60_000))
        .await
        .unwrap_err();
    let spans = spans::of_trace(trace.trace_id);
    let late = |side| {
        spans
            .iter()
            .any(|s| s.side == side && s.code == Code::DeadlineExceeded)
    };
    assert!(late(Side::Client) && late(Side::Server), "{spans:?}");
}

/// A method that may take a minute waits for something to happen.
#[svrkit::test]
async fn waiting_on_purpose_is_not_slow() {
    let _keeping = spans::keep();
    let mut waits = ECHO.clone();
    waits.timeout_ms = 60_000;
    let waits = waits.leak();
    let handler = service().answer(waits, |text: Text| async move {
        tokio::time::sleep(Duration::from_secs(20)).await;
        Ok(text)
    });
    let channel = serve(Server::new().service(handler));
    let trace = trace();
    let mut request = channel.untyped(waits, Call::new(()), Default::default());
    request.context.trace = Some(trace);
    channel.call(request).await.unwrap();
    assert!(spans::of_trace(trace.trace_id).is_empty());
}

#[svrkit::test]
async fn a_call_without_a_trace_gets_one() {
    let _keeping = spans::keep();
    let channel = two_services();
    let message = "found by this message alone";
    let text = Text::from(message);
    let failed: Result<Reply<Text>, Status> = channel.unary(&ECHO, Call::new(text)).await;
    failed.unwrap_err();
    let mut kept = spans::recent(Why::Failed);
    kept.retain(|span| span.message == message);
    assert_eq!(kept.len(), 4);
    let trace_id = kept[0].trace_id;
    assert!(trace_id != 0 && kept.iter().all(|span| span.trace_id == trace_id));
    assert_eq!(chain(trace_id).len(), 4);
}
