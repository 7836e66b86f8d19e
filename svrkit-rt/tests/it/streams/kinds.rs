//! Each kind of stream, over each transport, with what goes beside the messages.

use super::{PATIENCE, all, put, talk, watch};
use crate::support::{ECHO, Handlers, Over, PUT, Site, TALK, Text, WATCH, call, service};
use std::time::Duration;
use svrkit_rt::{Call, Channel, Code, Inherited, Request, Response, Server, Service, Status};

/// `Put` adds up, `Watch` counts to the number of its request, `Talk` says everything twice and at the end what its metadata said.
fn handlers() -> Handlers {
    service()
        .echo()
        .put(&PUT, |mut requests| async move {
            let mut sum = 0;
            while let Some(text) = requests.next().await? {
                sum += text.number;
            }
            Ok(Text::number(sum))
        })
        .watch(&WATCH, |text, mut answers| async move {
            for number in 1..=text.number {
                answers.send(Text::number(number)).await?;
            }
            match text.text.as_str() {
                "" => Ok(()),
                why => Err(Status::aborted(why.to_owned())),
            }
        })
        .talk(&TALK, |mut context, mut requests, mut answers| async move {
            while let Some(text) = requests.next().await? {
                answers.send(text.clone()).await?;
                answers.send(text).await?;
            }
            context.reply_metadata = std::mem::take(&mut context.metadata);
            Ok(context)
        })
}

fn numbers(texts: &[Text]) -> Vec<u64> {
    texts.iter().map(|text| text.number).collect()
}

async fn every_kind_works(channel: &Channel) {
    let mut adding = put(channel).await;
    for number in 1..=1_000 {
        adding.send(Text::number(number)).await.unwrap();
    }
    assert_eq!(adding.finish().await.unwrap().number, 500_500);

    let counted = all(watch(channel, Text::number(1_000)).await).await;
    assert_eq!(numbers(&counted), (1..=1_000).collect::<Vec<_>>());

    let (mut say, mut hear) = talk(channel).await;
    for number in 1..=100 {
        say.send(Text::number(number)).await.unwrap();
        for _ in 0..2 {
            assert_eq!(hear.next().await.unwrap().unwrap().number, number);
        }
    }
    say.finish();
    assert_eq!(hear.next().await, Ok(None));
    assert_eq!(hear.next().await, Ok(None), "the end stays the end");
}

#[tokio::test]
async fn every_kind_over_every_transport() {
    for over in [Over::Tcp, Over::Unix, Over::Memory, Over::Tls] {
        let site = Site::start(over, Server::new().service(handlers())).await;
        every_kind_works(&site.channel()).await;
        site.stop().await;
    }
}

#[svrkit::test]
async fn none_at_all_is_a_stream_too() {
    let (site, _) = Site::in_memory(Server::new().service(handlers()));
    let channel = site.channel();
    assert_eq!(put(&channel).await.finish().await.unwrap().number, 0);
    assert!(all(watch(&channel, Text::number(0)).await).await.is_empty());
    let (say, hear) = talk(&channel).await;
    say.finish();
    assert!(all(hear).await.is_empty());
    site.stop().await;
}

#[svrkit::test]
async fn a_failure_comes_after_the_messages_before_it() {
    let (site, _) = Site::in_memory(Server::new().service(handlers()));
    let failing = Text {
        number: 3,
        ..Text::from("enough")
    };
    let mut receiver = watch(&site.channel(), failing).await;
    for number in 1..=3 {
        assert_eq!(receiver.next().await.unwrap().unwrap().number, number);
    }
    for _ in 0..2 {
        let status = receiver.next().await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Aborted, "enough"));
    }
    site.stop().await;
}

#[svrkit::test]
async fn metadata_goes_there_with_the_request_and_comes_back_with_the_end() {
    let (site, _) = Site::in_memory(Server::new().service(handlers()));
    let call = Call::new(()).timeout(PATIENCE);
    let call = call.metadata("mood", "good").unwrap();
    let channel = site.channel();
    let opened = channel.both_streaming::<Text, Text>(&TALK, call).await;
    let (mut say, mut hear) = opened.unwrap();
    say.send("a".into()).await.unwrap();
    hear.next().await.unwrap();
    assert!(hear.metadata().is_empty(), "not yet");
    say.finish();
    while hear.next().await.unwrap().is_some() {}
    assert_eq!(hear.metadata().get_str("mood"), Some("good"));
    site.stop().await;
}

