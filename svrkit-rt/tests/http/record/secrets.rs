//! What must never be on file.

use super::Bench;
use crate::generated::shop::v1::{Ask, User};
use crate::support::post;
use prost::Message;
use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use svrkit_rt::record::{Plan, StartError};
use svrkit_rt::{
    Call, Channel, MethodDescriptor, Request, Response, Server, ServiceDescriptor, Status, codegen,
    memory,
};

const SECRET: &str = "HIDDEN";

fn user(id: u64) -> User {
    User {
        id,
        pin: SECRET.to_owned(),
    }
}

fn without_pin(id: u64) -> User {
    User {
        pin: String::new(),
        ..user(id)
    }
}

/// An `Ask` with a secret in each place that can have one.
fn with_secrets(depth: u32) -> Ask {
    Ask {
        user: Some(user(1)),
        name: "Ada".to_owned(),
        blob: "blob".into(),
        password: SECRET.to_owned(),
        friends: HashMap::from([("Bob".to_owned(), user(2))]),
        more: (0..depth).map(|_| with_secrets(depth - 1)).collect(),
        ..Ask::default()
    }
}

fn without_secrets(depth: u32) -> Ask {
    Ask {
        user: Some(without_pin(1)),
        password: String::new(),
        friends: HashMap::from([("Bob".to_owned(), without_pin(2))]),
        more: (0..depth).map(|_| without_secrets(depth - 1)).collect(),
        ..with_secrets(depth)
    }
}

#[tokio::test]
async fn marked_fields_are_cleared_wherever_they_stand() {
    let bench = Bench::open().await;
    let plan = Plan::new("calls", ["shop.v1.Shop"]);
    bench.start(&plan);
    let call = Call::new(with_secrets(3)).metadata("session-token", SECRET);
    bench
        .shop
        .show_with(call.expect("metadata"))
        .await
        .expect("an answer");
    bench.shop.buy(with_secrets(0)).await.expect("an answer");
    let (_, calls) = bench.stop().await;
    let asks: Vec<Ask> = calls
        .iter()
        .map(|c| Ask::decode(&c.body[..]).expect("an Ask"))
        .collect();
    assert_eq!(asks, [without_secrets(3), without_secrets(0)]);

    let path = bench.path("calls");
    let bytes = std::fs::read(&path).expect("a file");
    assert!(!bytes.windows(SECRET.len()).any(|w| w == SECRET.as_bytes()));
    let mode = |path: &std::path::Path| {
        let metadata = std::fs::metadata(path).expect("there");
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().expect("a directory")), 0o700);
    bench.close().await;
}

/// A caller with a newer IDL may send secrets that this server knows nothing of.
#[tokio::test]
async fn fields_that_the_idl_does_not_know_are_left_out_and_what_is_no_message_is_not_recorded() {
    let bench = Bench::open().await;
    let plan = Plan::new("calls", ["shop.v1.Shop/Show"]);
    bench.start(&plan);
    let known = without_secrets(1);
    let mut body = known.encode_to_vec();
    // Field 99, a string.
    body.extend([0x9a, 0x06, 6]);
    body.extend(SECRET.as_bytes());
    for (bytes, status) in [(&body[..], 200), (b"\xff\xffHIDDEN", 400)] {
        let head = post("/shop.v1.Shop/Show", "application/proto", "", "");
        let head = head.replace(
            "content-length: 0",
            &format!("content-length: {}", bytes.len()),
        );
        let mut peer = bench.site.peer();
        peer.send([head.as_bytes(), bytes].concat()).await;
        assert_eq!(peer.answer().await.status, status);
    }
    let (recording, calls) = bench.stop().await;
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].body, known.encode_to_vec());
    // The malformed one was refused before it came so far: its routing key was looked for.
    assert_eq!(recording.unreadable, 0);
    bench.close().await;
}

/// A service of handwritten code, without an IDL.
struct Plain;

static PLAIN: ServiceDescriptor = ServiceDescriptor {
    full_name: "plain.Plain",
    docs: "",
    methods: &[MethodDescriptor::plain(
        77,
        "plain.Plain",
        "Do",
        "plain.Plain/Do",
    )],
    file_descriptor_set: &[],
};

impl codegen::GeneratedService for Plain {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        &PLAIN
    }

    fn is_blocking(&self, _: usize) -> bool {
        false
    }

    fn call(&self, _: usize, _: Request) -> codegen::BoxFuture<Result<Response, Status>> {
        Box::pin(async { Ok(Response::default()) })
    }
}

#[tokio::test]
async fn a_method_without_descriptors_is_not_recorded() {
    let bench = Bench::open().await;
    let server = Server::new().service(Plain);
    let watch = server.watch();
    let (listener, connector) = memory();
    let running = tokio::spawn(server.run(listener, std::future::pending()));
    let channel = Channel::memory(connector).expect("a channel");
    let call = channel.untyped(&PLAIN.methods[0], Call::new(()), Default::default());
    channel.call(call).await.expect("an answer");

    let servers = [bench.servers[0].clone(), watch];
    let plan = Plan::new("calls", ["shop.v1.Shop", "plain.Plain/Do"]);
    let refused = bench
        .recorder
        .start(&plan, &servers)
        .expect_err("no descriptors");
    assert!(matches!(
        refused,
        StartError::NoDescriptors("plain.Plain/Do")
    ));
    assert!(
        refused
            .to_string()
            .contains("plain.Plain/Do cannot be recorded")
    );
    assert!(!bench.path("calls").exists());
    assert_eq!(bench.recorder.last_recording(), None);
    running.abort();
    bench.close().await;
}

#[tokio::test]
async fn a_body_that_is_not_its_message_is_counted_and_not_written() {
    let bench = Bench::open().await;
    // Its routing key is not looked for, so it comes as far as the handler.
    let plan = Plan::new("calls", ["shop.v1.Shop/Tell"]);
    bench.start(&plan);
    let request = post("/shop.v1.Shop/Tell", "application/proto", "", "\u{b}HIDDEN");
    assert_eq!(bench.site.ask(&request).await.status, 400);
    let (recording, calls) = bench.stop().await;
    assert_eq!((recording.unreadable, calls.len()), (1, 0));
    bench.close().await;
}
