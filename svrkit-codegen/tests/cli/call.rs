//! `svrkit call`.

use std::net::TcpListener;
use std::path::Path;

use svrkit_rt::Listener;

use crate::program::{run, svrkit};
use crate::server::{start, start_on};

#[test]
fn a_request_is_json_or_fields_or_both() {
    let server = start();
    let addr = server.address.as_str();
    let json = r#"{"user":{"id":"7","name":"Ada"}}"#;
    let here = Path::new(".");

    let answer = run(&["call", addr, "hello.v1.Greeter/SayHello", json], here, "").ok();
    assert_eq!(answer, "{\"text\":\"hello Ada 7\"}\n");
    let answer = run(&["call", addr, "SayHello", "-"], here, json).ok();
    assert_eq!(answer, "{\"text\":\"hello Ada 7\"}\n");
    let answer = svrkit(&format!(
        "call {addr} Greeter/SayHello --user.id 7 --user.name=Ada"
    ))
    .ok();
    assert_eq!(answer, "{\"text\":\"hello Ada 7\"}\n");
    let answer = run(
        &["call", addr, "SayHello", json, "--user.name", "Bob"],
        here,
        "",
    )
    .ok();
    assert_eq!(answer, "{\"text\":\"hello Bob 7\"}\n");
    let answer = svrkit(&format!("call {addr} SayHello --field user.name=Eve")).ok();
    assert_eq!(answer, "{\"text\":\"hello Eve 0\"}\n");
}

#[test]
fn options_of_a_call_arrive_and_what_came_beside_the_answer_is_shown() {
    let server = start();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("in"), "attached").expect("a file");
    let words = format!(
        "call {} SayBye --user.name Ada --metadata client=test --deadline 30s --priority 3 --attempt 2 --attachment in --attachment-out out -v",
        server.address
    );
    let ran = run(&words.split(' ').collect::<Vec<_>>(), folder.path(), "");
    assert!(ran.err.contains("seen-by: telling"), "{}", ran.err);
    assert_eq!(
        ran.ok(),
        "{\"text\":\"bye Ada metadata=test priority=3 attempt=2 routing=0 deadline_over_1s=true attached=8\"}\n"
    );
    let attachment = std::fs::read(folder.path().join("out")).expect("it was written");
    assert_eq!(attachment, b"attached");
}

#[test]
fn policy_of_the_idl_holds_without_options() {
    let server = start();
    let answer = svrkit(&format!("call {} SayBye", server.address)).ok();
    assert!(answer.contains("priority=128"), "{answer}");
    assert!(answer.contains("deadline_over_1s=false"), "{answer}");
}

#[test]
fn a_failed_call_is_code_1_with_code_message_and_reason() {
    let server = start();
    let error = svrkit(&format!("call {} SayHello --user.id 9", server.address)).failed(1);
    assert_eq!(
        error,
        "error: not_found: user 9 has no name\n  reason NO_NAME of hello\n"
    );
}

#[test]
fn nonsense_is_code_2_and_says_what_would_make_sense() {
    let server = start();
    let addr = &server.address;
    for (words, says) in [
        (
            "SayHello --user.age 7",
            "hello.v1.User has no field age; it has\n  --id  uint64",
        ),
        ("SayHello --user.id seven", "\"seven\" is no uint64"),
        ("SayHello --user.id", "a value is missing"),
        (
            "SayHello --user.name.first x",
            "name is string, with nothing inside",
        ),
        (
            "SayHello {\"use\":1}",
            "request is no hello.v1.HelloRequest",
        ),
        ("SayHello {} {}", "unexpected argument"),
        ("SayHi", "no method SayHi; it has hello.v1.Greeter/SayHello"),
        ("hello.v2.Greeter/SayHello", "no service hello.v2.Greeter"),
        ("SayHello --deadline 5", "as in 200ms"),
        ("SayHello --metadata client", "expected KEY=VALUE"),
        ("SayHello --metadata Client=x", "--metadata: metadata key"),
        ("SayHello --attachment no-such-file", "no-such-file: "),
        ("SayHello --priority 256", "256 is not in 0..=255"),
    ] {
        let error = svrkit(&format!("call {addr} {words}")).failed(2);
        assert!(error.contains(says), "{words}: {error}");
    }
}

#[test]
fn a_dead_address_is_told_at_once() {
    // Nobody listens where somebody just did.
    let gone = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = gone.local_addr().expect("an address").to_string();
    drop(gone);
    for command in ["call", "list", "press"] {
        let method = if command == "list" { "" } else { " SayHello" };
        let error = svrkit(&format!("{command} {addr}{method}")).failed(1);
        assert!(error.contains(&format!("cannot reach {addr}: ")), "{error}");
        let error = svrkit(&format!("{command} nowhere{method}")).failed(2);
        assert!(
            error.contains("neither host:port nor unix:/path"),
            "{error}"
        );
    }
}

#[test]
fn unix_sockets_are_addresses_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hello.sock");
    let server = start_on(|| async { Listener::bind_unix(&path) });
    let answer = svrkit(&format!("call {} SayHello --user.name Ada", server.address)).ok();
    assert_eq!(answer, "{\"text\":\"hello Ada 0\"}\n");
}

#[test]
fn every_command_has_help_and_nonsense_commands_have_code_2() {
    for command in ["", "new", "gen", "check", "list", "call", "press"] {
        let help = svrkit(format!("{command} --help").trim()).ok();
        assert!(help.contains("Usage: svrkit"), "{help}");
    }
    svrkit("frobnicate").failed(2);
    svrkit("call").failed(2);
}

#[test]
fn answers_that_stream_are_a_line_each_and_a_failure_comes_after_them() {
    let server = start();
    let answers = svrkit(&format!("call {} Follow --name Ada", server.address)).ok();
    let said = ["once", "upon", "a time"].map(|it| format!("{{\"text\":\"{it}, said Ada\"}}\n"));
    assert_eq!(answers, said.concat());
    let ran = svrkit(&format!("call {} Follow --name nobody", server.address));
    assert_eq!(ran.out.lines().count(), 3);
    assert_eq!(
        ran.failed(1),
        "error: not_found: nobody has nothing to say\n"
    );
}

#[test]
fn requests_that_stream_are_values_of_json_or_lines_of_it() {
    let server = start();
    let addr = server.address.as_str();
    let here = Path::new(".");
    let two = r#"{"text":"a"} {"text":"b"}"#;
    let ran = run(&["call", addr, "Append", two, "-v"], here, "");
    assert!(ran.err.contains("seen-by: forgetful"), "{}", ran.err);
    assert_eq!(ran.ok(), "{\"lines\":\"2\"}\n");
    let answer = svrkit(&format!("call {addr} Append")).ok();
    assert_eq!(answer, "{\"lines\":\"0\"}\n");
    let answer = svrkit(&format!("call {addr} Append --text one")).ok();
    assert_eq!(answer, "{\"lines\":\"1\"}\n");

    let lines = "{\"text\":\"who\"}\n\n{\"text\":\"where\"}\n";
    let answers = run(&["call", addr, "Talk", "-"], here, lines).ok();
    assert_eq!(answers, "{\"text\":\"who?\"}\n{\"text\":\"where?\"}\n");
    let error = run(&["call", addr, "Talk", "-"], here, "who\n").failed(2);
    assert!(error.contains("request is no streams.v1.Line"), "{error}");
}
