//! `check`: what an older caller or server would trip over is listed, what it would not notice is not.

use std::path::Path;
use std::process::Command;

use svrkit_codegen::Against;
use tempfile::TempDir;

const BEFORE: &str = r#"syntax = "proto3";
package a;
import "svrkit/options.proto";
message M {
  uint64 id = 1;
  string text = 2;
  repeated uint32 counts = 3;
  oneof one { string x = 4; string y = 5; }
  map<string, uint32> by_name = 6;
  Kind kind = 7;
  message Inner { string a = 1; }
  enum Size { SMALL = 0; LARGE = 1; }
}
enum Kind { NONE = 0; SOME = 1; MANY = 2; }
message Gone {}
service S {
  option (svrkit.service) = { idempotent: true never_compressed: true };
  rpc A(M) returns (M) {
    option (svrkit.method) = {
      cmd_id: 1
      timeout_ms: 800
      max_request_bytes: 1000
      cgi { path: "/a" cmd_id: 10 ticket: NONE }
    };
  }
  rpc B(M) returns (M) { option (svrkit.method) = { cmd_id: 2 cgi { path: "/b" } }; }
  rpc W(M) returns (stream M);
}
"#;

/// The breaks between `BEFORE` and the same with some texts replaced.
fn breaks(changes: &[(&str, &str)]) -> Vec<String> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write(&dir, BEFORE);
    let before = svrkit_codegen::configure().include(dir.path());
    let before = before.generate(&["a.proto"; 0]).expect("correct");
    let set = dir.path().join("before.bin");
    std::fs::write(&set, &before.packages[0].descriptor_set).expect("writable");

    let mut after = BEFORE.to_owned();
    for (was, is) in changes {
        assert!(after.contains(was), "{was} is there to be changed");
        after = after.replacen(was, is, 1);
    }
    write(&dir, &after);
    check(dir.path(), &Against::DescriptorSet(set))
}

fn write(dir: &TempDir, text: &str) {
    std::fs::write(dir.path().join("a.proto"), text).expect("writable");
}

fn check(dir: &Path, against: &Against) -> Vec<String> {
    let config = svrkit_codegen::configure().include(dir);
    let breaks = config.check(&["a.proto"; 0], against).expect("comparable");
    let shown = breaks.iter().map(ToString::to_string);
    shown
        .map(|it| it.replace(&format!("{}/", dir.display()), ""))
        .collect()
}

#[test]
fn what_streams_must_go_on_to_stream_and_what_does_not_must_not() {
    let found = breaks(&[("rpc W(M) returns (stream M)", "rpc W(stream M) returns (M)")]);
    let expected = [
        "a.proto:27:16: the requests of a.S/W stream, and did not",
        "a.proto:27:28: the answers of a.S/W do not stream any more",
    ];
    assert_eq!(found, expected);
}

#[test]
fn nothing_breaks_when_nothing_is_taken_away() {
    assert!(breaks(&[]).is_empty());
    let grown = [
        ("uint64 id = 1;", "uint64 id = 1; string more = 9;"),
        ("MANY = 2;", "MANY = 2; ALL = 3;"),
        ("string text = 2;", "reserved 2;"),
        ("oneof one", "oneof renamed"),
        ("timeout_ms: 800", "timeout_ms: 900 priority: 3"),
        ("max_request_bytes: 1000", "max_request_bytes: 2000"),
        ("  rpc B", "  rpc C(M) returns (M);\n  rpc B"),
        (
            "cgi { path: \"/b\" }",
            "cgi { path: \"/b\" cmd_id: 11 ticket: NONE }",
        ),
    ];
    assert_eq!(breaks(&grown), [""; 0]);
}

#[test]
fn fields_keep_their_numbers_types_and_names() {
    for (was, is, said) in [
        (
            "uint64 id = 1;",
            "",
            "a.proto:4:9: field 1 of a.M, `id`, is gone without `reserved 1;`",
        ),
        (
            "uint64 id",
            "string id",
            "a.proto:5:10: field 1 of a.M was `uint64` and is `string`",
        ),
        (
            "uint64 id",
            "uint64 user_id",
            "a.proto:5:10: field 1 of a.M was `id` and is `userId` in JSON",
        ),
        (
            "repeated uint32",
            "uint32",
            "a.proto:7:10: field 3 of a.M was `repeated uint32` and is `uint32`",
        ),
        (
            "map<string, uint32>",
            "map<string, uint64>",
            "a.proto:9:23: field 6 of a.M was `map<string, uint32>` and is `map<string, uint64>`",
        ),
        (
            "Kind kind",
            "Size kind",
            "a.proto:10:8: field 7 of a.M was `a.Kind` and is `a.M.Size`",
        ),
        (
            "string y = 5; }",
            "} string y = 5;",
            "a.proto:8:38: field 5 of a.M moved out of oneof `one`",
        ),
        ("oneof one {", "oneof one { bool z = 8; } oneof two {", ""),
        (
            "oneof one { string x = 4;",
            "oneof two { string x = 4; } oneof one {",
            "a.proto:8:22: field 4 of a.M moved from oneof `one` to `two`",
        ),
    ] {
        assert_eq!(breaks(&[(was, is)]).join("\n"), said, "{was} → {is}");
    }
}

