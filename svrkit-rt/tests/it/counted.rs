//! What the framework counts of calls, on both sides, without a line from whoever writes the service.

use crate::support::{Peer, Site, Text, call, count, request_frame, service};
use prost::Message;
use std::time::Duration;
use svrkit_rt::monitor::{self, Buckets, Value};
use svrkit_rt::{Call, ChannelConfig, Code, Limits, MethodDescriptor, Reply, Server, Status};
use tokio::time::sleep;

const SERVICE: &str = "test.v1.Test";

/// A method of its own for each test, since all of them count in one process.
macro_rules! method {
    ($NAME:ident, $id:literal, $name:literal) => {
        static $NAME: MethodDescriptor =
            MethodDescriptor::plain($id, SERVICE, $name, concat!("test.v1.Test/", $name));
    };
}

method!(ANSWERED, 101, "CountedAnswered");
method!(EXPIRED, 102, "CountedExpired");
method!(GIVEN_UP, 103, "CountedGivenUp");
method!(REFUSED, 104, "CountedRefused");
method!(TOO_LARGE, 105, "CountedTooLarge");
method!(REPEATED, 106, "CountedRepeated");
method!(UNSENT, 107, "CountedUnsent");
method!(NOBODYS, 108, "CountedNobodys");

/// What was counted of a method on one side.
struct Counted {
    side: &'static str,
    method: &'static str,
}

fn server(method: &MethodDescriptor) -> Counted {
    Counted {
        side: "server",
        method: method.name,
    }
}

fn client(method: &MethodDescriptor) -> Counted {
    Counted {
        side: "client",
        method: method.name,
    }
}

impl Counted {
    fn value(&self, what: &str) -> Option<Value> {
        let labels = [("service", SERVICE), ("method", self.method)];
        monitor::snapshot().get(&self.name(what), &labels).cloned()
    }

    fn count(&self, what: &str, label: Option<(&str, &str)>) -> u64 {
        let mut labels = vec![("service", SERVICE), ("method", self.method)];
        labels.extend(label);
        count(&self.name(what), &labels)
    }

    fn name(&self, what: &str) -> String {
        format!("rpc_{}_{what}", self.side)
    }

    fn calls(&self, code: Code) -> u64 {
        self.count("calls", Some(("code", code.name())))
    }

    fn rejections(&self, reason: &str) -> u64 {
        self.count("rejections", Some(("reason", reason)))
    }

    fn in_flight(&self) -> i64 {
        match self.value("in_flight") {
            Some(Value::Gauge(level)) => level,
            other => panic!("{other:?}"),
        }
    }

