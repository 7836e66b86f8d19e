//! How streams end: by the handler, by either side leaving, by time, by the connection.

use super::{PATIENCE, put, talk, watch};
use crate::support::{ECHO, Handlers, PUT, Site, TALK, Text, WATCH, call, service};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::frame::{Head, Header};
use svrkit_rt::{Call, Code, Receiver, Sender, Server, Status};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// Counts handlers that are running, or whose ends are still held.
#[derive(Clone, Default)]
struct Alive(Arc<AtomicUsize>);

struct Life(Arc<AtomicUsize>);

impl Alive {
    fn begin(&self) -> Life {
        self.0.fetch_add(1, SeqCst);
        Life(self.0.clone())
    }

    fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// Each says one thing where it can, and waits for ever.
fn patient(alive: &Alive) -> Handlers {
    let (a, b, c) = (alive.clone(), alive.clone(), alive.clone());
    service()
        .echo()
        .watch(&WATCH, move |_, mut answers| {
            let life = a.begin();
            async move {
                let _life = life;
                answers.send("hello".into()).await?;
                std::future::pending().await
            }
        })
        .put(&PUT, move |mut requests| {
            let life = b.begin();
            async move {
                let _life = life;
                while requests.next().await?.is_some() {}
                std::future::pending().await
            }
        })
        .talk(&TALK, move |_, _requests, mut answers| {
            let life = c.begin();
            async move {
                let _life = life;
                answers.send("hello".into()).await?;
                std::future::pending().await
            }
        })
}

/// Long enough for a word from one end to the other, in memory.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

#[svrkit::test]
async fn a_reader_that_leaves_stops_the_handler() {
    let alive = Alive::default();
    let (site, _) = Site::in_memory(Server::new().service(patient(&alive)));
    let channel = site.channel();
    let mut watching = watch(&channel, "").await;
    watching.next().await.unwrap();
    let (say, mut hear) = talk(&channel).await;
    hear.next().await.unwrap();
    let putting = put(&channel).await;
    settle().await;
    assert_eq!(alive.count(), 3);
    drop(watching);
    settle().await;
    assert_eq!(alive.count(), 2);
    drop(hear);
    settle().await;
    assert_eq!(alive.count(), 1);
    drop(putting);
    settle().await;
    assert_eq!(alive.count(), 0);
    drop(say);
    assert!(call(&channel, &ECHO, "").await.is_ok());
    site.stop().await;
}

/// A caller that fails in the middle of what it sends must not look as if it had finished.
#[svrkit::test]
async fn a_sender_that_is_dropped_unfinished_cancels() {
    let alive = Alive::default();
    let (site, _) = Site::in_memory(Server::new().service(patient(&alive)));
    let (say, mut hear) = talk(&site.channel()).await;
    hear.next().await.unwrap();
    drop(say);
    let status = hear.next().await.unwrap_err();
    assert_eq!(status.code(), Code::Cancelled);
    settle().await;
    assert_eq!(alive.count(), 0);
    site.stop().await;
}

#[svrkit::test]
async fn a_caller_that_has_finished_still_hears() {
    let handlers = service().talk(&TALK, |context, mut requests, mut answers| async move {
        while requests.next().await?.is_some() {}
        sleep(Duration::from_secs(1)).await;
        answers.send("you have finished".into()).await?;
        Ok(context)
    });
    let (site, _) = Site::in_memory(Server::new().service(handlers));
    let (mut say, mut hear) = talk(&site.channel()).await;
    say.send("a".into()).await.unwrap();
    say.finish();
    let heard = hear.next().await.unwrap().unwrap();
    assert_eq!(heard.text, "you have finished");
    assert_eq!(hear.next().await, Ok(None));
    site.stop().await;
}

#[svrkit::test]
async fn time_ends_a_stream_on_both_sides_at_once() {
    let alive = Alive::default();
    let (site, _) = Site::in_memory(Server::new().service(patient(&alive)));
    let channel = site.channel();
    let before = Instant::now();
    let call = |seconds| Call::new(()).timeout(Duration::from_secs(seconds));
    let (mut say, mut hear): (Sender<Text>, Receiver<Text>) =
        channel.both_streaming(&TALK, call(2)).await.unwrap();
    hear.next().await.unwrap();
    // Its sender waits for credit that never comes.
    let sending = tokio::spawn(async move {
        let large = Text::data(vec![0; 100_000]);
        loop {
            if let Err(status) = say.send(large.clone()).await {
                return status;
            }
        }
    });
    let status = hear.next().await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(before.elapsed().as_secs(), 2);
    let sent = sending.await.unwrap();
    assert!(matches!(
        sent.code(),
        Code::DeadlineExceeded | Code::Cancelled
    ));
    settle().await;
    assert_eq!(alive.count(), 0);
    site.stop().await;
}

/// What a caller that fails while it sends is told is how its call failed.
#[svrkit::test]
async fn a_sender_is_told_how_its_call_failed() {
    let handlers = service().put(&PUT, |mut requests| async move {
        requests.next().await?;
        Err(Status::permission_denied("not in here"))
    });
    let (site, _) = Site::in_memory(Server::new().service(handlers));
    let mut putting = put(&site.channel()).await;
    let status = loop {
        match putting.send(Text::data(vec![0; 10_000])).await {
            Ok(()) => settle().await,
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::PermissionDenied);
    let status = putting.finish().await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    site.stop().await;
}

/// A handler may know enough before it has seen everything; its answer is not lost.
#[svrkit::test]
async fn an_answer_before_the_last_request_counts() {
    let handlers = service().put(&PUT, |mut requests| async move {
        let first = requests.next().await?.unwrap_or_default();
        Ok(first)
    });
    let (site, _) = Site::in_memory(Server::new().service(handlers));
    let mut putting = put(&site.channel()).await;
    putting.send(Text::number(42)).await.unwrap();
    let status = loop {
        match putting.send(Text::number(0)).await {
            Ok(()) => settle().await,
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::Cancelled);
    assert_eq!(putting.finish().await.unwrap().number, 42);
    site.stop().await;
}

#[svrkit::test]
async fn a_handler_that_panics_ends_its_stream_with_internal() {
    let handlers = service().echo().watch(&WATCH, |_, mut answers| async move {
        answers.send("before".into()).await?;
        panic!("on purpose");
    });
    let (site, _) = Site::in_memory(Server::new().service(handlers));
    let channel = site.channel();
    let mut watching = watch(&channel, "").await;
    assert_eq!(watching.next().await.unwrap().unwrap().text, "before");
    assert_eq!(watching.next().await.unwrap_err().code(), Code::Internal);
    assert!(call(&channel, &ECHO, "").await.is_ok());
    site.stop().await;
}

/// Ends that a handler gave to somebody else know when the call is over, and nothing of theirs comes after the answer.
#[svrkit::test]
async fn ends_that_outlive_their_handler_are_over_with_it() {
    type Ends = (Receiver<Text>, Sender<Text>);
    let (give, mut given) = mpsc::unbounded_channel::<Ends>();
    let handlers = service().talk(&TALK, move |context, requests, answers| {
        let give = give.clone();
        async move {
            give.send((requests, answers)).unwrap();
            sleep(Duration::from_secs(1)).await;
            Ok(context)
        }
    });
    let (site, _) = Site::in_memory(Server::new().service(handlers));
    let (mut say, mut hear) = talk(&site.channel()).await;
    let (mut requests, mut answers) = given.recv().await.unwrap();
    say.send("in time".into()).await.unwrap();
    assert_eq!(requests.next().await.unwrap().unwrap().text, "in time");
    answers.send("in time".into()).await.unwrap();
    let waiting = tokio::spawn(async move { requests.next().await });
    let sending = tokio::spawn(async move {
        loop {
            let large = Text::data(vec![0; 100_000]);
            if let Err(status) = answers.send(large).await {
                return status;
            }
        }
    });
    sleep(Duration::from_secs(2)).await;
    let status = waiting.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Cancelled);
    assert_eq!(sending.await.unwrap().code(), Code::Cancelled);
    assert_eq!(hear.next().await.unwrap().unwrap().text, "in time");
    while let Some(text) = hear.next().await.unwrap() {
        assert_eq!(text.data.len(), 100_000);
    }
    site.stop().await;
}

#[svrkit::test]
async fn a_server_that_dies_ends_streams_with_unavailable() {
    let alive = Alive::default();
    let (site, _) = Site::in_memory(Server::new().service(patient(&alive)));
    let channel = site.channel();
    let mut watching = watch(&channel, "").await;
    let (say, mut hear) = talk(&channel).await;
    watching.next().await.unwrap();
    hear.next().await.unwrap();
    let mut putting = put(&channel).await;
    settle().await;
    site.kill().await;
    assert_eq!(watching.next().await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(hear.next().await.unwrap_err().code(), Code::Unavailable);
    let sent = putting.send("a".into()).await.unwrap_err();
    assert_eq!(sent.code(), Code::Unavailable);
    assert_eq!(
        putting.finish().await.unwrap_err().code(),
        Code::Unavailable
    );
    drop(say);
    assert_eq!(alive.count(), 0);
}

#[svrkit::test]
async fn a_caller_that_dies_stops_its_handlers() {
    let alive = Alive::default();
    let (site, connector) = Site::in_memory(Server::new().service(patient(&alive)));
    let mut peer = crate::support::Peer::new(connector.connect().unwrap());
    for id in 1..4 {
        let request = crate::support::stream_frame(id, TALK.id, 0, &[]);
        peer.send(&request).await;
        peer.frame().await.unwrap();
    }
    assert_eq!(alive.count(), 3);
    drop(peer);
    settle().await;
    // A peer that only stops sending may still want its answers; nothing but time tells it from one that is gone.
    site.stop().await;
    assert_eq!(alive.count(), 0);
}

/// It could not even give credit: what it has not ended is broken off, and what it gave credit for it still gets.
#[svrkit::test]
async fn a_caller_that_hangs_up_before_its_last_message_has_broken_off() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let handlers = service()
        .put(&PUT, {
            let tell = tell.clone();
            move |mut requests| {
                let tell = tell.clone();
                async move {
                    let first = requests.next().await?;
                    assert!(first.is_some(), "what has come is there");
                    let next = requests.next().await;
                    tell.send(("requests", next.err())).unwrap();
                    Ok(Text::default())
                }
            }
        })
        .watch(&WATCH, move |_, mut answers| {
            let tell = tell.clone();
            async move {
                loop {
                    let large = Text::data(vec![0; 10_000]);
                    if let Err(status) = answers.send(large).await {
                        tell.send(("answers", Some(status))).unwrap();
                        return Ok(());
                    }
                }
            }
        });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut peer = crate::support::Peer::new(connector.connect().unwrap());
    let mut bytes = crate::support::stream_frame(1, PUT.id, 60_000_000, &[]);
    let message = Header::new(1, Head::Message);
    bytes.extend(crate::support::frame(message, &[]));
    bytes.extend(crate::support::stream_frame(2, WATCH.id, 60_000_000, &[]));
    peer.send(&bytes).await;
    settle().await;
    tokio::io::AsyncWriteExt::shutdown(&mut peer.stream)
        .await
        .unwrap();
    let before = Instant::now();
    for _ in 0..2 {
        let (what, status) = told.recv().await.unwrap();
        let status = status.expect(what);
        assert_eq!(status.code(), Code::Cancelled, "{what}");
    }
    assert!(before.elapsed() < Duration::from_millis(10));
    let mut answers = 0;
    let mut messages = 0;
    while let Some((header, _)) = peer.frame().await {
        match header.head {
            Head::Answer(answer) => answers += usize::from(answer.code == 0),
            Head::Message => messages += 1,
            Head::Credit(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((answers, messages), (2, 7));
    site.stop().await;
}

/// Nobody is there to take the call: the opening waits as any call would, and fails in time.
#[svrkit::test]
async fn opening_waits_for_a_connection_and_no_longer_than_it_may() {
    let (site, _) = Site::in_memory(Server::new().service(service()));
    let endpoint = site.endpoint.clone();
    site.kill().await;
    let channel = crate::hostile::channel(endpoint, Default::default());
    let call = Call::new(Text::default()).timeout(Duration::from_secs(3));
    let before = Instant::now();
    let opened = channel.server_streaming::<Text, Text>(&WATCH, call).await;
    let status = opened.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.not_started());
    assert_eq!(before.elapsed().as_secs(), 3);
}

/// An IDL that says nothing gives streams an hour.
#[svrkit::test]
async fn a_stream_may_take_an_hour_unless_told_otherwise() {
    let alive = Alive::default();
    let (site, _) = Site::in_memory(Server::new().service(patient(&alive)));
    let before = Instant::now();
    let call = Call::new(Text::default());
    let opened = site.channel().server_streaming(&WATCH, call).await;
    let mut watching: Receiver<Text> = opened.unwrap();
    watching.next().await.unwrap();
    let status = watching.next().await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(before.elapsed().as_secs(), 3_600);
    assert!(PATIENCE < before.elapsed());
    site.stop().await;
}
