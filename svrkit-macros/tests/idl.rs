//! `svrkit::idl!` gives every package of a proto and its imports, and `#[svrkit::service]` lets a service mix two kinds of functions.

use svrkit_rt::codegen::GeneratedService;
use svrkit_rt::{Context, Status};

svrkit::idl!("tests/proto/hello.proto");

use common::v1::Person;
use hello::v1::{GREETER, Greeter, GreeterServer, HelloReply, HelloRequest};

struct Mine;

#[svrkit::service]
impl Greeter for Mine {
    async fn say_hello(
        &self,
        _: &mut Context,
        request: HelloRequest,
    ) -> Result<HelloReply, Status> {
        let Some(Person { name, .. }) = request.who else {
            return Err(Status::invalid_argument("nobody to greet"));
        };
        Ok(HelloReply {
            text: format!("hello {name}"),
        })
    }

    fn compute(&self, _: &mut Context, _: HelloRequest) -> Result<HelloReply, Status> {
        Ok(HelloReply::default())
    }
}

#[test]
fn the_descriptor_says_what_the_idl_says() {
    assert_eq!(GREETER.full_name, "hello.v1.Greeter");
    assert_eq!(GREETER.docs, "Greets people.");
    let [say_hello, compute] = GREETER.methods else {
        panic!("two methods");
    };
    assert_eq!(say_hello.full_name, "hello.v1.Greeter/SayHello");
    assert_eq!(say_hello.timeout_ms, 200);
    assert_eq!(say_hello.hash_key, Some("who.id"));
    assert_eq!(compute.docs, "Takes its time, on a thread of its own.");
    assert!(!GREETER.file_descriptor_set.is_empty());
}

#[test]
fn plain_functions_are_known_to_block() {
    let server = GreeterServer::new(Mine);
    assert!(!server.is_blocking(0));
    assert!(server.is_blocking(1));
    assert!(!server.is_blocking(2), "there is no such method");
}

#[svrkit::test]
async fn a_call_reads_like_a_function() {
    let channel =
        svrkit_rt::testing::serve(svrkit_rt::Server::new().service(GreeterServer::new(Mine)));
    let client = hello::v1::GreeterClient::new(channel);
    let who = Some(Person {
        id: 1,
        name: "Ann".to_owned(),
    });
    let reply = client.say_hello(HelloRequest { who }).await;
    assert_eq!(reply.expect("an answer").text, "hello Ann");

    let status = client.say_hello(HelloRequest { who: None }).await;
    assert_eq!(status.expect_err("nobody").message(), "nobody to greet");

    let call = svrkit_rt::Call::new(HelloRequest { who: None });
    let reply = client.compute_with(call).await.expect("an answer");
    assert_eq!(reply.message, HelloReply::default());
}