    fn times(&self, what: &str) -> Buckets {
        match self.value(what) {
            Some(Value::Histogram(buckets)) => buckets,
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[svrkit::test]
async fn answers_are_counted_by_code_with_their_time_and_bytes() {
    let handlers = service().answer(&ANSWERED, |text| async move {
        sleep(Duration::from_millis(20)).await;
        match text.number {
            0 => Err(Status::not_found("no such text")),
            n => Ok(Text::data(vec![0; n as usize])),
        }
    });
    let (site, _) = Site::in_memory(Server::new().service(handlers));
    let channel = site.channel();
    for number in [1_000, 1_000, 0] {
        let _ = call(&channel, &ANSWERED, Text::number(number)).await;
    }
    let request_bytes = [1_000, 1_000, 0].map(|n| Text::number(n).encoded_len() as u64);
    for side in [server(&ANSWERED), client(&ANSWERED)] {
        assert_eq!(side.calls(Code::Ok), 2);
        assert_eq!(side.calls(Code::NotFound), 1);
        // The callee is not to blame.
        assert_eq!(side.count("faults", None), 0);
        assert_eq!(side.in_flight(), 0);
        let latency = side.times("latency_microseconds");
        assert_eq!(latency.count(), 3);
        assert!((60_000..70_000).contains(&latency.sum), "{}", latency.sum);
        assert!(side.times("queueing_microseconds").count() >= 2);
        let sent = side.count("request_bytes", None);
        assert_eq!(sent, request_bytes.iter().sum::<u64>());
        let answers = side.count("response_bytes", None);
        let one = Text::data(vec![0; 1_000]).encoded_len() as u64;
        assert_eq!(answers, 2 * one);
        assert_eq!(side.count("retries", None), 0);
    }
    site.stop().await;
}

#[svrkit::test]
async fn a_deadline_is_a_code_of_its_own() {
    let handlers = service().answer(&EXPIRED, |_| async { std::future::pending().await });
    let (site, _) = Site::in_memory(Server::new().service(handlers));
    let late = Call::new(Text::default()).timeout(Duration::from_millis(50));
    let reply: Result<Reply<Text>, _> = site.channel().unary(&EXPIRED, late).await;
    assert_eq!(reply.unwrap_err().code(), Code::DeadlineExceeded);
    sleep(Duration::from_millis(100)).await;
    for side in [server(&EXPIRED), client(&EXPIRED)] {
        assert_eq!(side.calls(Code::DeadlineExceeded), 1);
        assert_eq!(side.count("faults", None), 1);
        assert_eq!(side.in_flight(), 0);
    }
    assert_eq!(client(&EXPIRED).times("latency_microseconds").count(), 1);
    site.stop().await;
}

#[svrkit::test]
async fn a_call_that_is_given_up_is_cancelled_on_both_sides() {
    let handlers = service().answer(&GIVEN_UP, |_| async { std::future::pending().await });
    let (site, _) = Site::in_memory(Server::new().service(handlers));
    let channel = site.channel();
    {
        let call = std::pin::pin!(call(&channel, &GIVEN_UP, ""));
        let waiting = tokio::time::timeout(Duration::from_millis(50), call);
        assert!(waiting.await.is_err());
        assert_eq!(server(&GIVEN_UP).in_flight(), 1);
        assert_eq!(client(&GIVEN_UP).in_flight(), 1);
    }
    sleep(Duration::from_millis(50)).await;
    for side in [server(&GIVEN_UP), client(&GIVEN_UP)] {
        assert_eq!(side.calls(Code::Cancelled), 1);
        assert_eq!(side.in_flight(), 0);
    }
    site.stop().await;
}

#[svrkit::test]
async fn refusals_are_counted_by_reason() {
    let limits = Limits {
        in_flight_max: 0,
        ..Limits::default()
    };
    let handlers = service().answer(&REFUSED, |text| async { Ok(text) });
    let (site, _) = Site::in_memory(Server::new().service(handlers).limits(limits));
    let status = call(&site.channel(), &REFUSED, "").await.unwrap_err();
    assert_eq!(status.code(), Code::Overloaded);
    for side in [server(&REFUSED), client(&REFUSED)] {
        assert_eq!(side.calls(Code::Overloaded), 1);
        assert_eq!(side.calls(Code::Ok), 0);
    }
    assert_eq!(server(&REFUSED).rejections("in_flight_max"), 1);
    assert_eq!(client(&REFUSED).rejections("overloaded"), 1);
    assert_eq!(client(&REFUSED).in_flight(), 0);
    site.stop().await;
}

#[svrkit::test]
async fn requests_that_are_not_even_looked_at_are_counted_too() {
    let limits = Limits {
        frame_bytes_max: 1_000,
        request_bytes_max: 500,
        ..Limits::default()
    };
    let handlers = service().answer(&TOO_LARGE, |text| async { Ok(text) });
    let server_of = Server::new().service(handlers).limits(limits);
    let (site, connector) = Site::in_memory(server_of);
    let mut peer = Peer::new(connector.connect().unwrap());
    for bytes in [700, 2_000] {
        let body = Text::data(vec![0; bytes]).encode_to_vec();
        peer.send(&request_frame(1, TOO_LARGE.id, 1_000_000, &body))
            .await;
        let status = peer.answer().await.1.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
    }
    assert_eq!(server(&TOO_LARGE).rejections("request_bytes_max"), 1);
    assert_eq!(server(&TOO_LARGE).rejections("frame_bytes_max"), 1);
    assert_eq!(server(&TOO_LARGE).calls(Code::ResourceExhausted), 2);

    let unknown = || {
        let labels = [
            ("service", "unknown"),
            ("method", "unknown"),
            ("reason", "unknown_method"),
        ];
        count("rpc_server_rejections", &labels)
    };
    let before = unknown();
    peer.send(&request_frame(2, NOBODYS.id, 1_000_000, &[]))
        .await;
    let status = peer.answer().await.1.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(unknown() > before);
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn attempts_after_the_first_are_counted() {
    let handlers = service().answer(&REPEATED, |text| async { Ok(text) });
    let (site, _) = Site::in_memory(Server::new().service(handlers));
    let channel = site.channel();
    for attempt in 0..3 {
        let again = Call::new(Text::default()).attempt(attempt);
        let reply: Result<Reply<Text>, _> = channel.unary(&REPEATED, again).await;
        reply.unwrap();
    }
    for side in [server(&REPEATED), client(&REPEATED)] {
        assert_eq!(side.calls(Code::Ok), 3);
        assert_eq!(side.count("retries", None), 2);
    }
    site.stop().await;
}

#[svrkit::test]
async fn a_call_that_is_never_sent_says_why() {
    let handlers = service().answer(&UNSENT, |text| async { Ok(text) });
    let (site, _) = Site::in_memory(Server::new().service(handlers));
    let channel = site.channel_with(ChannelConfig {
        in_flight_per_lane_max: 0,
        ..ChannelConfig::default()
    });
    let status = call(&channel, &UNSENT, "").await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(client(&UNSENT).calls(Code::ResourceExhausted), 1);
    assert_eq!(client(&UNSENT).rejections("channel"), 1);

    site.stop().await;
    let status = call(&channel, &UNSENT, "").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(client(&UNSENT).rejections("unavailable"), 1);
    assert_eq!(client(&UNSENT).in_flight(), 0);
    assert_eq!(server(&UNSENT).calls(Code::Ok), 0);
}
