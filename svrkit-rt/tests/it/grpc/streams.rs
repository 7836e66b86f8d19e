//! Calls that stream, of each kind.

use super::client::{Client, framed, head, with};
use crate::support::{MUTTER, PUT, Site, TALK, Text, WATCH, service};
use std::sync::Arc;
use svrkit_rt::{Server, Status};
use tokio::sync::Notify;
use tokio::time::Instant;

fn handlers() -> crate::support::Handlers {
    service()
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
            match &text.text[..] {
                "" => Ok(()),
                text => Err(Status::aborted(text.to_owned())),
            }
        })
        .talk(&TALK, |mut context, mut requests, mut answers| async move {
            context.reply_metadata.insert("served-by", "a1")?;
            while let Some(text) = requests.next().await? {
                answers.send(text).await?;
            }
            Ok(context)
        })
        .talk(&MUTTER, |context, mut requests, mut answers| async move {
            while let Some(text) = requests.next().await? {
                let answer = Text::data(vec![1; text.number as usize]);
                answers.send(answer).await?;
            }
            Ok(context)
        })
}

#[svrkit::test]
async fn requests_stream() {
    let (site, connector) = Site::in_memory(Server::new().service(handlers()));
    let mut client = Client::connect(&connector).await;
    let (sending, answer) = client.open(head("/test.v1.Test/Put"));
    for number in 1..=10_000 {
        sending.send(framed(Text::number(number))).await.unwrap();
    }
    drop(sending);
    let answer = answer.await.unwrap().whole().await;
    assert_eq!(answer.ok(), [Text::number(50_005_000)]);
    drop(client);
    site.stop().await;
}

#[svrkit::test]
async fn answers_stream_and_then_comes_how_it_went() {
    let (site, connector) = Site::in_memory(Server::new().service(handlers()));
    let mut client = Client::connect(&connector).await;
    let path = "/test.v1.Test/Watch";
    let answer = client.call(head(path), framed(Text::number(10_000))).await;
    let numbers = answer.ok().iter().map(|text| text.number);
    assert!(numbers.eq(1..=10_000));
    let request = Text {
        text: "enough".to_owned(),
        number: 3,
        ..Text::default()
    };
    let answer = client.call(head(path), framed(request)).await;
    assert_eq!(answer.failed(10), "enough");
    assert_eq!(answer.messages.len(), 3);
    let answer = client.call(head(path), framed(Text::number(0))).await;
    assert_eq!(answer.ok(), []);
    drop(client);
    site.stop().await;
}

/// The headers come before anybody has said anything, and metadata that is set while answers stream comes in the end.
#[svrkit::test]
async fn both_stream_in_turns() {
    let (site, connector) = Site::in_memory(Server::new().service(handlers()));
    let mut client = Client::connect(&connector).await;
    let (sending, answer) = client.open(head("/test.v1.Test/Talk"));
    let mut answer = answer.await.unwrap();
    for number in 1..=100 {
        sending.send(framed(Text::number(number))).await.unwrap();
        assert_eq!(answer.next().await, Some(Text::number(number)));
    }
    drop(sending);
    assert_eq!(answer.next().await, None);
    assert_eq!(answer.trailers["grpc-status"], "0");
    assert_eq!(answer.trailers["served-by"], "a1");
    drop((answer, client));
    site.stop().await;
}

/// Messages may be cut anywhere, and several may come at once.
#[svrkit::test]
async fn messages_are_cut_by_their_prefixes() {
    let (site, connector) = Site::in_memory(Server::new().service(handlers()));
    let mut client = Client::connect(&connector).await;
    let three = [framed("a"), framed(""), framed("b")].concat();
    for cut in 1..three.len() {
        let (sending, answer) = client.open(head("/test.v1.Test/Talk"));
        for piece in [&three[..cut], &three[cut..]] {
            sending.send(piece.to_vec().into()).await.unwrap();
        }
        drop(sending);
        let answer = answer.await.unwrap().whole().await;
        assert_eq!(answer.ok(), ["a".into(), "".into(), "b".into()]);
    }
    drop(client);
    site.stop().await;
}

#[svrkit::test]
async fn messages_of_streams_have_bounds() {
    let (site, connector) = Site::in_memory(Server::new().service(handlers()));
    let mut client = Client::connect(&connector).await;
    let path = "/test.v1.Test/Mutter";
    let answer = client
        .call(head(path), framed(Text::data(vec![0; 100])))
        .await;
    assert_eq!(answer.failed(8), "a message is 102 bytes, over 100");
    let answer = client.call(head(path), framed(Text::number(200))).await;
    assert_eq!(answer.failed(8), "a message is 203 bytes, over 200");
    drop(client);
    site.stop().await;
}

/// Whatever the peer does with its window meanwhile.
#[svrkit::test]
async fn a_deadline_ends_a_stream() {
    struct Dropped(Arc<Notify>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let dropped = Arc::new(Notify::new());
    let drops = dropped.clone();
    let handlers = service().watch(&WATCH, move |_, mut answers| {
        let dropped = Dropped(drops.clone());
        async move {
            let _dropped = dropped;
            loop {
                answers.send(Text::data(vec![0; 10_000])).await?;
            }
        }
    });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut client = Client::connect(&connector).await;
    let begun = Instant::now();
    let (sending, answer) = client.open(with("/test.v1.Test/Watch", &[("grpc-timeout", "300m")]));
    sending.send(framed("a")).await.unwrap();
    drop(sending);
    let answer = answer.await.unwrap();
    dropped.notified().await;
    assert_eq!(begun.elapsed().as_millis(), 300);
    answer.whole().await.failed(4);
    drop(client);
    site.stop().await;
}
