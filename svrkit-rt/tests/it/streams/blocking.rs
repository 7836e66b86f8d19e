//! Streams without `async`: handlers on threads of their own, and callers without a runtime.

use crate::support::{Over, PUT, Site, TALK, Text, WATCH, service, until};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::{Call, Channel, ClientStream, Code, Receiver, Sender, Server};

fn handlers(told: &Arc<AtomicUsize>) -> crate::support::Handlers {
    let told = told.clone();
    service()
        .talk_blocking(&TALK, move |mut requests, mut answers| {
            let result = (|| {
                while let Some(text) = requests.blocking_next()? {
                    answers.blocking_send(text)?;
                }
                Ok(())
            })();
            if result.is_err() {
                told.fetch_add(1, SeqCst);
            }
            result
        })
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
            Ok(())
        })
}

/// A thread that stands still is not stopped with its call, but it does not stand still any longer.
#[tokio::test]
async fn a_blocking_handler_is_told_when_its_caller_leaves() {
    let told = Arc::new(AtomicUsize::new(0));
    let site = Site::start(Over::Tcp, Server::new().service(handlers(&told))).await;
    let channel = site.channel();
    for _ in 0..3 {
        let call = Call::new(()).timeout(Duration::from_secs(60));
        let opened = channel.both_streaming(&TALK, call).await;
        let (mut say, mut hear): (Sender<Text>, Receiver<Text>) = opened.unwrap();
        say.send("a".into()).await.unwrap();
        assert_eq!(hear.next().await.unwrap().unwrap().text, "a");
        // And once more, so that it waits in the middle of a stream.
        drop((say, hear));
    }
    until("the threads are told", || async { told.load(SeqCst) == 3 }).await;
    site.stop().await;
}

#[tokio::test]
async fn callers_without_a_runtime() {
    let told = Arc::default();
    let site = Site::start(Over::Tcp, Server::new().service(handlers(&told))).await;
    let address = site.address.clone();
    let thread = std::thread::spawn(move || {
        let channel = Channel::connect(&address).unwrap();
        let timeout = Duration::from_secs(60);

        let call = Call::new(()).timeout(timeout);
        let mut putting: ClientStream<Text, Text> =
            channel.blocking_client_streaming(&PUT, call).unwrap();
        for number in 1..=100_000 {
            putting.blocking_send(Text::number(number)).unwrap();
        }
        assert_eq!(putting.blocking_finish().unwrap().number, 5_000_050_000);

        let call = Call::new(Text::number(100_000)).timeout(timeout);
        let mut watching: Receiver<Text> = channel.blocking_server_streaming(&WATCH, call).unwrap();
        let mut last = 0;
        while let Some(text) = watching.blocking_next().unwrap() {
            assert_eq!(text.number, last + 1);
            last = text.number;
        }
        assert_eq!(last, 100_000);

        let call = Call::new(()).timeout(timeout);
        let (mut say, mut hear): (Sender<Text>, Receiver<Text>) =
            channel.blocking_both_streaming(&TALK, call).unwrap();
        for number in 1..=1_000 {
            say.blocking_send(Text::number(number)).unwrap();
            assert_eq!(hear.blocking_next().unwrap().unwrap().number, number);
        }
        say.finish();
        assert_eq!(hear.blocking_next(), Ok(None));

        let call = Call::new(()).timeout(Duration::from_millis(50));
        let (_say, mut hear): (Sender<Text>, Receiver<Text>) =
            channel.blocking_both_streaming(&TALK, call).unwrap();
        let status = hear.blocking_next().unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    });
    tokio::task::spawn_blocking(move || thread.join().unwrap())
        .await
        .unwrap();
    site.stop().await;
}
