//! `cmd_ids.lock`: an id that was given away keeps its method, whatever becomes of the IDL.

use std::path::Path;

use svrkit_codegen::{Error, Generated};
use tempfile::TempDir;

/// A folder with one proto, in which the IDL lives on.
struct Idl(TempDir);

impl Idl {
    fn new() -> Idl {
        Idl(tempfile::tempdir().expect("a temporary folder"))
    }

    fn dir(&self) -> &Path {
        self.0.path()
    }

    /// Lets the service have `methods`, a line of IDL each.
    fn write(&self, methods: &[&str]) {
        let methods = methods.join("\n");
        let text = format!(
            "syntax = \"proto3\";\npackage a;\nimport \"svrkit/options.proto\";\nmessage M {{}}\nservice S {{\n{methods}\n}}\n"
        );
        std::fs::write(self.dir().join("a.proto"), text).expect("writable");
    }

    /// What `svrkit gen` does.
    fn generate_to(&self) -> Result<Generated, Error> {
        let config = svrkit_codegen::configure().include(self.dir());
        config.generate_to(self.dir().join("gen"), &["a.proto"; 0])
    }

    /// What a build script does, up to writing.
    fn generate(&self) -> Result<Generated, Error> {
        let config = svrkit_codegen::configure().include(self.dir());
        config.generate(&[self.dir().join("a.proto")])
    }

    /// The lock without its header.
    fn lock(&self) -> String {
        let text = std::fs::read_to_string(self.dir().join("cmd_ids.lock")).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// What is said of the IDL, without the folder's name.
    fn mistakes(&self) -> String {
        let said = self.generate().expect_err("a mistake").to_string();
        said.replace(&format!("{}/", self.dir().display()), "")
    }
}

const ONE: &str = "rpc One(M) returns (M) { option (svrkit.method).cmd_id = 1; }";
const TWO: &str = "rpc Two(M) returns (M) { option (svrkit.method).cmd_id = 2; }";

#[test]
fn without_a_lock_nothing_is_checked_and_nothing_is_written() {
    let idl = Idl::new();
    idl.write(&[ONE]);
    let generated = idl.generate().expect("correct");
    assert!(generated.warnings.is_empty());
    assert!(!idl.dir().join("cmd_ids.lock").exists());
}

#[test]
fn generating_adds_new_methods_and_building_only_warns() {
    let idl = Idl::new();
    idl.write(&[ONE]);
    idl.generate_to().expect("correct");
    assert_eq!(idl.lock(), "1 a.S/One\n");

    idl.write(&[ONE, TWO]);
    let warnings = idl.generate().expect("correct").warnings;
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].starts_with("a.S/Two is not in "),
        "{warnings:?}"
    );
    assert_eq!(idl.lock(), "1 a.S/One\n", "a build writes no sources");

    idl.generate_to().expect("correct");
    assert_eq!(idl.lock(), "1 a.S/One\n2 a.S/Two\n");
    assert!(idl.generate().expect("correct").warnings.is_empty());
}

#[test]
fn an_id_may_not_change() {
    let idl = Idl::new();
    idl.write(&[ONE]);
    idl.generate_to().expect("correct");
    idl.write(&["rpc One(M) returns (M) { option (svrkit.method).cmd_id = 3; }"]);
    assert_eq!(
        idl.mistakes(),
        "a.proto:6:26: the id of a.S/One is 3 and was 1 in cmd_ids.lock: callers out there still say 1"
    );
    assert_eq!(idl.lock(), "1 a.S/One\n", "a mistake changes nothing");
}

#[test]
fn an_id_of_a_method_that_is_gone_may_not_be_given_to_another() {
    let idl = Idl::new();
    idl.write(&[ONE, TWO]);
    idl.generate_to().expect("correct");
    idl.write(&[ONE]);
    idl.generate_to().expect("correct");
    assert_eq!(idl.lock(), "1 a.S/One\n2 a.S/Two retired\n");

    idl.write(&[
        ONE,
        "rpc New(M) returns (M) { option (svrkit.method).cmd_id = 2; }",
    ]);
    assert_eq!(
        idl.mistakes(),
        "a.proto:7:26: the id of a.S/New is 2, which belongs to retired a.S/Two in cmd_ids.lock: choose another"
    );

    idl.write(&[ONE, TWO]);
    idl.generate_to().expect("the same method may come back");
    assert_eq!(idl.lock(), "1 a.S/One\n2 a.S/Two\n");
}

#[test]
fn a_method_without_an_id_of_its_own_is_locked_to_its_hash() {
    let idl = Idl::new();
    idl.write(&["rpc One(M) returns (M);"]);
    idl.generate_to().expect("correct");
    let hash: u32 = idl
        .lock()
        .split(' ')
        .next()
        .expect("an id")
        .parse()
        .expect("a number");
    idl.write(&[ONE]);
    assert!(
        idl.mistakes()
            .contains(&format!("is 1 and was {hash} in cmd_ids.lock"))
    );
}
