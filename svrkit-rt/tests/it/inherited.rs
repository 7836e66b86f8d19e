//! Priority, routing key and trace context travel with a call, and on to the calls that its handler makes.

use crate::support::{ACT, ECHO, Text, URGENT, service};
use std::sync::{Arc, Mutex};
use svrkit_rt::testing::serve;
use svrkit_rt::{
    Call, Channel, Context, Inherited, Priority, Reply, Request, Server, TraceContext,
};

type Seen = Arc<Mutex<Vec<Box<Context>>>>;

/// A channel to a service that notes each context, and to one before it that passes calls on.
fn two_services() -> (Channel, Seen) {
    let seen = Seen::default();
    let notes = seen.clone();
    let inner = serve(
        Server::new().service(service().on(&ACT, move |context, text| {
            notes.lock().unwrap().push(context.clone());
            async { Ok((context, text)) }
        })),
    );
    let notes = seen.clone();
    let pass_on = move |context: Box<Context>, text: Text| {
        notes.lock().unwrap().push(context.clone());
        let inner = inner.clone();
        async move {
            let reply: Reply<Text> = inner.unary(&ACT, Call::new(text)).await?;
            Ok((context, reply.message))
        }
    };
    let outer = service().on(&ECHO, pass_on.clone()).on(&URGENT, pass_on);
    (serve(Server::new().service(outer)), seen)
}

#[svrkit::test]
async fn priority_and_routing_key_are_handed_down() {
    let (channel, seen) = two_services();
    let priority = Priority {
        business: 7,
        user: 200,
    };
    let request = Call::new(Text::default())
        .priority(priority)
        .routing_key(12_345)
        .attempt(2);
    let _: Reply<Text> = channel.unary(&ECHO, request).await.unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    for context in seen.iter() {
        assert_eq!(context.priority, priority);
        assert_eq!(context.routing_key, 12_345);
    }
    assert_eq!(seen[0].attempt, 2);
    assert_eq!(seen[1].attempt, 0, "an attempt is about one call");
}

#[svrkit::test]
async fn the_priority_of_the_idl_is_that_of_the_method_a_call_entered_by() {
    let (channel, seen) = two_services();
    for method in [&URGENT, &ECHO] {
        let _: Reply<Text> = channel
            .unary(method, Call::new(Text::default()))
            .await
            .unwrap();
    }
    let business: Vec<u8> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|c| c.priority.business)
        .collect();
    assert_eq!(business, [3, 3, 128, 128]);
}

#[svrkit::test]
async fn a_trace_goes_through_all_services() {
    let (channel, seen) = two_services();
    let trace =
        TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
    let mut request: Request =
        channel.untyped(&ECHO, Call::new(Text::default()), Default::default());
    request.context.trace = Some(trace);
    channel.call(request).await.unwrap();
    let seen = seen.lock().unwrap();
    for context in seen.iter() {
        let at = context.trace.expect("the trace went on");
        assert_eq!((at.trace_id, at.flags), (trace.trace_id, trace.flags));
    }
    assert_ne!(
        seen[1].trace.unwrap().span_id,
        trace.span_id,
        "a call is a span of its own"
    );
}

#[svrkit::test]
async fn a_spawned_task_inherits_when_it_is_told_to() {
    let (next, seen) = two_services();
    let handlers = service().on(&ECHO, move |context, text: Text| {
        let next = next.clone();
        async move {
            let inherited = Inherited::of(&context);
            let (plain, scoped) = (next.clone(), next);
            let alone = async move {
                plain
                    .unary::<Text, Text>(&ECHO, Text::default().into())
                    .await
            };
            let along = async move {
                scoped
                    .unary::<Text, Text>(&ECHO, Text::default().into())
                    .await
            };
            tokio::spawn(alone).await.unwrap()?;
            tokio::spawn(inherited.scope(along)).await.unwrap()?;
            Ok((context, text))
        }
    });
    let channel = serve(Server::new().service(handlers));
    let request = Call::new(Text::default()).routing_key(9);
    let _: Reply<Text> = channel.unary(&ECHO, request).await.unwrap();
    let keys: Vec<u64> = seen.lock().unwrap().iter().map(|c| c.routing_key).collect();
    assert_eq!(keys, [0, 0, 9, 9]);
}
