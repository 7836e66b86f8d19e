//! A panicking handler answers Internal and hurts nobody else.

use crate::support::{ACT, ECHO, Text, call, service};
use std::time::Duration;
use svrkit_rt::testing::serve;
use svrkit_rt::{Code, Server};

#[svrkit::test]
async fn a_panic_is_an_answer_and_nothing_more() {
    let handlers = service().echo().answer(&ACT, |text: Text| async move {
        if text.number == 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("the secret is {}", text.text)
    });
    let channel = serve(Server::new().service(handlers));
    let neighbour = tokio::spawn({
        let channel = channel.clone();
        async move { call(&channel, &ECHO, "neighbour").await }
    });
    for number in [0, 1] {
        let status = call(
            &channel,
            &ACT,
            Text {
                text: "42".into(),
                ..Text::number(number)
            },
        )
        .await
        .unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert!(
            !status.message().contains("42"),
            "what a panic says stays in the log"
        );
    }
    assert_eq!(neighbour.await.unwrap(), Ok(Text::from("neighbour")));
    assert!(call(&channel, &ECHO, "after").await.is_ok());
}

#[tokio::test]
async fn a_panic_on_a_blocking_thread_is_an_answer_too() {
    let handlers = service()
        .echo()
        .blocking(&ACT, |_, _| panic!("on a thread"));
    let channel = serve(Server::new().service(handlers));
    // More often than there are threads: none is lost.
    for _ in 0..200 {
        let status = call(&channel, &ACT, "").await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
    }
    assert!(call(&channel, &ECHO, "after").await.is_ok());
}

#[svrkit::test]
async fn a_handler_that_panics_before_its_first_await() {
    let handlers = service().answer(&ACT, |text: Text| {
        assert!(!text.text.is_empty(), "not asynchronous at all");
        async { Ok(text) }
    });
    let channel = serve(Server::new().service(handlers));
    assert_eq!(
        call(&channel, &ACT, "").await.unwrap_err().code(),
        Code::Internal
    );
    assert!(call(&channel, &ACT, "fine").await.is_ok());
}
