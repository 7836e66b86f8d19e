//! What is on file of a call, by whatever way it came.

use super::{Bench, read_bytes};
use crate::generated::shop::v1::{Ask, User};
use crate::support::post;
use prost::Message;
use std::time::Duration;
use svrkit_rt::record::{Ended, FileEnd, Plan, Reader};
use svrkit_rt::{Call, Priority};

#[tokio::test(start_paused = true)]
async fn a_framed_call_is_on_file_with_all_that_makes_it_again() {
    let bench = Bench::open().await;
    let plan = Plan::new("calls", ["shop.v1.Shop/Show", "shop.v1.Shop/Buy"]);
    bench.start(&plan);
    tokio::time::sleep(Duration::from_millis(250)).await;
    let ask = Ask {
        user: Some(User {
            id: 77,
            ..User::default()
        }),
        name: "Ada".to_owned(),
        ..Ask::default()
    };
    let call = Call::new(ask.clone())
        .timeout(Duration::from_millis(640))
        .priority(Priority {
            business: 3,
            user: 9,
        })
        .attachment("beside it")
        .metadata("client-version", "7.0")
        .expect("metadata");
    bench.shop.show_with(call).await.expect("an answer");
    // Not chosen, and so not there.
    bench.shop.tell(Ask::default()).await.expect("an answer");
    tokio::time::sleep(Duration::from_millis(250)).await;
    bench.shop.buy(ask.clone()).await.expect("an answer");

    let (recording, calls) = bench.stop().await;
    assert_eq!(recording.ended, Some(Ended::Stopped));
    assert_eq!(recording.methods, ["shop.v1.Shop/Buy", "shop.v1.Shop/Show"]);
    let [show, buy] = &calls[..] else {
        panic!("{calls:?}");
    };
    assert_eq!(Ask::decode(&show.body[..]).expect("an Ask"), ask);
    assert_eq!((show.method, buy.method), (1, 0));
    assert_eq!(show.at, Duration::from_millis(250));
    assert_eq!(buy.at, Duration::from_millis(500));
    assert_eq!(show.timeout, Duration::from_millis(640));
    assert_eq!((show.priority.business, show.priority.user), (3, 9));
    assert_eq!(show.routing_key, 77);
    assert_eq!(&show.attachment[..], b"beside it");
    assert_eq!(show.metadata.get_str("client-version"), Some("7.0"));

    let mut reader = Reader::open(bench.path("calls")).expect("a recording");
    assert_eq!(reader.share(), 1.0);
    reader.next_call().expect("a call");
    let methods = reader.methods();
    let methods: Vec<_> = methods
        .map(|m| (m.full_name.as_str(), m.id, m.idempotent))
        .collect();
    let expected = [
        ("shop.v1.Shop/Buy", 2, false),
        ("shop.v1.Shop/Show", 1, true),
    ];
    assert_eq!(methods, expected);
    bench.close().await;
}

#[tokio::test]
async fn a_call_by_http_is_on_file_like_a_framed_one() {
    let bench = Bench::open().await;
    let plan = Plan::new("calls", ["shop.v1.Shop"]);
    bench.start(&plan);
    let headers = "client-version: 7.0\r\nauthorization: Bearer HIDDEN\r\nx-api-key: HIDDEN\r\n";
    let body = r#"{"user":{"id":"77","pin":"HIDDEN"},"name":"Ada","password":"HIDDEN"}"#;
    let request = post("/cgi-bin/show", "application/json", headers, body);
    assert_eq!(bench.site.ask(&request).await.status, 200);
    let get = "GET /shop.v1.Shop/Show?encoding=json&message=%7B%22name%22:%22Bob%22%7D HTTP/1.1\r\nhost: shop\r\n\r\n";
    assert_eq!(bench.site.ask(get).await.status, 200);

    let (_, calls) = bench.stop().await;
    let asks: Vec<Ask> = calls
        .iter()
        .map(|c| Ask::decode(&c.body[..]).expect("an Ask"))
        .collect();
    let user = User {
        id: 77,
        ..User::default()
    };
    let ada = Ask {
        user: Some(user),
        name: "Ada".to_owned(),
        ..Ask::default()
    };
    let bob = Ask {
        name: "Bob".to_owned(),
        ..Ask::default()
    };
    assert_eq!(asks, [ada, bob]);
    assert_eq!((calls[0].routing_key, calls[0].priority.business), (77, 7));
    let metadata: Vec<&str> = calls[0].metadata.iter().map(|(key, _)| key).collect();
    assert_eq!(metadata, ["client-version"]);
    bench.close().await;
}

/// Calls that somebody else finds who reads the file now.
fn on_file(bench: &Bench) -> usize {
    let bytes = std::fs::read(bench.path("calls")).expect("a file");
    let (calls, end) = read_bytes(&bytes).expect("not damaged");
    assert!(matches!(end, FileEnd::Torn { .. }), "{end:?}");
    calls.len()
}

#[tokio::test]
async fn who_reads_along_finds_what_came_so_far() {
    let bench = Bench::open().await;
    let plan = Plan::new("calls", ["shop.v1.Shop/Show"]);
    bench.start(&plan);
    for n in 1..=3 {
        bench.shop.show(Ask::default()).await.expect("an answer");
        // Written by a thread, some time soon.
        while on_file(&bench) < n {
            tokio::task::yield_now().await;
        }
        assert_eq!(on_file(&bench), n);
    }
    bench.stop().await;
    bench.close().await;
}

#[tokio::test]
async fn a_call_that_is_refused_before_it_is_served_is_not_on_file() {
    let bench = Bench::open().await;
    let plan = Plan::new("calls", ["shop.v1.Shop"]);
    bench.start(&plan);
    let long = Ask {
        name: "x".repeat(100),
        ..Ask::default()
    };
    bench.shop.small(long).await.expect_err("too long");
    let (_, calls) = bench.stop().await;
    assert_eq!(calls, []);
    bench.close().await;
}