#[test]
fn types_and_values_stay() {
    for (was, is, said) in [
        ("message Gone {}", "", "a.proto: message a.Gone is gone"),
        (
            "message Inner { string a = 1; }",
            "",
            "a.proto:4:9: message a.M.Inner is gone",
        ),
        (
            "enum Size { SMALL = 0; LARGE = 1; }",
            "",
            "a.proto:4:9: enum a.M.Size is gone",
        ),
        (
            "MANY = 2;",
            "",
            "a.proto:14:6: value 2 of a.Kind, `MANY`, is gone without `reserved 2;`",
        ),
        (
            "MANY = 2;",
            "MANY = 3;",
            "a.proto:14:33: value `MANY` of a.Kind was 2 and is 3",
        ),
        (
            "MANY = 2;",
            "LOTS = 2;",
            "a.proto:14:33: value 2 of a.Kind was `MANY` and is `LOTS` in JSON",
        ),
    ] {
        assert_eq!(breaks(&[(was, is)]).join("\n"), said, "{was} → {is}");
    }
}

#[test]
fn methods_keep_their_types_and_ids() {
    for (was, is, said) in [
        (
            "rpc A(M) returns (M)",
            "rpc A(Gone) returns (M)",
            "a.proto:18:9: the request of a.S/A was `a.M` and is `a.Gone`",
        ),
        (
            "rpc A(M) returns (M)",
            "rpc A(M) returns (Gone)",
            "a.proto:18:21: the answer of a.S/A was `a.M` and is `a.Gone`",
        ),
        (
            "cmd_id: 1",
            "cmd_id: 3",
            "a.proto:20:7: the id of a.S/A was 1 and is 3",
        ),
        (
            "rpc A",
            "rpc Z",
            "a.proto:16:9: method a.S/A is gone\na.proto:20:7: the id of a.S/Z is 1, which was that of a.S/A",
        ),
        (
            "service S",
            "service T",
            "a.proto: service a.S is gone\na.proto:20:7: the id of a.T/A is 1, which was that of a.S/A\na.proto:26:53: the id of a.T/B is 2, which was that of a.S/B",
        ),
    ] {
        assert_eq!(breaks(&[(was, is)]).join("\n"), said, "{was} → {is}");
    }
}

#[test]
fn policy_takes_nothing_back() {
    for (was, is, said) in [
        (
            "timeout_ms: 800",
            "timeout_ms: 700",
            "a.proto:21:7: a.S/A: timeout cut from 800 to 700 ms",
        ),
        (
            "timeout_ms: 800",
            "",
            "a.proto:18:7: a.S/A: timeout cut from 800 to 500 ms",
        ),
        (
            "cmd_id: 2",
            "cmd_id: 2 timeout_ms: 100",
            "a.proto:26:63: a.S/B: timeout cut from 500 to 100 ms",
        ),
        (
            "max_request_bytes: 1000",
            "max_request_bytes: 999",
            "a.proto:22:7: a.S/A: max_request_bytes cut from 1000 to 999",
        ),
        (
            "cmd_id: 2",
            "cmd_id: 2 max_response_bytes: 9",
            "a.proto:26:63: a.S/B: max_response_bytes cut from none to 9",
        ),
        (
            "cmd_id: 2",
            "cmd_id: 2 idempotent: false",
            "a.proto:26:63: a.S/B: idempotency withdrawn",
        ),
        (
            "cmd_id: 2",
            "cmd_id: 2 never_compressed: false",
            "a.proto:26:63: a.S/B: may be compressed now, and might not",
        ),
        (
            "cgi { path: \"/b\" }",
            "",
            "a.proto:26:7: a.S/B: cgi `/b` removed",
        ),
        (
            "\"/a\"",
            "\"/c\"",
            "a.proto:23:13: a.S/A: cgi path changed from `/a` to `/c`",
        ),
        (
            "cmd_id: 10",
            "cmd_id: 11",
            "a.proto:23:24: a.S/A: cgi cmd_id changed from 10 to 11",
        ),
        (
            "cmd_id: 10",
            "",
            "a.proto:23:7: a.S/A: cgi cmd_id 10 removed",
        ),
        (
            "ticket: NONE",
            "ticket: REQUIRED",
            "a.proto:23:35: a.S/A: the cgi requires a ticket now, and did not",
        ),
    ] {
        assert_eq!(breaks(&[(was, is)]).join("\n"), said, "{was} → {is}");
    }
}

#[test]
fn a_git_revision_will_do_as_well() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(dir.path()).args(arguments);
        // The repository of whoever runs the tests, and their settings, have no say.
        git.env_remove("GIT_DIR")
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = git.output().expect("git runs");
        assert!(output.status.success(), "{output:?}");
    };
    let proto = dir.path().join("proto");
    std::fs::create_dir(&proto).expect("a folder");
    std::fs::write(proto.join("a.proto"), BEFORE).expect("writable");
    std::fs::write(
        proto.join("gone.proto"),
        "syntax = \"proto3\";\npackage b;\nmessage B {}\n",
    )
    .expect("writable");
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&[
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@t",
        "commit",
        "--quiet",
        "-m",
        "before",
    ]);

    let against = Against::parse("HEAD");
    assert_eq!(against, Against::Revision("HEAD".to_owned()));
    assert_eq!(check(&proto, &against), [""; 0]);

    std::fs::write(
        proto.join("a.proto"),
        BEFORE.replace("timeout_ms: 800", "timeout_ms: 80"),
    )
    .expect("writable");
    std::fs::remove_file(proto.join("gone.proto")).expect("removable");
    assert_eq!(
        check(&proto, &against),
        [
            "a.proto:21:7: a.S/A: timeout cut from 800 to 80 ms",
            "gone.proto: message b.B is gone",
        ]
    );

    let config = svrkit_codegen::configure().include(&proto);
    let error = config.check(&["a.proto"; 0], &Against::parse("no-such-revision"));
    let error = error.expect_err("no such revision").to_string();
    assert!(error.contains("no-such-revision"), "{error}");
}
