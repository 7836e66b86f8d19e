//! The end of a server, and of connections that nobody uses.

use super::client::{Client, framed, head, with};
use crate::support::{ACT, Site, service};
use std::sync::Arc;
use svrkit_rt::Server;
use tokio::sync::Notify;
use tokio::time::Instant;

#[svrkit::test]
async fn what_is_in_flight_is_finished_and_the_connection_closes() {
    let (started, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (starts, goes_on) = (started.clone(), go_on.clone());
    let handlers = service().echo().answer(&ACT, move |text| {
        let go_on = goes_on.clone();
        starts.notify_one();
        async move {
            go_on.notified().await;
            Ok(text)
        }
    });
    let (mut site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut idle = Client::connect(&connector).await;
    let answer = idle.call(head("/test.v1.Test/Echo"), framed("a")).await;
    assert_eq!(answer.ok().len(), 1);
    let mut busy = Client::connect(&connector).await;
    let (sending, answer) = busy.open(with("/test.v1.Test/Act", &[("grpc-timeout", "1H")]));
    sending.send(framed("a")).await.unwrap();
    drop(sending);
    let answer = tokio::spawn(answer);
    started.notified().await;

    site.begin_to_stop();
    idle.closed().await.unwrap();
    go_on.notify_one();
    let answer = answer.await.unwrap().unwrap().whole().await;
    assert_eq!(answer.ok(), ["a".into()]);
    busy.closed().await.unwrap();
    site.ended().await;
}

#[svrkit::test]
async fn what_does_not_finish_is_cancelled() {
    let started = Arc::new(Notify::new());
    let starts = started.clone();
    let handlers = service().answer(&ACT, move |_| {
        starts.notify_one();
        std::future::pending()
    });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let mut client = Client::connect(&connector).await;
    let (sending, answer) = client.open(with("/test.v1.Test/Act", &[("grpc-timeout", "1H")]));
    sending.send(framed("a")).await.unwrap();
    drop(sending);
    let answer = tokio::spawn(answer);
    started.notified().await;
    let begun = Instant::now();
    site.stop().await;
    assert_eq!(begun.elapsed().as_secs(), 10);
    assert!(answer.await.unwrap().is_err());
}

#[svrkit::test]
async fn a_connection_without_requests_is_closed() {
    let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
    let mut client = Client::connect(&connector).await;
    let answer = client.call(head("/test.v1.Test/Echo"), framed("a")).await;
    assert_eq!(answer.ok().len(), 1);
    let begun = Instant::now();
    client.closed().await.unwrap();
    let took = begun.elapsed().as_secs();
    assert!((60..=62).contains(&took), "{took} s");
    site.stop().await;
}
