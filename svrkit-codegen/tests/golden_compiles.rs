//! The expected files of the golden tests compile against the runtime, and say what their IDL says.

#[path = "golden/docs/expected/mod.rs"]
mod docs;
#[path = "golden/hash_keys/expected/mod.rs"]
mod hash_keys;
#[path = "golden/hello/expected/mod.rs"]
mod hello;
#[path = "golden/names/expected/mod.rs"]
mod names;
// Without a package there is no module that could allow it.
#[allow(dead_code, missing_docs, unreachable_pub)]
#[path = "golden/no_package/expected/mod.rs"]
mod no_package;
#[path = "golden/packages/expected/mod.rs"]
mod packages;
#[path = "golden/policies/expected/mod.rs"]
mod policies;
#[path = "golden/streams/expected/mod.rs"]
mod streams;

use prost_reflect::DescriptorPool;
use svrkit_rt::{Context, Receiver, Sender, Status, Streaming, Ticket};

#[test]
fn a_method_takes_its_own_policy_then_its_services_then_the_runtimes() {
    let [plain, special, dotted] = policies::policies::v1::DEFAULTED.methods else {
        panic!("three methods");
    };
    assert_eq!((plain.timeout_ms, plain.idempotent), (1000, true));
    assert_eq!(plain.priority, 10);
    assert_eq!(plain.request_bytes_max, 1024);
    assert_eq!(plain.response_bytes_max, 2048);
    assert!(plain.never_compressed);
    assert!(plain.cgi.is_none());

    assert_eq!(special.id, 42);
    assert_eq!((special.timeout_ms, special.idempotent), (1, false));
    assert_eq!(special.priority, 0);
    assert_eq!(special.hash_key, Some("id"));
    assert_eq!(special.request_bytes_max, 1);
    assert_eq!(special.response_bytes_max, u32::MAX);
    assert!(!special.never_compressed);
    assert_eq!(special.usage, "special --id \"x\"");
    let cgi = special.cgi.expect("a cgi");
    assert_eq!((cgi.path, cgi.cmd_id), ("/cgi-bin/special", u32::MAX));
    assert_eq!(cgi.ticket, Ticket::Required);

    assert_eq!(dotted.timeout_ms, 3_600_000);
    let cgi = dotted.cgi.expect("a cgi");
    assert_eq!((cgi.path, cgi.cmd_id), ("/dotted", 0));
    assert_eq!(cgi.ticket, Ticket::Required, "safe unless told otherwise");

    let [nothing] = policies::policies::v1::SILENT.methods else {
        panic!("one method");
    };
    assert_eq!((nothing.timeout_ms, nothing.priority), (500, 128));
    assert!(!nothing.idempotent);
}

#[test]
fn every_descriptor_set_is_complete_and_keeps_the_options() {
    let sets = [
        hello::hello::v1::GREETER.file_descriptor_set,
        packages::shop::orders::v1::ORDERS.file_descriptor_set,
        no_package::PINGER.file_descriptor_set,
    ];
    for set in sets {
        DescriptorPool::decode(set).expect("a set with all its imports");
    }
    let pool = DescriptorPool::decode(sets[0]).expect("a set");
    let greeter = pool.get_service_by_name("hello.v1.Greeter");
    let greeter = greeter.expect("the service");
    let option = pool.get_extension_by_name("svrkit.method");
    let option = option.expect("our option");
    let say_hello = greeter.methods().next().expect("a method");
    assert!(say_hello.options().has_extension(&option));
}

/// Serves every odd name, as a user would write it.
struct Odd;

