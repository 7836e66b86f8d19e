//! `svrkit list`.

use crate::program::svrkit;
use crate::server::start;

#[test]
fn services_are_told_with_ids_policy_usage_and_fields() {
    let server = start();
    let told = svrkit(&format!("list {}", server.address)).ok();
    for line in [
        "hello.v1.Greeter",
        "  SayHello(HelloRequest) → HelloReply",
        "    id 1 · 200 ms · priority 128 · idempotent · hash key user.id · cgi /cgi-bin/hello (command 237), no ticket",
        "    greets a user",
        "      --user.id    uint64",
        "      --user.name  string",
        "    id 870614586 · 300 ms · priority 128",
        "  Append(stream Line) → AppendReply",
        "    id 415333549 · 3600000 ms · priority 7",
        "  Follow(FollowRequest) → stream Line",
        "  Talk(stream Line) → stream Line",
    ] {
        assert!(
            told.lines().any(|it| it == line),
            "{line:?} is not in\n{told}"
        );
    }
    assert!(told.contains("built in: grpc.health.v1.Health, "), "{told}");
    assert!(!told.contains("Echo("), "{told}");
}

#[test]
fn built_in_services_are_shown_when_asked_for() {
    let server = start();
    let all = svrkit(&format!("list {} --all", server.address)).ok();
    assert!(all.contains("Echo(EchoRequest) → EchoResponse"), "{all}");
    let one = svrkit(&format!("list {} grpc.health.v1.Health", server.address)).ok();
    assert!(one.contains("Check("), "{one}");
    assert!(!one.contains("Echo("), "{one}");
}

#[test]
fn a_service_that_is_not_there_is_told_with_those_that_are() {
    let server = start();
    let error = svrkit(&format!("list {} hello.v1.Nobody", server.address)).failed(2);
    assert!(
        error.contains("no service hello.v1.Nobody; it has "),
        "{error}"
    );
    assert!(error.contains("hello.v1.Greeter"), "{error}");
}