#[svrkit::test]
async fn many_streams_and_calls_share_a_connection() {
    let (site, _) = Site::in_memory(Server::new().service(handlers()));
    let channel = site.channel();
    let streams = (0..50).map(|n| {
        let channel = channel.clone();
        tokio::spawn(async move {
            let counted = all(watch(&channel, Text::number(n * 10)).await).await;
            assert_eq!(numbers(&counted), (1..=n * 10).collect::<Vec<_>>());
            call(&channel, &ECHO, Text::number(n)).await.unwrap()
        })
    });
    let streams: Vec<_> = streams.collect();
    for (n, stream) in streams.into_iter().enumerate() {
        assert_eq!(stream.await.unwrap().number, n as u64);
    }
    site.stop().await;
}

/// A layer sees the whole of a call that streams: from its request to how it ended.
#[svrkit::test]
async fn layers_of_both_sides_go_around_the_whole_stream() {
    use std::sync::{Arc, Mutex};

    #[derive(Clone)]
    struct Watching(Arc<Mutex<Vec<String>>>, &'static str);
    struct Watched<S>(S, Watching);
    impl<S: Service> svrkit_rt::Layer<S> for Watching {
        type Service = Watched<S>;
        fn layer(self, inner: S) -> Watched<S> {
            Watched(inner, self)
        }
    }
    impl<S: Service> Service for Watched<S> {
        async fn call(&self, request: Request) -> Result<Response, Status> {
            let Watching(seen, side) = &self.1;
            let say = |what: &str| seen.lock().unwrap().push(format!("{side} {what}"));
            say("begins");
            let result = self.0.call(request).await;
            say(result.as_ref().map_or("failed", |_| "ended"));
            result
        }
    }

    let seen = Arc::new(Mutex::new(Vec::new()));
    let server = Server::new().service(handlers());
    let (site, _) = Site::in_memory(server.layer(Watching(seen.clone(), "callee")));
    let channel = site.channel().with_layer(Watching(seen.clone(), "caller"));
    let mut receiver = watch(&channel, Text::number(2)).await;
    receiver.next().await.unwrap();
    receiver.next().await.unwrap();
    seen.lock().unwrap().push("two messages".to_owned());
    receiver.next().await.unwrap();
    let seen = seen.lock().unwrap().clone();
    let place = |what: &str| seen.iter().position(|s| s == what).expect(what);
    assert!(place("caller begins") < place("callee begins"), "{seen:?}");
    assert!(place("two messages") < place("caller ended"), "{seen:?}");
    assert_eq!(seen.len(), 5, "{seen:?}");
    site.stop().await;
}

#[svrkit::test]
async fn a_refusal_by_a_layer_is_how_the_stream_ends() {
    let (site, _) = Site::in_memory(
        Server::new()
            .service(handlers())
            .layer(svrkit_rt::Intercept(|_: &mut Request| {
                Err(Status::permission_denied("not you"))
            })),
    );
    let channel = site.channel();
    let status = watch(&channel, Text::number(1)).await.next().await;
    assert_eq!(status.unwrap_err().code(), Code::PermissionDenied);
    let status = put(&channel).await.finish().await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    site.stop().await;
}

#[svrkit::test]
async fn calls_of_a_handler_inherit_what_is_left_of_its_stream() {
    let handlers = service().watch(&WATCH, |_, mut answers| async move {
        let inherited = Inherited::current().expect("a call is being served");
        let left = inherited.deadline.remaining().as_millis() as u64;
        answers.send(Text::number(left)).await
    });
    let (site, _) = Site::in_memory(Server::new().service(handlers));
    let channel = site.channel();
    let call = Call::new(Text::default()).timeout(Duration::from_secs(7));
    let opened = channel.server_streaming::<Text, Text>(&WATCH, call).await;
    let left = all(opened.unwrap()).await;
    assert_eq!(numbers(&left), [7_000]);
    site.stop().await;
}

/// Whoever has no types sends and receives bytes.
#[svrkit::test]
async fn without_types() {
    let (site, _) = Site::in_memory(Server::new().service(handlers()));
    let channel = site.channel();
    let request = channel.untyped(&TALK, Call::new(()).timeout(PATIENCE), Default::default());
    let (mut say, mut hear) = channel.call_streaming(request).await.unwrap();
    let message = prost::Message::encode_to_vec(&Text::from("raw"));
    say.send_bytes(message.clone()).await.unwrap();
    say.finish();
    for _ in 0..2 {
        assert_eq!(hear.next_bytes().await.unwrap().unwrap(), message);
    }
    assert_eq!(hear.next_bytes().await, Ok(None));
    site.stop().await;
}