impl names::names::r#type::v1::XmlGate for Odd {
    async fn r#type(
        &self,
        _: &mut Context,
        _: names::names::r#type::v1::Result,
    ) -> Result<names::names::r#type::v1::Option, Status> {
        Ok(names::names::r#type::v1::Option {})
    }
    async fn new_(
        &self,
        _: &mut Context,
        _: names::names::r#type::v1::Send,
    ) -> Result<names::names::r#type::v1::Sync, Status> {
        Ok(names::names::r#type::v1::Sync {})
    }
    async fn clone(
        &self,
        _: &mut Context,
        _: names::names::r#type::v1::Box,
    ) -> Result<names::names::r#type::v1::Clone, Status> {
        Ok(names::names::r#type::v1::Clone {})
    }
    async fn self_(
        &self,
        _: &mut Context,
        it: names::names::r#type::v1::Self_,
    ) -> Result<names::names::r#type::v1::Self_, Status> {
        Ok(it)
    }
    async fn call(
        &self,
        _: &mut Context,
        _: names::names::r#type::v1::Status,
    ) -> Result<names::names::r#type::v1::Context, Status> {
        Ok(names::names::r#type::v1::Context {})
    }
    async fn into_iter(
        &self,
        _: &mut Context,
        _: names::names::r#type::v1::Into,
    ) -> Result<names::names::r#type::v1::String, Status> {
        Ok(names::names::r#type::v1::String {})
    }
    async fn get_url2(
        &self,
        _: &mut Context,
        _: names::names::r#type::v1::HttpRequest,
    ) -> Result<names::names::r#type::v1::http_request::Inner, Status> {
        Ok(names::names::r#type::v1::http_request::Inner {})
    }
}

#[test]
fn odd_names_can_be_served() {
    let server = names::names::r#type::v1::XmlGateServer::new(Odd);
    let again = server.clone();
    let descriptor = svrkit_rt::codegen::GeneratedService::descriptor(&again);
    assert_eq!(descriptor.full_name, "names.type.v1.XMLGate");
    assert_eq!(descriptor.methods[5].name, "into_iter");
}

/// Serves every kind of stream, as a user would write it; one of them on a thread.
struct Lines;

impl streams::streams::v1::Journal for Lines {
    const BLOCKING: &'static [&'static str] = &["follow"];
    async fn append(
        &self,
        _: &mut Context,
        mut requests: Receiver<streams::streams::v1::Line>,
    ) -> Result<streams::streams::v1::AppendReply, Status> {
        let mut lines = 0;
        while requests.next().await?.is_some() {
            lines += 1;
        }
        Ok(streams::streams::v1::AppendReply { lines })
    }
    async fn follow(
        &self,
        _: &mut Context,
        request: streams::streams::v1::FollowRequest,
        mut answers: Sender<streams::streams::v1::Line>,
    ) -> Result<(), Status> {
        answers.blocking_send(streams::streams::v1::Line { text: request.name })
    }
    async fn talk(
        &self,
        _: &mut Context,
        mut requests: Receiver<streams::streams::v1::Line>,
        mut answers: Sender<streams::streams::v1::Line>,
    ) -> Result<(), Status> {
        while let Some(line) = requests.next().await? {
            answers.send(line).await?;
        }
        Ok(())
    }
    async fn count(
        &self,
        _: &mut Context,
        _: streams::streams::v1::FollowRequest,
    ) -> Result<streams::streams::v1::AppendReply, Status> {
        Ok(streams::streams::v1::AppendReply { lines: 0 })
    }
}

#[test]
fn streams_can_be_served_and_say_so() {
    let server = streams::streams::v1::JournalServer::new(Lines);
    let descriptor = svrkit_rt::codegen::GeneratedService::descriptor(&server);
    let [append, follow, talk, count] = descriptor.methods else {
        panic!("four methods");
    };
    let streaming = [append, follow, talk, count].map(|m| m.streaming);
    let expected = [
        Streaming::Client,
        Streaming::Server,
        Streaming::Both,
        Streaming::None,
    ];
    assert_eq!(streaming, expected);
    // The service's timeout is for answers; a stream that says nothing may take its hour.
    let timeouts = [append, follow, talk, count].map(|m| m.timeout_ms);
    assert_eq!(timeouts, [3_600_000, 60_000, 3_600_000, 200]);
    assert_eq!(append.priority, 7, "the rest of its policy is for all");
    assert_eq!(talk.request_bytes_max, 4096);
}

#[test]
fn comments_reach_the_descriptor_as_they_were_written() {
    let service = &docs::docs::v1::DOCUMENTED;
    assert!(
        service
            .docs
            .starts_with("A service with [brackets], <tags>")
    );
    assert!(service.methods[0].docs.ends_with("and a trailing one"));
}

#[test]
fn generated_code_is_short() {
    let source = include_str!("golden/packages/expected/shop.orders.v1.rs");
    let services = source.find("pub trait Orders").expect("the services");
    let end = source.find("static FILE_DESCRIPTOR_SET").expect("the end");
    let lines = source[services..end].lines().count();
    // Seven methods in two services, all that is generated for them and nothing of the messages.
    assert!(lines / 7 <= 80, "{} lines a method", lines / 7);
}
